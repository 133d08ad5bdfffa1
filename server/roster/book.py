"""All files of one import, put together: pupils, beds, people, pairs, meals, and what was doubtful."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from server.roster import classes, doubles, menu, others, pupils, words
from server.roster.cells import text, written
from server.roster.files import Refused, open_file
from server.roster.grid import Grid, Table, letter, tables
from server.roster.headers import DORM, MENU, PAIRS, ROSTER, STAFF
from server.roster.limits import MAX_FILES
from server.roster.notes import Notes, Problem
from server.roster.records import Bed, Meal, Pair, Person, Pupil
from server.text import _

_ODD = ("ident_check", "ident_shape", "ident_birth", "ident_float")


@dataclass(slots=True)
class Book:
    """What the files of one import hold. Rows of one pupil are one pupil already; nothing is linked yet."""

    notes: Notes = field(default_factory=Notes)
    sheets: list[tuple[str, str, str, int]] = field(default_factory=list)  # file, sheet, kind, rows
    pupils: list[Pupil] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    beds: list[Bed] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    meals: list[Meal] = field(default_factory=list)

    @property
    def flagged(self) -> list[str]:
        """ID numbers that fail a check, in the order of the roster."""
        return [pupil.ident for pupil in self.pupils if pupil.ident and pupil.ident_doubt in _ODD]

    def by_category(self) -> dict[str, int]:
        """Pupils by kind of hardship, those we know first, 无 last."""
        counted = Counter(pupil.category for pupil in self.pupils if pupil.category)
        order = [*words.CATEGORIES, *sorted(counted.keys() - {*words.CATEGORIES, words.NONE}), words.NONE]
        return {name: counted[name] for name in order if counted[name]}


def read_files(files: Iterable[tuple[str, bytes]], today: date) -> Book:
    """Read every file. Raises Refused for the first broken, foreign or dangerous one: none counts then."""
    found: list[tuple[Grid, list[Table]]] = []
    notes = Notes()
    for number, (name, body) in enumerate(files, 1):
        if number > MAX_FILES:
            raise Refused(name, _("文件太多"))
        sheets, hidden = open_file(name, body)
        own = [(grid, tables(grid)) for grid in sheets]
        if not any(in_sheet for _grid, in_sheet in own):
            raise Refused(name, _("看不出是花名册、宿舍、教职工、结对帮扶还是食谱：没有找到认识的表头"))
        for sheet in hidden:
            notes.sheet(name, sheet, "sheet_hidden")
        found.extend(own)
    return read_tables(found, today, notes)


def read_tables(found: Sequence[tuple[Grid, list[Table]]], today: date, notes: Notes) -> Book:
    """Read sheets that are open already, each with the tables in it."""
    book = Book(notes)
    year = classes.school_year(today)
    named = [
        y for grid, _tables in found for row in grid.rows[:3] for c in row if (y := classes.year_in(text(c)))
    ]
    year = named[0] if named else year
    by_kind: dict[str, list[Table]] = defaultdict(list)
    for grid, in_sheet in found:
        _about_sheet(book, grid, in_sheet)
        for table in in_sheet:
            by_kind[table.kind].append(table)
            book.sheets.append((table.file, table.sheet, table.kind, len(table.rows)))
            _about_columns(book.notes, table)
    _roster(book, by_kind[ROSTER], today, year)
    for table in by_kind[DORM]:
        book.beds += others.dorm(table, book.notes)
    book.people = _people(
        [p for table in by_kind[STAFF] for p in others.staff(table, book.notes, year)], book.notes
    )
    book.pairs = [pair for table in by_kind[PAIRS] for pair in others.pairs(table, book.notes)]
    for table in by_kind[MENU]:
        book.meals += menu.read(table, book.notes, today, year)
    return book


def _about_sheet(book: Book, grid: Grid, found: list[Table]) -> None:
    if not found and any(text(cell) for row in grid.rows for cell in row):
        book.notes.sheet(grid.file, grid.sheet, "sheet_skipped")
    for row, column in grid.uncounted:
        book.notes.add(Problem("formula_empty", grid.file, grid.sheet, row + 1, letter(column), "=…"))


def _about_columns(notes: Notes, table: Table) -> None:
    header = table.rows[0].number - 1 if table.rows else 0
    for column, label in table.unknown:
        if re.search(r"[\u3400-\u9fffA-Za-z]", label):
            notes.add(
                Problem(
                    "column_unknown",
                    table.file,
                    table.sheet,
                    header,
                    f"{letter(column)} {label}",
                    written(label),
                )
            )
    for name in pupils.NOT_KEPT if table.kind == ROSTER else ():
        if name in table.columns:
            notes.add(
                Problem(
                    "column_not_kept", table.file, table.sheet, header, table.column(name), table.labels[name]
                )
            )


def _roster(book: Book, found: list[Table], today: date, year: int) -> None:
    read: list[Pupil] = []
    for table in found:
        own = pupils.read(table, book.notes, today, year)
        read += own
        book.beds += [
            Bed(p.spot, p.building or "宿舍楼", p.room, p.bed or "", p.name, p.ident, p.class_ or "")
            for p in own
            if p.room and p.room not in ("无", "/", "-", "否")
        ]
    book.pupils, book.duplicates = doubles.merge(read, book.notes)
    _phones_shared(book)
    kept = Counter(id(pupil.spot[0]) for pupil in book.pupils)
    for table in found:
        for number, filled in table.totals:
            _total(book, table, number, filled, kept[id(table)])


def _total(book: Book, table: Table, number: int, filled: list[str], kept: int) -> None:
    """A 合计 row that names a number of pupils other than those read is a doubt."""
    said = next((m.group(1) for word in filled if (m := re.search(r"(\d{1,5})\s*[人名]", word))), None)
    said = said or next((word for word in filled[1:] if word.isdecimal()), None)
    if said and int(said) != kept:
        params = {"written": said, "rows": len(table.rows), "people": kept}
        book.notes.sheet(table.file, table.sheet, "total_differs", " ".join(filled), number, **params)


def _phones_shared(book: Book) -> None:
    """One number under many different guardians is nobody's own: perhaps the teacher's."""
    by_phone: dict[str, list[Pupil]] = defaultdict(list)
    for pupil in book.pupils:
        if pupil.phone:
            by_phone[pupil.phone].append(pupil)
    for sharing in by_phone.values():
        names = {who.name for pupil in sharing for who in (pupil.guardians or [])[:1]}
        if len(names) > 3:
            table, row = sharing[0].spot
            book.notes.doubt(table, row, "phone", "phone_shared", sharing[0].name, n=len(sharing))


def _people(people: list[Person], notes: Notes) -> list[Person]:
    """People of several sheets; the same mobile number is the same person."""
    by_phone: dict[str, Person] = {}
    kept = []
    for person in people:
        known = by_phone.get(person.phone) if person.phone else None
        if known is None:
            by_phone[person.phone] = person
            kept.append(person)
            continue
        table, row = person.spot
        notes.doubt(table, row, "name", "staff_twice", person.name, row=known.spot[1].number)
        known.roles |= person.roles
        known.classes = list(dict.fromkeys([*known.classes, *person.classes]))
    return kept
