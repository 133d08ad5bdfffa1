"""What everybody entered, and the protocol's invariant over it.

Each value that a person entered is shown (or merged into what is), an open sibling, superseded by someone
who had seen it, held, or an amendment. The ledger knows what was sent and answered, nothing of the engine.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Doc = dict[str, Any]
Op = dict[str, Any]
SETS = {"difficulty", "visitors"}
TEXTS = {"home_fb"}
KNOWN = ("last", "bodies", "answers")  # what a server knows of clients, and a backup has


@dataclass(eq=False)
class Entry:
    """One op as its phone queued it, and what became of it. Answered at all: `done`; `rev` 0: not applied."""

    client: str
    op: Op
    sight: str = ""  # all texts that a settler had in sight
    after: frozenset["Entry"] = frozenset()  # what its phone had, entered there or pulled
    first: "Entry | None" = None  # what it was before its phone went on as another client
    done: bool = False
    rev: int = 0
    held: bool = False
    amends: bool = False

    @property
    def name(self) -> str:
        """The name that a sibling of this op has, and the held doc that it may become."""
        return f"{self.client}:{self.op['seq']}"

    def saw(self, other: "Entry") -> bool:
        """Whether whoever made this op had the other's effect in sight."""
        return not self.after.isdisjoint((other, other.first or other))

    def value(self, path: str) -> Any:
        """What it sets at a path."""
        return (self.op.get("set") or {}).get(path)

    def sets(self, path: str) -> bool:
        """Whether it sets the path."""
        return path in (self.op.get("set") or {})


@dataclass
class Ledger:
    """All entries of a history, and where the server must stand with each client."""

    entries: list[Entry] = field(default_factory=list)
    of_op: dict[int, Entry] = field(default_factory=dict)  # by the identity of the op
    last: dict[str, int] = field(default_factory=dict)  # client → the last seq that the server took
    bodies: dict[tuple[str, int], Op] = field(default_factory=dict)  # what it took under that number
    answers: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)  # what it said of that

    def in_sight(self, doc: Doc) -> set[Entry]:
        """What has made a doc that is pulled now what it is."""
        return {e for e in self.entries if e.op["doc"] == doc["id"] and 0 < e.rev <= doc["rev"]}

    def add(self, client: str, op: Op, sight: str, after: Iterable[Entry]) -> Entry:
        """Somebody entered this in sight of those, and the phone said that it is saved."""
        return self._add(Entry(client, op, sight, frozenset(after)))

    def _add(self, entry: Entry) -> Entry:
        self.entries.append(entry)
        self.of_op[id(entry.op)] = entry
        return entry

    def renumbered(self, client: str, pairs: Iterable[tuple[Op, Op]]) -> None:
        """A phone goes on as another client with these ops; its copy may have them under the old names."""
        for old, new in pairs:
            was = self.of_op[id(old)]
            self._add(Entry(client, new, was.sight, was.after, was.first or was))

    def note(self, client: str, sent: list[Op], answer: dict[str, Any]) -> None:
        """What the server says of each op that was sent, whether the phone hears it or not."""
        ops = {op["seq"]: op for op in sent}
        assert [r["seq"] for r in answer["results"]] == [op["seq"] for op in sent], "one result for each op"
        for result in answer["results"]:
            seq, entry = result["seq"], self.of_op[id(ops[result["seq"]])]
            self.took(client, ops[seq])
            assert self.answers.setdefault((client, seq), result) == result, "the same answer every time"
            if not entry.done:
                entry.done, entry.held = True, result["result"] == "held"
                entry.rev = 0 if entry.held else result["rev"]
                entry.amends = any(w["code"] == "amendment" for w in result["warnings"])
        assert answer["acked"] == self.last.get(client, 0), "acked is what was taken, no more and no less"

    def note_unread(self, client: str, sent: list[Op], acked: int) -> None:
        """The server took bytes under these numbers that it could not open, not the ops themselves."""
        for op in sent:
            self.took(client, op)
        assert acked == self.last.get(client, 0), "acked is what was taken, no more and no less"

    def has(self, client: str, ops: list[Op]) -> bool:
        """Whether the server took any of these ops."""
        return any(self.bodies.get((client, op["seq"])) == op for op in ops)

    def took(self, client: str, op: Op) -> None:
        """The server has this number of the client's; the first time, this is what it has under it."""
        if op["seq"] > self.last.get(client, 0):
            assert op["seq"] == self.last.get(client, 0) + 1, "without gaps"
            self.last[client] = op["seq"]
            self.bodies[client, op["seq"]] = op

    def snapshot(self) -> dict[str, Any]:
        """As a backup has it."""
        marks = {e: (e.done, e.rev, e.held, e.amends) for e in self.entries}
        return {"marks": marks, **{name: dict(getattr(self, name)) for name in KNOWN}}

    def restore(self, found: dict[str, Any]) -> None:
        """The server knows what the backup knew."""
        for e in self.entries:
            e.done, e.rev, e.held, e.amends = found["marks"].get(e, (False, 0, False, False))
        for name in KNOWN:
            setattr(self, name, dict(found[name]))

    def missing(self, docs: dict[str, Doc]) -> list[str]:
        """What was entered and is in none of its places. Empty is what must be."""
        self.hear_of_releases(docs)
        found = [f"{e.name}: not kept" for e in self.entries if e.held and not kept_whole(e, docs)]
        for doc_id in {e.op["doc"]: None for e in self.entries if e.rev}:
            doc = docs.get(doc_id)
            found += [f"no {doc_id}"] if doc is None else self.missing_of(doc)
        return found

    def hear_of_releases(self, docs: dict[str, Doc]) -> None:
        """A held op that the office released took effect with that commit."""
        for e in self.entries:
            if e.held and docs.get(e.name, {}).get("state") == "released":
                e.held, e.rev = False, docs[e.name]["rev"]
                e.amends = amended(e, docs.get(e.op["doc"], {}))  # approved in the meantime

    def missing_of(self, doc: Doc) -> list[str]:
        """What one doc lacks."""
        entries = [e for e in self.entries if e.rev and e.op["doc"] == doc["id"]]
        found = [f"amendment {e.name}" for e in entries if e.amends and not amended(e, doc)]
        events = [e for e in entries if e.op["op"] == "event"]
        found += [f"event {e.name}" for e in events if not happened(e, doc, events)]
        taken = [e for e in entries if not e.amends]
        for path in sorted({p for e in taken for p in (*(e.op.get("set") or {}), *(e.op.get("sees") or {}))}):
            here = [e for e in taken if e.sets(path) or path in (e.op.get("sees") or {})]
            check = (
                missing_elements if path in SETS else missing_sentences if path in TEXTS else missing_values
            )
            found += [f"{doc['id']} {path}: {what}" for what in check(doc, path, here)]
        return found


def kept_whole(entry: Entry, docs: dict[str, Doc]) -> bool:
    """Whether a held op is a doc of its own, with all that was entered."""
    held = docs.get(entry.name)
    return held is not None and held["fields"].get("op") == entry.op


def amended(entry: Entry, doc: Doc) -> bool:
    """Whether the change waits for review at the approved doc."""
    waiting = doc.get("notes", {}).get("amendments", [])
    return any(a["id"] == entry.name and a["set"] == (entry.op.get("set") or {}) for a in waiting)


def happened(entry: Entry, doc: Doc, taken: list[Entry]) -> bool:
    """Whether an event that says more than its name is noted, once for each name that a phone and its copies
    brought it under. A visit's notes are its current ones."""
    args = entry.op.get("args")
    if not args or doc["kind"] == "visit":
        return True
    names = sum((e.first or e) is (entry.first or entry) for e in taken)
    return sum(note["args"] == args for note in doc.get("notes", {}).get("events", [])) == names


def missing_values(doc: Doc, path: str, taken: list[Entry]) -> list[str]:
    """Scalars and list items.

    By value, as the contract has it: one that equals an open sibling adds none, so the two stand and fall
    together (only removals can be equal here, every other value is unique).
    """
    here = [doc["fields"].get(path), *(s["value"] for s in doc["siblings"].get(path, []))]
    gone = [e for e in taken if e.sets(path) and e.value(path) not in here]
    alike = {e: [x for x in taken if x.sets(path) and x.value(path) == e.value(path)] for e in gone}
    return [
        f"{e.value(path)!r} of {e.name}"
        for e in gone
        if not any(superseded(x, path, taken) for x in alike[e])
    ]


def superseded(entry: Entry, path: str, taken: list[Entry]) -> bool:
    """Whether someone who had seen this entry put another value in its place, or settled it away."""
    return any(
        later is not entry
        and (
            (later.sets(path) and later.saw(entry))
            or (entry.name in (later.op.get("sees") or {}).get(path, []) and later.saw(entry))
        )
        for later in taken
    )


def missing_elements(doc: Doc, path: str, taken: list[Entry]) -> list[str]:
    """Elements of a set: gone only when someone removed them who had seen them added."""
    shown, found = doc["fields"].get(path, []), []
    for e in taken:
        for element in e.value(path).get("add", []):
            removed = any(
                element in later.value(path).get("remove", []) and later.saw(e) and later is not e
                for later in taken
            )
            if element not in shown and not removed:
                found.append(f"{element!r} of {e.name}")
    return found


def missing_sentences(doc: Doc, path: str, taken: list[Entry]) -> list[str]:
    """Sentences of a text: gone only when someone took them out of a text that had them."""
    texts = [doc["fields"].get(path), *(s["value"] for s in doc["siblings"].get(path, []))]
    here = "".join(text or "" for text in texts)
    found = []
    for e in taken:
        for sentence in sentences(e.value(path)) - sentences(was(e, path)):
            taken_out = any(
                later is not e
                and later.sets(path)
                and (drops(later, path, sentence) or settles_own(later, e))
                for later in taken
            )
            if sentence not in here and not taken_out:
                found.append(f"{sentence!r} of {e.name}")
    return found


def was(entry: Entry, path: str) -> str | None:
    """The text that an edit started from."""
    return (entry.op.get("was") or {}).get(path)


def drops(entry: Entry, path: str, sentence: str) -> bool:
    """Whether an edit (or a settle, of the texts it had in sight) took a sentence out."""
    before = entry.sight or was(entry, path) or ""
    return sentence in before and sentence not in (entry.value(path) or "")


def settles_own(entry: Entry, earlier: Entry) -> bool:
    """Whether somebody settled, with another text, over one that they had written themselves just before."""
    return entry.op["op"] == "settle" and entry.saw(earlier) and entry.client == earlier.client


def sentences(text: str | None) -> set[str]:
    """The sentences of a text; every one that the tests write is unique."""
    return {s + "。" for s in (text or "").split("。") if s}
