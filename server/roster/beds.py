"""Dormitories: whose bed is where, as buildings with rooms and as room and bed of each pupil."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from server.roster.known import Known
from server.roster.notes import Notes
from server.roster.records import Bed
from server.roster.wanted import Wanted

if TYPE_CHECKING:
    from server.roster.link import Linker

_SEXES = {"male": "男", "female": "女"}


class Houses:
    """The buildings of one import."""

    def __init__(self, beds: list[Bed], known: Known, notes: Notes, make_id: Callable[[], str]) -> None:
        """`beds` are rows; nothing is resolved yet."""
        self.beds, self.known, self.notes, self.make_id = beds, known, notes, make_id
        self.owner: dict[str, Bed] = {}
        self.taken: dict[tuple[str, str, str], tuple[Bed, str]] = {}

    def run(self, people: "Linker") -> list[Wanted]:
        """Buildings as docs; the pupils' own room and bed are written into their docs."""
        rooms: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        for bed in self.beds:
            pupil = self._sleeper(bed, people) if bed.name else ""
            item = {"bed": bed.bed or None, "student": pupil or None}
            place = (bed.building, bed.room, bed.bed)
            if bed.bed and place in self.taken:
                self._taken(bed, place, people)
                continue
            if bed.bed:
                self.taken[place] = (bed, pupil)
            rooms[bed.building][bed.room].append(item)
            if pupil:
                wanted = people.pupil_wanted(pupil)
                wanted.values |= {"room": f"{bed.building}{bed.room}"[:20], "bed": bed.bed}
                wanted.cells |= {"room": "", "bed": ""}
        self._warn(people)
        return [self._building(name, found, people) for name, found in rooms.items()]

    def _sleeper(self, bed: Bed, people: "Linker") -> str:
        table, row = bed.spot
        pupil, count = people.find_pupil(bed.name, bed.ident, bed.class_)
        if not pupil:
            code = "bed_ambiguous" if count else "bed_unknown_pupil"
            self.notes.doubt(table, row, "name", code, bed.name, n=count)
            return ""
        if people.name_of(pupil) != bed.name:
            self.notes.doubt(table, row, "name", "bed_name_other", bed.name, value=people.name_of(pupil))
        if pupil in self.owner:
            first = self.owner[pupil]
            if (first.building, first.room, first.bed) != (bed.building, bed.room, bed.bed):
                self.notes.doubt(table, row, "name", "bed_twice", bed.name, row=first.spot[1].number)
            return ""
        self.owner[pupil] = bed
        if people.boards(pupil) is False:
            self.notes.doubt(table, row, "name", "bed_not_boarding", bed.name)
        return pupil

    def _taken(self, bed: Bed, place: tuple[str, str, str], people: "Linker") -> None:
        first, pupil = self.taken[place]
        if bed.name and bed.name != first.name:
            table, row = bed.spot
            value = people.name_of(pupil) if pupil else first.name
            self.notes.doubt(table, row, "bed", "bed_taken", bed.name, row=first.spot[1].number, value=value)

    def _warn(self, people: "Linker") -> None:
        """Boarders without a bed, where this import has a dormitory sheet at all."""
        for pupil, row in people.rows.items() if self.beds else ():
            if row.boards and pupil not in self.owner:
                self.notes.doubt(*row.spot, "boards", "boarder_without_bed", row.name)

    def _building(self, name: str, rooms: dict[str, list[dict[str, Any]]], people: "Linker") -> Wanted:
        known = self.known.buildings.get(name, "")
        wanted = Wanted("building", known or self.make_id(), not known, None, name, {"name": name})
        before = self.known.cells.get(wanted.id, {})
        slept = {item["student"] for beds in rooms.values() for item in beds if item["student"]}
        for number, items in rooms.items():
            path = f"rooms/{number}"
            old = (before.get(path) or ({}, 0))[0] or {}
            wanted.values[path] = {"number": number, "beds": _merged(old.get("beds") or [], items, slept)}
            wanted.cells[path] = "beds"
        for path, (value, _rev) in before.items():
            if path.startswith("rooms/") and path not in wanted.values and value:
                beds = _merged(value.get("beds") or [], [], slept)
                wanted.values[path] = {**value, "beds": beds}
                wanted.cells[path] = "beds"
        self._sex(wanted, slept, people)
        return wanted

    def _sex(self, wanted: Wanted, slept: set[str], people: "Linker") -> None:
        """男 or 女 by who sleeps there; one among many of the other sex is a doubt."""
        counted = Counter(sex for pupil in slept if (sex := people.sex_of(pupil)))
        if not counted:
            return
        most, number = counted.most_common(1)[0]
        few = sum(counted.values()) - number
        if few > max(2, number // 10):
            wanted.values["sex"] = "mixed"
            return
        wanted.values["sex"] = most
        for pupil in sorted(slept) if few else ():
            if people.sex_of(pupil) not in (most, ""):
                bed = self.owner[pupil]
                words = {"building": bed.building, "value": _SEXES[most]}
                self.notes.doubt(*bed.spot, "name", "bed_other_sex", bed.name, **words)


def _merged(old: list[dict[str, Any]], new: list[dict[str, Any]], slept: set[str]) -> list[dict[str, Any]]:
    """A room's beds: rows say who sleeps where; a bed without a row stays, unless its sleeper moved."""
    named = {item["bed"] for item in new if item["bed"]}
    kept = []
    for item in old:
        if item.get("bed") in named or (not item.get("bed") and new):
            continue
        moved = item.get("student") in slept
        kept.append({"bed": item.get("bed"), "student": None if moved else item.get("student")})
    empty = {item["bed"]: item["student"] for item in old if item.get("bed")} if old else {}
    filled = [
        {**item, "student": empty[item["bed"]]}
        if item["student"] is None and (stood := empty.get(item["bed"])) and stood not in slept
        else item
        for item in new
    ]
    return sorted([*kept, *filled], key=lambda item: (len(item["bed"] or ""), item["bed"] or ""))
