"""The same pupil twice is one pupil: by ID number, else by enrolment number, else by name and class."""

from dataclasses import fields

from server.roster.notes import Notes, Problem
from server.roster.records import Pupil

_CELL_OF = {"class_": "class", "guardians": "phone", "village": "address", "group": "address"}
_SKIPPED = {"spot", "ident_doubt", "to_check"}


def merge(pupils: list[Pupil], notes: Notes) -> tuple[list[Pupil], list[str]]:
    """The pupils without doubles, and the ID numbers that stood there more than once.

    What a later row adds to an empty cell is taken; where it differs, the first row stands and that is said.
    """
    by_key: dict[tuple[str, ...], Pupil] = {}
    kept: list[Pupil] = []
    twice: list[str] = []
    for pupil in pupils:
        known = next((found for key in _keys(pupil) if (found := by_key.get(key))), None)
        if known is None or not _may_be_one(known, pupil):
            if known is not None:
                _note(notes, known, pupil, "ident", "ident_same_name", "")
            kept.append(pupil)
            known = pupil
        else:
            _absorb(known, pupil, notes)
            name = known.ident or known.name
            if name not in twice:
                twice.append(name)
        for key in _keys(known):
            by_key.setdefault(key, known)
        for key in _keys(pupil):
            by_key.setdefault(key, known)
    return kept, twice


def _keys(pupil: Pupil) -> list[tuple[str, ...]]:
    keys: list[tuple[str, ...]] = []
    if pupil.ident:
        keys.append(("ident", pupil.ident))
    if pupil.enrolment_no:
        keys.append(("enrolment", pupil.enrolment_no))
    if pupil.class_:
        keys.append(("name", pupil.name, pupil.class_))
    return keys


def _may_be_one(known: Pupil, pupil: Pupil) -> bool:
    """Two ID numbers make two pupils, and so do two birthdays or two enrolment numbers without one."""
    if known.ident and pupil.ident:
        return known.ident == pupil.ident
    if known.enrolment_no and pupil.enrolment_no:
        return known.enrolment_no == pupil.enrolment_no
    return not (known.birth and pupil.birth and known.birth != pupil.birth)


def _absorb(known: Pupil, pupil: Pupil, notes: Notes) -> None:
    differs = False
    for field in fields(Pupil):
        if field.name in _SKIPPED:
            continue
        old, new = getattr(known, field.name), getattr(pupil, field.name)
        if old in (None, "", []) and new not in (None, "", []):
            setattr(known, field.name, new)
        elif new not in (None, "", []) and new != old:
            differs = True
            _note(notes, known, pupil, _CELL_OF.get(field.name, field.name), "duplicate_differs", _shown(old))
    known.to_check |= pupil.to_check
    if not differs:
        _note(notes, known, pupil, "", "duplicate", "")


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "、".join(f"{one.name}{one.phone}" for one in value)
    return str({True: "是", False: "否"}.get(value, value) if isinstance(value, bool) else value)


def _note(notes: Notes, known: Pupil, pupil: Pupil, field: str, code: str, value: str) -> None:
    (first_table, first_row), (table, row) = known.spot, pupil.spot
    if first_table.file != table.file or first_table.sheet != table.sheet:
        code = {"duplicate": "duplicate_elsewhere_same", "duplicate_differs": "duplicate_elsewhere"}.get(
            code, code
        )
    params = {"row": first_row.number, "value": value, "file": first_table.file, "sheet": first_table.sheet}
    if field:
        notes.doubt(table, row, field, code, pupil.name, **params)
    else:
        problem = Problem(code, table.file, table.sheet, row.number, "", pupil.name, params, pupil.name)
        notes.add(problem)
