"""Households (户): pupils who share a guardian's number or an address with a guardian belong to one."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from server.roster.known import Known
from server.roster.notes import Notes
from server.roster.records import Guardian, Pupil
from server.roster.wanted import Wanted
from sync.ids import derived

CELLS = {"address": "address", "village": "address", "group": "address", "head": "head"}


def assign(
    pupils: Iterable[tuple[Pupil, Wanted]], known: Known, new_id: Callable[[], str]
) -> dict[str, list[Pupil]]:
    """Give each pupil a household and return who lives in each. A pupil keeps the one they have."""
    by_key = _standing(known)
    homes: dict[str, list[Pupil]] = defaultdict(list)
    pupils = list(pupils)
    for pupil, wanted in pupils:
        own = known.pupils[wanted.id].household if wanted.id in known.pupils else ""
        if own:
            wanted.values["household"] = own
            homes[own].append(pupil)
            for key in _keys(pupil.guardians or [], pupil.address or ""):
                by_key.setdefault(key, own)
    for pupil, wanted in pupils:
        if "household" in wanted.values or (pupil.address is None and pupil.guardians is None):
            continue
        keys = _keys(pupil.guardians or [], pupil.address or "")
        home = next((by_key[key] for key in keys if key in by_key), None) or new_id()
        wanted.values["household"] = home
        homes[home].append(pupil)
        for key in keys:
            by_key.setdefault(key, home)
    return dict(homes)


def _keys(guardians: list[Guardian], address: str) -> list[tuple[str, ...]]:
    """What makes a household: number and name, number and address, name and address."""
    keys: list[tuple[str, ...]] = []
    for who in guardians:
        if who.phone and who.name:
            keys.append(("phone and name", who.phone, who.name))
        if who.phone and address:
            keys.append(("phone and address", who.phone, address))
        if who.name and address:
            keys.append(("name and address", who.name, address))
    return keys


def _standing(known: Known) -> dict[tuple[str, ...], str]:
    """The keys of households that were imported before."""
    found: dict[tuple[str, ...], str] = {}
    for home, kind in known.kinds.items():
        if kind != "household":
            continue
        cells = known.cells[home]
        guardians = [
            Guardian(value.get("name") or "", "", value.get("phone") or "")
            for path, (value, _rev) in cells.items()
            if path.startswith("guardians/") and value
        ]
        for key in _keys(guardians, (cells.get("address") or ("", 0))[0] or ""):
            found.setdefault(key, home)
    return found


def wanted_home(home: str, living: list[Pupil], known: Known, new: bool, notes: Notes) -> Wanted:
    """A household as its pupils' rows have it; where two rows differ the first stands and it is said."""
    first = living[0]
    wanted = Wanted("household", home, new, first.spot, first.name, cells=dict(CELLS))
    for field in CELLS:
        said = [(value, pupil) for pupil in living if (value := getattr(pupil, field)) not in (None, "")]
        if said:
            wanted.values[field] = said[0][0]
        other = next((pupil for value, pupil in said if value != said[0][0]), None)
        if other and field in ("address", "head"):
            table, row = other.spot
            notes.doubt(
                table, row, field, "home_differs", other.name, row=first.spot[1].number, value=said[0][0]
            )
    _guardians(wanted, living, known.cells.get(home, {}))
    return wanted


def _guardians(wanted: Wanted, living: list[Pupil], cells: dict[str, tuple[Any, int]]) -> None:
    """Guardians as list items: one that was imported before is found by name, else number, else place."""
    people: dict[tuple[str, str], Guardian] = {}
    for pupil in living:
        for who in pupil.guardians or []:
            people.setdefault((who.name, who.phone), who)
    before = {path: value for path, (value, _rev) in cells.items() if path.startswith("guardians/") and value}
    left = dict(before)
    places: dict[int, str] = {}
    ordered = list(people.values())
    for same in (_same_name, _same_phone, _any):
        for index, who in enumerate(ordered):
            if index in places or (same is _any and len(left) != len(ordered) - len(places)):
                continue
            path = next((path for path, value in left.items() if same(who, value)), None)
            if path:
                places[index] = path
                del left[path]
    for index, who in enumerate(ordered):
        path = places.get(index) or f"guardians/{derived('guardian', wanted.id, who.name, who.phone)}"
        item = {"name": who.name, "relation": who.relation, "phone": who.phone}
        kept = before.get(path) or {}
        wanted.values[path] = {key: value or kept.get(key) or None for key, value in item.items()}
        wanted.cells[path] = "guardian"


def _same_name(who: Guardian, value: dict[str, Any]) -> bool:
    return bool(who.name) and who.name == value.get("name")


def _same_phone(who: Guardian, value: dict[str, Any]) -> bool:
    return bool(who.phone) and who.phone == value.get("phone")


def _any(_who: Guardian, _value: dict[str, Any]) -> bool:
    return True
