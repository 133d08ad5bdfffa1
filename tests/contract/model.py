"""What the protocol's page says a doc becomes, worked out a second time: it imports nothing of the project.

Texts are single sentences here, which leaves nothing open: two hands on one sentence are a conflict.
"""

from dataclasses import dataclass, field
from typing import Any

Op = dict[str, Any]


@dataclass
class Mark:
    """A value, and the op that set it."""

    value: Any = None
    rev: int = 0
    client: str = ""
    seq: int = 0
    at: str | None = None

    @property
    def name(self) -> str:
        """Its name as a sibling."""
        return f"{self.client}:{self.seq}"


@dataclass
class Register:
    """One field."""

    shown: Mark = field(default_factory=Mark)
    siblings: list[Mark] = field(default_factory=list)

    def replace_own(self, new: Mark) -> None:
        """Rule 1."""
        self.siblings = [s for s in self.siblings if not (s.client == new.client and s.seq < new.seq)]

    def meet(self, new: Mark, base: int, is_item: bool) -> None:
        """Rules 2 to 4, and what a list's items have of their own."""
        if seen(self.shown, new, base):
            self.shown = new
        elif new.value == self.shown.value or any(new.value == s.value for s in self.siblings):
            return
        elif is_item and self.shown.value is None:
            self.siblings.append(self.shown)
            self.shown = new
        else:
            self.siblings.append(new)

    def write(self, new: Mark, was: str | None) -> None:
        """A text of one sentence."""
        shown, started = self.shown.value or "", was or ""
        own = [s for s in self.siblings if s.client == new.client and s.seq < new.seq]
        own = [s for s in own if (s.value or "") == started]
        text = new.value or ""
        if shown == started:
            self.shown = self.shown if text == shown else new
            return
        if not own and text == started:
            return  # its author changed nothing
        if own:
            self.siblings.remove(own[0])
        if text != shown and all(text != (s.value or "") for s in self.siblings):
            self.siblings.append(new)


def seen(mark: Mark, new: Mark, base: int) -> bool:
    """Whether whoever made the new value had this one in sight."""
    return mark.rev <= base or (mark.client == new.client and mark.seq < new.seq)


@dataclass
class Model:
    """A doc. `texts`, `sets`: the paths that are such; one with a slash is a list's item; others: scalars."""

    texts: set[str]
    sets: set[str]
    registers: dict[str, Register] = field(default_factory=dict)
    elements: dict[str, dict[str, list[Mark]]] = field(default_factory=dict)

    def apply(self, op: Op, client: str, rev: int, counter: int) -> list[str]:
        """Take an op in; the paths it names that have siblings now. `counter`: the school's rev before it."""
        base = op["base"] if op["base"] <= counter else 0
        values, sees = op.get("set", {}), op.get("sees", {})
        for path in {**values, **sees}:
            new = Mark(values.get(path), rev, client, op["seq"], op["at"])
            if path in self.sets:
                self.change_set(path, values[path], new, base)
                continue
            register = self.registers.setdefault(path, Register())
            settles = op["op"] == "settle"
            if settles:
                register.siblings = [s for s in register.siblings if s.name not in sees.get(path, [])]
            if path not in values:
                continue
            if path in self.texts and not settles:
                register.write(new, op.get("was", {}).get(path))
                continue
            if not settles:
                register.replace_own(new)
            register.meet(new, base, "/" in path)
        return [
            path for path in {**values, **sees} if path in self.registers and self.registers[path].siblings
        ]

    def change_set(self, path: str, change: dict[str, list[str]], new: Mark, base: int) -> None:
        """Adds and removes."""
        adds = self.elements.setdefault(path, {})
        for element in change.get("remove", []):
            adds[element] = [m for m in adds.get(element, []) if not seen(m, new, base)]
        for element in change.get("add", []):
            adds.setdefault(element, []).append(new)

    def fields(self) -> dict[str, Any]:
        """What is shown."""
        shown = {path: r.shown.value for path, r in self.registers.items()}
        shown |= {
            path: sorted(e for e, marks in adds.items() if marks) for path, adds in self.elements.items()
        }
        return {path: value for path, value in shown.items() if value not in (None, [], "")}

    def siblings(self) -> dict[str, dict[str, tuple[Any, str | None]]]:
        """What waits: by path and name, the value and the phone's time."""
        return {
            path: {s.name: (s.value, s.at) for s in r.siblings}
            for path, r in self.registers.items()
            if r.siblings
        }

    def lost(self, doc: dict[str, Any] | None) -> int:
        """How many of its values, shown or waiting, a pulled doc has nowhere; all, where none was pulled."""
        fields, siblings = (doc["fields"], doc["siblings"]) if doc else ({}, {})
        wanted = [(path, value) for path, shown in self.fields().items() for value in _each(shown)]
        wanted += [(path, value) for path, waits in self.siblings().items() for value, _ in waits.values()]
        return sum(
            value not in [*_each(fields.get(path)), *(s["value"] for s in siblings.get(path, []))]
            for path, value in wanted
        )


def _each(shown: Any) -> list[Any]:
    """The elements of a set; any other value alone."""
    return shown if isinstance(shown, list) else [shown]
