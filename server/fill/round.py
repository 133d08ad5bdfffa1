"""晚点名 online: a building's rooms, one after the other. Twin of pwa/routes/round.ts.

All present is one tap, who is missing is one more each; every tap is stored at once.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.fill.actions import Target
from server.fill.model import address
from server.gateway import read
from server.text import _, fmt
from sync.posted import Change

View = dict[str, Any]
WHERE = ("leave", "hospital", "home", "unknown")


class Bed(msgspec.Struct, frozen=True):
    """One bed with somebody in it."""

    bed: str
    student: str


class Room(msgspec.Struct, frozen=True):
    """One room with somebody in it."""

    number: str
    beds: list[Bed]


class Round(msgspec.Struct, frozen=True):
    """A night's round of a building: who sleeps where, who has leave, what was said so far."""

    target: Target
    building: read.VisibleDoc
    rooms: list[Room]
    leave: frozenset[str]
    pupils: dict[str, read.VisibleDoc]
    query: str

    @property
    def values(self) -> dict[str, Any]:
        """The round's answers so far."""
        return self.target.doc.fields if self.target.doc else {}

    @property
    def base(self) -> int:
        """The revision that a tap was made from."""
        return self.target.doc.rev if self.target.doc else 0

    def name(self, student: str) -> str:
        """A pupil's name."""
        known = self.pupils.get(student)
        return (known.fields.get("name") if known else "") or _("不在名单")

    def due(self, room: Room) -> list[str]:
        """Who should be there."""
        return [bed.student for bed in room.beds if bed.student not in self.leave]

    def absent(self, room: Room) -> list[str]:
        """Who was said to be missing."""
        return [student for student in self.due(room) if self.values.get(f"absent/{student}") is not None]

    def is_done(self, room: Room) -> bool:
        """Whether somebody looked in."""
        return self.values.get(f"rooms/{room.number}") is not None


async def load_round(
    conn: AsyncConnection, env: Any, who: Principal, target: Target, query: str
) -> Round | None:
    """The round that a record is; None for another form or a building out of sight."""
    if target.form.name != "night_round":
        return None
    building = await read.one(conn, env, who, str(target.meta.get("building")))
    if building is None:
        return None
    rooms = rooms_of(building)
    pupils = await read.some(conn, env, who, [bed.student for room in rooms for bed in room.beds])
    leaves = await read.many(conn, env, who, kind="leave", limit=1000)
    night = str(target.meta.get("night"))
    away = frozenset(str(one.fields.get("student")) for one in leaves if _covers(one.fields, night))
    return Round(target, building, rooms, away, {one.id: one for one in pupils}, query)


def rooms_of(building: read.VisibleDoc) -> list[Room]:
    """Rooms with somebody in them, in the order of their numbers."""
    rooms = []
    for path, value in building.fields.items():
        if path.startswith("rooms/") and isinstance(value, dict):
            beds = [
                Bed(str(b.get("bed") or ""), b["student"])
                for b in value.get("beds") or []
                if b.get("student")
            ]
            rooms.append(Room(str(value.get("number") or path.partition("/")[2]), beds))
    return sorted((room for room in rooms if room.beds), key=lambda room: _natural(room.number))


def _natural(number: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.findall(r"\d+|\D+", number)]


def _covers(leave: dict[str, Any], night: str) -> bool:
    first = str(leave.get("from") or "")
    return bool(first) and first <= night <= str(leave.get("until") or first)


def tally(round_: Round, rooms: list[Room]) -> View:
    """The figures at the top."""
    done = [room for room in rooms if round_.is_done(room)]
    absent = sum(len(round_.absent(room)) for room in rooms)
    return {
        "due": sum(len(round_.due(room)) for room in rooms),
        "present": sum(len(round_.due(room)) - len(round_.absent(room)) for room in done),
        "absent": absent,
        "leave": sum(1 for room in rooms for bed in room.beds if bed.student in round_.leave),
    }


def round_view(round_: Round, saved: str) -> View:
    """The page of all rooms."""
    left = [room for room in round_.rooms if not round_.is_done(room)]
    following = left[0] if left else None
    start = _("从{room}开始") if len(left) == len(round_.rooms) else _("下一间 {room}")
    end = address(round_.target, round_.query, {"s": "end"})
    return {
        "title": round_.building.fields.get("name") or "",
        "saved_text": saved,
        "tally": tally(round_, round_.rooms),
        "cards": [_card(round_, room) for room in round_.rooms],
        "left_text": fmt(_("还有{n}间没点"), n=len(left)) if left else _("都点完了"),
        "next_url": _room_url(round_, following) if following else end,
        "next_text": fmt(start, room=following.number) if following else _("下一段 收尾"),
        "end_url": end if following and len(left) < len(round_.rooms) else "",
        "missing": [
            {"name": round_.name(student), "url": _call_url(round_, student)} for student in missing(round_)
        ],
    }


def missing(round_: Round) -> list[str]:
    """Pupils of the building of whom nobody knows where they are: they stay on the page until found."""
    absent = [student for room in round_.rooms for student in round_.absent(room)]
    items = {student: round_.values[f"absent/{student}"] for student in absent}
    return [one for one, item in items.items() if isinstance(item, dict) and item.get("where") == "unknown"]


def _card(round_: Round, room: Room) -> View:
    gone = len(round_.absent(room))
    words = _("全到") if round_.is_done(room) else fmt(_("应到{n}"), n=len(round_.due(room)))
    state = "gone" if gone else "done" if round_.is_done(room) else "todo"
    return {
        "number": room.number,
        "state": state,
        "words": fmt(_("缺{n}人"), n=gone) if gone else words,
        "url": _room_url(round_, room),
    }


def _room_url(round_: Round, room: Room) -> str:
    return address(round_.target, round_.query, {"s": "round", "room": room.number})


def _call_url(round_: Round, student: str) -> str:
    return f"/fill/call?back={round_.target.id}&student={student}"


def room_view(round_: Round, room: Room, saved: str) -> View:
    """The page of one room."""
    beds = [_bed(round_, room, bed) for bed in room.beds]
    gone = [bed for bed in beds if bed["state"] == "gone"]
    following = after(round_, room)
    name = round_.building.fields.get("name") or ""
    return {
        "title": fmt(_("{building} {room}室"), building=name, room=room.number),
        "number": room.number,
        "back": address(round_.target, round_.query, {"s": "round"}),
        "action": address(round_.target, round_.query, {"room": room.number}, "/room"),
        "saved_text": saved,
        "tally": {**tally(round_, [room]), "absent": len(gone)},
        "done": round_.is_done(room),
        "beds": beds,
        "gone": [{**bed, **_whereabouts(round_, bed)} for bed in gone],
        "main_text": _main_text(bool(gone) or round_.is_done(room), following.number if following else ""),
    }


def _bed(round_: Round, room: Room, bed: Bed) -> View:
    item = round_.values.get(f"absent/{bed.student}")
    done = "here" if round_.is_done(room) else "todo"
    state = "leave" if bed.student in round_.leave else "gone" if item is not None else done
    words = {"leave": _("请假"), "gone": _("不在"), "here": _("在"), "todo": _("没点")}
    pupil = round_.pupils.get(bed.student)
    return {
        "id": bed.student,
        "bed": bed.bed,
        "name": round_.name(bed.student),
        "state": state,
        "words": words[state],
        "where": str((item or {}).get("where") or ""),
        "alert": str((pupil.fields.get("alert") if pupil else "") or ""),
    }


def _whereabouts(round_: Round, bed: View) -> View:
    question = round_.target.form.question_for("absent")
    column = next((c for c in question.columns if c.name == "where"), None) if question else None
    options = [
        {"name": name, "label": column.label_of(name) if column else name, "on": name == bed["where"]}
        for name in WHERE
    ]
    return {"options": options, "call_url": _call_url(round_, bed["id"]) if bed["where"] == "unknown" else ""}


def _main_text(known: bool, following: str) -> str:
    if known:
        return fmt(_("下一间 {room}"), room=following) if following else _("下一段 收尾")
    return fmt(_("全到，下一间 {room}"), room=following) if following else _("全到，下一段 收尾")


def find_room(round_: Round, number: str) -> Room | None:
    """The room with this number."""
    return next((room for room in round_.rooms if room.number == number), None)


def after(round_: Round, room: Room) -> Room | None:
    """The room that comes next."""
    place = round_.rooms.index(room) + 1
    return round_.rooms[place] if place < len(round_.rooms) else None


def tapped(round_: Round, room: Room, bed: str, where: str, leaving: bool) -> list[Change]:
    """What a tap changes: a bed (who is missing), where somebody is, or leaving the room."""
    if bed in round_.due(room):
        path = f"absent/{bed}"
        there = round_.values.get(path) is not None
        return _with_room(round_, room, Change(path, round_.base, None if there else {}))
    student, _colon, place = where.partition(":")
    if student in round_.due(room) and place in WHERE:
        return [Change(f"absent/{student}", round_.base, {"where": place})]
    return _with_room(round_, room, None) if leaving else []


def _with_room(round_: Round, room: Room, change: Change | None) -> list[Change]:
    """The room's own line follows its beds: all there, or how many."""
    gone = set(round_.absent(room))
    if change is not None:
        gone ^= {change.path.partition("/")[2]}
    count = len(round_.due(room))
    value = {"present": count - len(gone)} if gone else {"all": True}
    line = Change(f"rooms/{room.number}", round_.base, value)
    return [change, line] if change is not None else [line]


def found(round_: Round, student: str) -> list[Change]:
    """The pupil is there again, and the room's count follows."""
    room = next((r for r in round_.rooms if student in round_.absent(r)), None)
    return _with_room(round_, room, Change(f"absent/{student}", round_.base, None)) if room else []
