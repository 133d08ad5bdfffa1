"""Reading the other sheets: dormitory (宿舍安排), staff (教职工), helpers and pupils (结对帮扶)."""

import re
from collections.abc import Iterator

from server.roster import cells, classes, idents, words
from server.roster.cells import text
from server.roster.grid import Row, Table
from server.roster.notes import Notes
from server.roster.records import Bed, Pair, Person

_HOUSE = re.compile(r"([\w#\-]{0,10}?(?:号楼|栋|幢|公寓|宿舍楼|楼))(\d{2,4}[A-Za-z]?)(?:室|房|号|号房|寝室)?")


UNNAMED = "宿舍楼"  # where a sheet names no building; said so in the report


def dorm(table: Table, notes: Notes) -> list[Bed]:
    """Every bed, with building and room filled down from the row where they were written last."""
    beds: list[Bed] = []
    building = next(
        (found for title in [*reversed(table.above), table.sheet] if (found := _house(title))), ""
    )
    room = ""
    for row in table.rows:
        new_building = _tight(row, "building")
        if new_building:
            building, room = new_building, room if building == new_building else ""
        together = _HOUSE.fullmatch(_tight(row, "room"))
        if together:
            building, room = together.group(1), together.group(2)
        elif _tight(row, "room"):
            room = re.sub(r"(室|房间|房|号房)$", "", _tight(row, "room"))
        elif text(row.get("name")):
            notes.tidy("filled_down")
        name = cells.name(row.get("name"))
        if not room:
            notes.doubt(table, row, "room", "room_missing", name.name)
            continue
        beds.append(_bed(table, row, notes, building or UNNAMED, room, name.name))
    if any(bed.building == UNNAMED for bed in beds):
        notes.sheet(table.file, table.sheet, "house_missing")
    notes.tidied["total_row"] += table.skipped
    return beds


def _bed(table: Table, row: Row, notes: Notes, building: str, room: str, name: str) -> Bed:
    leader = cells.yes(row.get("leader"))[0] or (bool(name) and cells.name(row.get("leader")).name == name)
    ident = idents.ident(row.get("ident")) if "ident" in table.columns else idents.Ident()
    if name and ident.number and ident.doubt and ident.doubt != "ident_check":
        notes.doubt(table, row, "ident", ident.doubt, name)
    bed = re.sub(r"(号床|床|号铺|铺|号)$", "", _tight(row, "bed"))
    return Bed(
        (table, row), building[:30], room[:20], bed[:12], name, ident.number, _class(row), bool(leader)
    )


def _house(title: str) -> str:
    found = re.search(
        r"(\d{1,2}|[男女]生|[一二三四五六七八九十东南西北男女])(号楼|栋|幢|号宿舍楼|宿舍楼|楼)", text(title)
    )
    return found.group(0) if found else ""


def _tight(row: Row, field: str) -> str:
    return re.sub(r"\s+", "", cells.digits_as_written(row.get(field)))


def _class(row: Row) -> str:
    return classes.place(row.get("grade"), row.get("class"), 0).class_


def staff(table: Table, notes: Notes, year: int) -> list[Person]:
    """The people of a staff sheet; the same number twice is one person with both rows' roles."""
    by_phone: dict[str, Person] = {}
    by_name: dict[str, Person] = {}
    people: list[Person] = []
    for row in table.rows:
        person = _person(table, row, notes, year)
        if person is None:
            continue
        known = by_phone.get(person.phone) if person.phone else None
        known = known or (by_name.get(person.name) if not person.phone else None)
        if known:
            notes.doubt(table, row, "name", "staff_twice", person.name, row=known.spot[1].number)
            known.roles |= person.roles
            known.classes = list(dict.fromkeys([*known.classes, *person.classes]))
            known.buildings = list(dict.fromkeys([*known.buildings, *person.buildings]))
            continue
        if person.name in by_name:
            first = by_name[person.name].spot[1].number
            notes.doubt(table, row, "name", "staff_same_name", person.name, row=first)
        by_name.setdefault(person.name, person)
        by_phone.setdefault(person.phone, person)
        people.append(person)
    notes.tidied["total_row"] += table.skipped
    return people


def _person(table: Table, row: Row, notes: Notes, year: int) -> Person | None:
    name = cells.name(row.get("name"))
    if not name.name:
        if sum(1 for field, cell in row.cells.items() if field != "seq" and text(cell)) >= 2:
            notes.doubt(table, row, "name", "row_without_name")
        return None
    if name.doubt:
        notes.doubt(table, row, "name", name.doubt, name.name, remark=name.remark)
    person = Person((table, row), name.name[:30], post=text(row.get("post"))[:60])
    found, doubt, column = words.roles(row.get("role"), row.get("post"))
    if doubt:
        said = "、".join(words.role_title(role) for role in sorted(found))
        notes.doubt(table, row, column, doubt, name.name, value=said)
    if doubt == "pupil_member" and not found:
        return None
    person.roles = found
    person.phone = _staff_phone(table, row, notes, name.name)
    _classes(person, notes, year)
    _buildings(person, notes)
    return person


def _staff_phone(table: Table, row: Row, notes: Notes, name: str) -> str:
    found = cells.phones(row.get("phone"))
    number = next((one for one in (found.number, *found.others) if cells.mobile(one)), "")
    if not number:
        notes.doubt(table, row, "phone" if "phone" in table.columns else "name", "staff_no_phone", name)
    elif found.doubt:
        notes.doubt(table, row, "phone", found.doubt, name, value=number)
    elif row.get("phone") != number:
        notes.tidy("phone_text", row.get("phone"))
    return number


def _classes(person: Person, notes: Notes, year: int) -> None:
    """Only a class teacher has a class here; what others teach gives no right to see its pupils."""
    table, row = person.spot
    if "class_teacher" not in person.roles:
        return
    found, odd = classes.several(row.get("classes"), year)
    if odd:
        notes.doubt(table, row, "classes", "classes_unreadable", person.name)
    own = classes.within(person.post, year)
    if own and own.class_:
        found = [own.class_]
    if len(found) > 1:
        notes.doubt(table, row, "classes", "classes_several", person.name, value=found[0])
    if not found and not odd:
        notes.doubt(
            table, row, "classes" if "classes" in table.columns else "post", "classes_missing", person.name
        )
    if found and text(row.get("classes")) != found[0]:
        notes.tidy("class_together", row.get("classes"))
    person.classes = found[:1]


def _buildings(person: Person, notes: Notes) -> None:
    table, row = person.spot
    if "dorm" not in person.roles:
        return
    shown = re.sub(r"\s+", "", cells.digits_as_written(row.get("buildings")))
    person.buildings = [part for part in re.split(r"[、,，;；/]", shown) if part]
    if not person.buildings:
        notes.doubt(
            table,
            row,
            "buildings" if "buildings" in table.columns else "post",
            "building_missing",
            person.name,
        )


def pairs(table: Table, notes: Notes) -> Iterator[Pair]:
    """Each row's helper and pupil, the helper filled down over the pupils below."""
    helper, phone = "", ""
    for row in table.rows:
        pupil = cells.name(row.get("name")).name
        above = cells.name(row.get("helper")).name
        number = cells.phones(row.get("helper_phone")).number if "helper_phone" in table.columns else ""
        if above:
            helper, phone = above, number
        elif pupil and helper:
            phone = number or phone
            notes.tidy("filled_down")
        if not pupil:
            if above:
                notes.doubt(table, row, "name", "row_without_name", above)
            continue
        ident = idents.ident(row.get("ident")) if "ident" in table.columns else idents.Ident()
        yield Pair((table, row), helper, phone, pupil, ident.number, _class(row))
    notes.tidied["total_row"] += table.skipped
