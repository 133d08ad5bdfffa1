"""What everybody entered, and the protocol's invariant over it.

Each value that a person entered is shown (or merged into what is shown), or an open sibling, or was
superseded by someone who had seen it, or is held. The ledger knows only what was sent and answered, nothing
of the engine.
"""

from dataclasses import dataclass, field
from typing import Any

Doc = dict[str, Any]


@dataclass
class Entry:
    """One op as its phone queued it, and what the server answered (rev 0: not sent yet)."""

    client: str
    op: dict[str, Any]
    rev: int = 0
    held: bool = False

    @property
    def name(self) -> str:
        """The name that a sibling of this op has."""
        return f"{self.client}:{self.op['seq']}"

    def saw(self, other: "Entry") -> bool:
        """Whether whoever made this op had the other's effect in sight."""
        own = self.client == other.client and other.op["seq"] < self.op["seq"]
        return own or self.op["base"] >= other.rev

    def value(self, path: str) -> Any:
        """What it sets at a path."""
        return (self.op.get("set") or {}).get(path)


@dataclass
class Ledger:
    """All entries on one doc, in the order in which the server took them."""

    entries: list[Entry] = field(default_factory=list)

    def taken(self, path: str) -> list[Entry]:
        """Entries that the server applied to a path."""
        return [e for e in self.entries if e.rev and not e.held and path in self.paths(e)]

    @staticmethod
    def paths(entry: Entry) -> set[str]:
        """Paths that an op names."""
        return {*(entry.op.get("set") or {}), *(entry.op.get("sees") or {})}

    def missing(self, doc: Doc) -> list[str]:
        """What was entered and is in none of its places. Empty is what must be."""
        found = []
        for path in sorted({p for e in self.entries for p in self.paths(e)}):
            check = {"difficulty": self.missing_elements, "home_fb": self.missing_sentences}
            found += [f"{path}: {what}" for what in check.get(path, self.missing_values)(doc, path)]
        return found

    def missing_values(self, doc: Doc, path: str) -> list[str]:
        """Scalars and list items.

        By value, as the contract has it: one that equals an open sibling adds none, so the two stand and fall
        together (only removals can be equal here, every other value is unique).
        """
        here = [doc["fields"].get(path), *(s["value"] for s in doc["siblings"].get(path, []))]
        taken = [e for e in self.taken(path) if path in (e.op.get("set") or {})]
        gone = [e for e in taken if e.value(path) not in here]
        alike = {e.name: [x for x in taken if x.value(path) == e.value(path)] for e in gone}
        return [
            f"{e.value(path)!r} of {e.name}"
            for e in gone
            if not any(self.superseded(x, path) for x in alike[e.name])
        ]

    def superseded(self, entry: Entry, path: str) -> bool:
        """Whether someone who had seen this entry put another value in its place, or settled it away."""
        return any(
            later is not entry
            and (
                (path in (later.op.get("set") or {}) and later.saw(entry))
                or entry.name in (later.op.get("sees") or {}).get(path, [])
            )
            for later in self.taken(path)
        )

    def missing_elements(self, doc: Doc, path: str) -> list[str]:
        """Elements of a set: gone only when someone removed them who had seen them added."""
        shown, found = doc["fields"].get(path, []), []
        taken = self.taken(path)
        for e in taken:
            for element in e.value(path).get("add", []):
                removed = any(
                    element in later.value(path).get("remove", []) and later.saw(e) and later is not e
                    for later in taken
                )
                if element not in shown and not removed:
                    found.append(f"{element!r} of {e.name}")
        return found

    def missing_sentences(self, doc: Doc, path: str) -> list[str]:
        """Sentences of a text: gone only when someone took them out of a text that had them."""
        texts = [doc["fields"].get(path), *(s["value"] for s in doc["siblings"].get(path, []))]
        here = "".join(text or "" for text in texts)
        found = []
        for e in self.taken(path):
            for sentence in sentences(e.value(path)) - sentences(was(e, path)):
                taken_out = any(
                    later is not e
                    and path in (later.op.get("set") or {})
                    and (drops(later, path, sentence) or settles_own(later, e))
                    for later in self.taken(path)
                )
                if sentence not in here and not taken_out:
                    found.append(f"{sentence!r} of {e.name}")
        return found


def was(entry: Entry, path: str) -> str | None:
    """The text that an edit started from."""
    return (entry.op.get("was") or {}).get(path)


def drops(entry: Entry, path: str, sentence: str) -> bool:
    """Whether an edit (or a settle, of the texts it had in sight) took a sentence out."""
    before = entry.op.get("sight") or was(entry, path) or ""
    return sentence in before and sentence not in (entry.value(path) or "")


def settles_own(entry: Entry, earlier: Entry) -> bool:
    """Whether somebody settled, with another text, over one that they had written themselves just before."""
    return entry.op["op"] == "settle" and entry.client == earlier.client and entry.saw(earlier)


def sentences(text: str | None) -> set[str]:
    """The sentences of a text; every one that the tests write is unique."""
    return {s + "。" for s in (text or "").split("。") if s}
