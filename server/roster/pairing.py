"""Helpers and their pupils (结对帮扶): which person and which pupil each row means."""

from collections import defaultdict
from typing import TYPE_CHECKING

from server.roster.records import Pair

if TYPE_CHECKING:
    from server.roster.link import Linker


def pair_up(people: "Linker") -> set[tuple[str, str]]:
    """The distinct pairs of helper and pupil, written into the pupils' docs; what is unclear is said."""
    seen: dict[tuple[str, str], int] = {}
    by_phone, by_name = _staff(people)
    for pair in people.book.pairs:
        helper, pupil = _helper(people, pair, by_phone, by_name), _paired(people, pair)
        if not helper or not pupil:
            continue
        table, row = pair.spot
        if (helper, pupil) in seen:
            people.notes.doubt(table, row, "name", "pair_twice", pair.name, row=seen[helper, pupil])
            continue
        seen[helper, pupil] = row.number
        wanted = people.pupil_wanted(pupil)
        wanted.grows.setdefault("helpers", set()).add(helper)
        before = people.known.pupils.get(pupil)
        wanted.added += 0 if before and helper in before.helpers else 1
    return set(seen)


def _staff(people: "Linker") -> tuple[dict[str, str], dict[str, list[str]]]:
    """People by number and by name, those of this book over those of the register."""
    known = people.known.people | {
        i: (str(w.values["name"]), str(w.values["phone"])) for i, w in people.people.items()
    }
    by_name: dict[str, list[str]] = defaultdict(list)
    for person, (name, _phone) in known.items():
        by_name[name].append(person)
    return {phone: person for person, (_name, phone) in known.items() if phone}, by_name


def _helper(people: "Linker", pair: Pair, by_phone: dict[str, str], by_name: dict[str, list[str]]) -> str:
    """A helper by number, else by a name that only one person has."""
    table, row = pair.spot
    named = by_name.get(pair.helper, [])
    if pair.helper_phone and (person := by_phone.get(pair.helper_phone)):
        if person not in named:
            name = next(name for name, ids in by_name.items() if person in ids)
            people.notes.doubt(table, row, "helper", "pair_helper_other", pair.name, value=name)
        return person
    if len(named) == 1:
        if pair.helper_phone:
            people.notes.doubt(table, row, "helper_phone", "pair_phone_other", pair.name)
        return named[0]
    code = "pair_helper_ambiguous" if named else "pair_helper_unknown"
    people.notes.doubt(table, row, "helper", code, pair.name, n=len(named))
    return ""


def _paired(people: "Linker", pair: Pair) -> str:
    table, row = pair.spot
    pupil, count = people.find_pupil(pair.name, pair.ident, pair.class_)
    if not pupil:
        code = "pair_pupil_ambiguous" if count else "pair_pupil_unknown"
        people.notes.doubt(table, row, "name", code, pair.name, n=count)
    elif people.name_of(pupil) != pair.name:
        people.notes.doubt(table, row, "name", "pair_name_other", pair.name, value=people.name_of(pupil))
    return pupil
