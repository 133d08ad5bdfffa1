"""Reading a roster (学生花名册): one row a pupil, whatever its columns are called and in whatever order."""

import re
from datetime import date

from server.roster import cells, classes, dates, idents, words
from server.roster.cells import text
from server.roster.grid import Row, Table
from server.roster.home_cells import Home
from server.roster.notes import Notes
from server.roster.records import Pupil

NOT_KEPT = ("hukou", "registered", "student_no")
_DOWN = ("grade", "class", "building", "room")


class Reader:
    """Reads the rows of one roster table; remembers what stands above a blank cell."""

    def __init__(self, table: Table, notes: Notes, today: date, year: int) -> None:
        """`year` is the school year's first, unless a title of the table names another."""
        self.table, self.notes, self.today, self.year = table, notes, today, year
        titles = [*reversed(self.table.above), self.table.sheet, self.table.file.rsplit(".", 1)[0]]
        self.year = next((y for title in titles if (y := classes.year_in(text(title)))), year)
        places = (classes.within(title, self.year) for title in titles)
        self.title_place = next((place for place in places if place), None)
        grades = (classes.grade_within(title, self.year) for title in titles)
        self.title_grade = next((grade for grade in grades if grade), "")
        self.home = Home(table, notes, self._doubt)
        self.last: dict[str, cells.Cell] = {}

    def pupils(self) -> list[Pupil]:
        """Every row that has a name, as a pupil."""
        found = []
        for row in self.table.rows:
            pupil = self._pupil(row)
            if pupil:
                found.append(pupil)
        if self.table.skipped:
            self.notes.tidied["total_row"] += self.table.skipped
        return found

    def _pupil(self, row: Row) -> Pupil | None:
        self._fill_down(row)
        name = cells.name(row.get("name"))
        if not name.name:
            own = [text(cell) for field, cell in row.cells.items() if field not in ("seq", *_DOWN)]
            if sum(1 for word in own if word) >= 2:
                self.notes.doubt(self.table, row, "name", "row_without_name")
            return None
        pupil = Pupil((self.table, row), name.name)
        extra: list[str] = []
        if text(row.get("name")) != name.name or row.get("name") != text(row.get("name")):
            self.notes.tidy("name_spaces", row.get("name"))
        if name.doubt:
            self._doubt(pupil, "name", name.doubt, check=name.doubt == "name_odd", remark=name.remark)
            if name.remark:
                extra.append(name.remark)
        self._place(pupil)
        self._ident(pupil)
        self._sex(pupil)
        self._birth(pupil, extra)
        self._plain_fields(pupil)
        self._yes_fields(pupil)
        self._category(pupil, extra)
        self.home.read(pupil, extra)
        self._note(pupil, extra)
        return pupil

    def _doubt(self, pupil: Pupil, field: str, code: str, check: bool = True, **params: object) -> None:
        table, row = pupil.spot
        self.notes.doubt(table, row, field, code, pupil.name, **params)
        if check:
            pupil.to_check.add(field)

    def _fill_down(self, row: Row) -> None:
        for field in _DOWN:
            if field not in self.table.columns:
                continue
            if text(row.get(field)):
                self.last[field] = row.get(field)
            elif field in self.last and field in ("grade", "class"):
                row.cells[field] = self.last[field]
                self.notes.tidy("filled_down")

    def _place(self, pupil: Pupil) -> None:
        row = pupil.spot[1]
        grade, class_ = row.get("grade"), row.get("class")
        place = classes.place(grade, class_, self.year)
        if not place.class_ and self.title_place and not text(class_):
            place = self.title_place
            self.notes.tidy("class_from_title", self.title_place.class_)
        elif not place.class_ and self.title_grade and not text(grade):
            place = classes.place(self.title_grade, class_, self.year)
            self.notes.tidy("class_from_title", class_)
        elif text(class_) != place.class_ and place.class_:
            self.notes.tidy("class_together", class_)
        column = "class" if text(class_) or "grade" not in self.table.columns else "grade"
        if not place.grade:
            self._doubt(pupil, column, "class_unclear")
        elif not place.class_:
            pupil.grade = place.grade
            self._doubt(pupil, "class", "class_unclear" if text(class_) else "class_missing")
        else:
            pupil.grade, pupil.class_ = place.grade, place.class_

    def _ident(self, pupil: Pupil) -> None:
        if "ident" not in self.table.columns:
            return
        cell = pupil.spot[1].get("ident")
        found = idents.ident(cell)
        pupil.ident, pupil.ident_doubt = found.number, found.doubt
        if found.doubt:
            self._doubt(pupil, "ident", found.doubt)
        elif found.number != cell:
            self.notes.tidy("ident_case")

    def _sex(self, pupil: Pupil) -> None:
        known = {"男": "male", "女": "female"}.get(idents.ident(pupil.ident).sex if pupil.ident else "", "")
        trusted = known if not pupil.ident_doubt else ""
        if "sex" in self.table.columns:
            cell = pupil.spot[1].get("sex")
            pupil.sex = words.sex(cell) or None
            if pupil.sex and trusted and pupil.sex != trusted:
                self._doubt(pupil, "sex", "sex_other")
            elif not pupil.sex and trusted:
                pupil.sex = trusted
                self._doubt(pupil, "sex", "sex_from_ident", value="男" if trusted == "male" else "女")
            elif not pupil.sex:
                self._doubt(pupil, "sex", "sex_unreadable")
        elif trusted:
            pupil.sex = trusted

    def _birth(self, pupil: Pupil, extra: list[str]) -> None:
        ident = idents.ident(pupil.ident) if pupil.ident else idents.Ident()
        if "birth" not in self.table.columns:
            if ident.birth and not pupil.ident_doubt:
                pupil.birth = ident.birth.isoformat()
            return
        cell = pupil.spot[1].get("birth")
        when = dates.when(cell, self.today)
        if when is None or not when.year:
            if ident.birth and not pupil.ident_doubt:
                pupil.birth = ident.birth.isoformat()
                self._doubt(pupil, "birth", "birth_unreadable", value=pupil.birth)
            elif when is not None:
                extra.append(f"出生年月 {text(cell)}")
                self._doubt(pupil, "birth", "birth_unknown")
            return
        whole = when.whole()
        if ident.birth and when.agrees(ident.birth) and when.doubt != "date_order":
            pupil.birth = ident.birth.isoformat()
            if whole is None and pupil.ident_doubt:
                self._doubt(pupil, "birth", "birth_from_ident", value=pupil.birth)
            else:
                self._tidy_date(whole is not None, cell)
        elif whole is None:
            extra.append(f"出生年月 {text(cell)}")
            self._doubt(pupil, "birth", when.doubt or "birth_unknown")
        else:
            pupil.birth = whole.isoformat()
            if ident.birth and not pupil.ident_doubt:
                self._doubt(pupil, "birth", "birth_other", ident=ident.birth.isoformat(), value=pupil.birth)
            elif when.doubt:
                self._doubt(pupil, "birth", when.doubt, value=pupil.birth)

    def _tidy_date(self, whole: bool, cell: cells.Cell) -> None:
        if not whole:
            self.notes.tidy("date_day_from_ident", cell)
        elif isinstance(cell, str):
            self.notes.tidy("date_text", cell)

    def _plain_fields(self, pupil: Pupil) -> None:
        row = pupil.spot[1]
        if "ethnic" in self.table.columns:
            ethnic = text(row.get("ethnic"))
            pupil.ethnic = f"{ethnic}族" if len(ethnic) in (1, 2) and not ethnic.endswith("族") else ethnic
        if "enrolment_no" in self.table.columns:
            pupil.enrolment_no = re.sub(r"\s+", "", cells.digits_as_written(row.get("enrolment_no"))).upper()[
                :30
            ]
            own = pupil.enrolment_no.lstrip("GLJ")
            if pupil.ident and re.fullmatch(r"\d{17}[\dX]", own) and own != pupil.ident:
                self._doubt(pupil, "enrolment_no", "enrolment_other")
        if "disability" in self.table.columns:
            shown = text(row.get("disability"))
            pupil.disability = "" if words.category(shown)[0] == words.NONE else shown
        for field in ("building", "room", "bed"):
            if field in self.table.columns:
                setattr(pupil, field, cells.digits_as_written(row.get(field)))

    def _yes_fields(self, pupil: Pupil) -> None:
        for field in ("boards", "left_behind"):
            if field not in self.table.columns:
                continue
            cell = pupil.spot[1].get(field)
            answer, doubt = cells.yes(cell)
            setattr(pupil, field, answer)
            if doubt:
                said = "是" if answer else "否"
                self._doubt(pupil, field, doubt, check=answer is None, value=said)
            elif text(cell) not in ("是", "否"):
                self.notes.tidy("yes_word" if answer else "no_word", cell)

    def _category(self, pupil: Pupil, extra: list[str]) -> None:
        row = pupil.spot[1]
        ticked = [
            field[3:]
            for field in self.table.columns
            if field.startswith("is:") and cells.yes(row.get(field))[0] is not False and text(row.get(field))
        ]
        if "category" in self.table.columns:
            cell = row.get("category")
            pupil.category, others, doubt = words.category(cell)
            if doubt:
                self._doubt(pupil, "category", doubt, check=doubt == "category_unknown", value=pupil.category)
            elif text(cell) != pupil.category:
                self.notes.tidy("category_word", cell)
            extra.extend(others)
        elif any(field.startswith("is:") for field in self.table.columns):
            pupil.category = ticked[0] if ticked else words.NONE
            if len(ticked) > 1:
                self._doubt(pupil, f"is:{ticked[0]}", "category_several", check=False, value=ticked[0])
                extra.extend(ticked[1:])
        if "since" in self.table.columns:
            when = dates.when(row.get("since"), self.today)
            whole = when.whole() if when else None
            pupil.since = whole.isoformat() if whole else None
            if when and not whole:
                self._doubt(pupil, "since", "date_unreadable")

    def _note(self, pupil: Pupil, extra: list[str]) -> None:
        row, columns = pupil.spot[1], self.table.columns
        note = text(row.get("note"))
        if "alert" in columns:
            shown = text(row.get("alert"))
            healthy = shown in ("", "无", "健康", "良好", "正常", "/", "-", "健康良好", "一般")
            pupil.alert = "" if healthy else shown[:200]
        if ill := words.health(note):
            pupil.alert = "；".join(dict.fromkeys([*([pupil.alert] if pupil.alert else []), ill]))[:200]
            self._doubt(pupil, "note", "note_alert", check=False)
        if "note" in columns or extra:
            pupil.note = "；".join([*([note] if note else []), *extra])[:500]


def read(table: Table, notes: Notes, today: date, year: int) -> list[Pupil]:
    """The pupils of one roster table, in its order, doubles still apart."""
    return Reader(table, notes, today, year).pupils()
