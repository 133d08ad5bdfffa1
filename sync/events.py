"""State machines of the kinds, and what signatures do to later edits (PROTOCOL.md, "Events")."""

import hashlib
import json
from typing import Any, NamedTuple

import msgspec

from sync.doc import Doc, Register, Stamp
from sync.outcome import Held, Outcome
from sync.protocol import Op, Result

Json = Any


class Event(NamedTuple):
    """From which states an event leads where; `to` None keeps the state."""

    sources: frozenset[str]
    to: str | None


def _event(sources: str, to: str | None) -> Event:
    return Event(frozenset(sources.split()), to)


_OPEN = "new assigned working recheck reopened joined"
MACHINES: dict[str, dict[str, Event]] = {
    "visit": {
        "submit": _event("draft returned", "submitted"),
        "withdraw": _event("submitted", "draft"),
        "return": _event("submitted", "returned"),
        "approve": _event("submitted", "approved"),
        "archive": _event("approved", "archived"),
        "void": _event("draft submitted returned approved", "void"),
    },
    "problem": {
        "assign": _event("new reopened", "assigned"),
        "decline": _event("new", "declined"),
        "join": _event("new", "joined"),
        "start": _event("assigned", "working"),
        "done": _event("working", "recheck"),
        "pass": _event("recheck", "closed"),
        "fail": _event("recheck", "working"),
        "extend": _event(_OPEN, None),
        "escalate": _event(_OPEN, None),
        "reopen": _event("closed", "reopened"),
    },
    "duty": {
        "postpone": _event("open", None),
        "exempt": _event("open", "exempt"),
        "met": _event("open", "met"),
        "missed": _event("open", "missed"),
        "cancelled": _event("open", "cancelled"),
        "reopen": _event("met", "open"),
    },
    "plan": {
        "review": _event("draft", "reviewed"),
        "start": _event("reviewed", "active"),
        "adjust": _event("active", "active"),
        "end": _event("active", "ended"),
    },
    "held": {
        "release": _event("waiting", "released"),
        "wait": _event("released", "waiting"),  # the server's: it could not be applied after all
        "close": _event("waiting", "closed"),
    },
}
FIRST_STATES = {"visit": "draft", "problem": "new", "duty": "open", "plan": "draft", "held": "waiting"}


def first_state(kind: str) -> str | None:
    """The state in which a new doc of this kind begins."""
    return FIRST_STATES.get(kind)


def apply_event(doc: Doc, op: Op, base: int, stamp: Stamp) -> Outcome:
    """Lead the doc to its next state. Raises Held `illegal_event`."""
    event = MACHINES.get(doc.kind, {}).get(op.event or "")
    if event is None or doc.state not in event.sources:
        raise Held("illegal_event", event=op.event, state=doc.state)
    if op.event == "approve" and doc.siblings():
        raise Held("illegal_event", event="approve", why="open_siblings")
    after = msgspec.structs.replace(
        doc,
        state=event.to or doc.state,
        notes=_notes_after(doc, op, base, stamp),
        rev=stamp.rev,
        event=stamp,
    )
    word = "merged" if doc.event.rev > base and not stamp.is_of(doc.event) else "applied"
    return Outcome(after, Result(op.seq, word, rev=stamp.rev))


def _notes_after(doc: Doc, op: Op, base: int, stamp: Stamp) -> dict[str, Json]:
    notes, args = dict(doc.notes), op.args or {}
    if op.event == "return":
        _check_return(args)
        notes.pop("unseen_return", None)
        asked = {key: args[key] for key in ("reason", "fields", "until") if key in args}
        notes["returned"] = {**asked, "by": stamp.by, "at": op.at}
    elif op.event == "submit" and doc.state == "returned" and not stamp.saw(doc.event, base):
        notes["unseen_return"] = notes.get("returned", {})
    elif op.event in ("approve", "withdraw"):
        notes.pop("returned", None)
        notes.pop("unseen_return", None)
    elif (args and doc.kind != "visit") or op.event == "void":
        history = notes.get("events", [])
        notes["events"] = [*history, {"event": op.event, "args": args, "by": stamp.by, "at": op.at}]
    return notes


def _check_return(args: dict[str, Json]) -> None:
    """A return says why in words, and for each field it marks what is asked there."""
    fields = args.get("fields") or {}
    words = [args.get("reason"), args.get("until"), *(fields.values() if isinstance(fields, dict) else [0])]
    if not all(word is None or isinstance(word, str) for word in words):
        raise Held("bad_value", field="args")


def cover(value: Json) -> str:
    """The hash by which a signature names the value of a field that it covers: SHA-256 of compact JSON."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _signatures(doc: Doc) -> list[tuple[str, Register, set[str]]]:
    found = []
    for path, field in doc.fields.items():
        if isinstance(field, Register) and isinstance(field.value, dict):
            covers = field.value.get("covers")
            if isinstance(covers, (dict, list)):
                found.append((path, field, {c for c in covers if isinstance(c, str)}))
    return found


def mark_stale(before: Doc, after: Doc, changes: dict[str, Json], base: int, stamp: Stamp) -> Doc:
    """Note a signature as stale when what it covers changed before its author could see it.

    An edit made in sight of the signature is refused instead (raises Held `signed`).
    """
    stale: list[Json] = []
    for path, signature, covers in _signatures(after):
        touched = sorted(c for c in covers if _top(c) in {_top(p) for p in changes if p != path})
        if path in changes and signature.stamp == stamp:
            touched = [c for c in touched if c not in changes]  # signed together with its own values
            touched += [c for c in covers if c not in changes and _unseen(before, c, base, stamp)]
        elif touched and path in before.fields and stamp.saw(signature.stamp, base):
            if any(before.fields.get(c) is not after.fields.get(c) for c in touched):
                raise Held("signed", signature=path, fields=touched)
            touched = []
        if touched:
            stale.append({"signature": path, "fields": sorted(set(touched))})
    if not stale:
        return after
    kept = [s for s in before.notes.get("stale_signature", []) if s not in stale]
    return msgspec.structs.replace(after, notes={**after.notes, "stale_signature": [*kept, *stale]})


def _top(path: str) -> str:
    return path.split("/", 1)[0]


def _unseen(doc: Doc, path: str, base: int, stamp: Stamp) -> bool:
    fields = [f for p, f in doc.fields.items() if p == path or p.startswith(path + "/")]
    stamps = [f.stamp for f in fields if isinstance(f, Register)]
    return any(not stamp.saw(s, base) for s in stamps)
