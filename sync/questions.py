"""The words that form definitions are written in: questions, choices, limits, rules."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from msgspec import Struct, field

Merge = Literal["scalar", "set", "text", "list", "immutable"]
Type = Literal[
    "choice", "choices", "text", "line", "int", "number", "money", "bool", "date", "datetime", "time", "tel",
    "ref", "refs", "tags", "list", "photos", "matrix", "group", "place", "sign", "json",
]  # fmt: skip
Sees = Literal["T", "O", "D", "M", "X", "all"]

MERGE_OF: dict[str, Merge] = {
    "choices": "set",
    "refs": "set",
    "tags": "set",
    "text": "text",
    "list": "list",
    "photos": "list",
    "sign": "immutable",
}
"""How a type merges when its definition does not say; every other type is a scalar."""


class Choice(Struct, frozen=True, omit_defaults=True):
    """One answer of a question. ``exclusive`` ones (无) stand alone; ``alarm`` ones lead to the call card."""

    name: str
    label: str
    exclusive: bool = False
    alarm: bool = False
    code: str | None = None


class Section(Struct, frozen=True, omit_defaults=True):
    """One screen of a form. A ``private`` one is never turned towards the family."""

    name: str
    title: str
    private: bool = False


class Limit(Struct, frozen=True, omit_defaults=True):
    """A bound that a rule sets (70 ℃, 125 g); ``lo`` and ``hi`` are the ends of the gauge that shows it."""

    word: str
    min: float | None = None
    max: float | None = None
    lo: float | None = None
    hi: float | None = None
    level: Literal["warn", "danger"] = "warn"


class Rule(Struct, frozen=True, omit_defaults=True):
    """A check in CEL: where ``when`` holds, ``message`` is shown. Only level ``error`` stops a submit."""

    when: str
    message: str
    level: Literal["warning", "danger", "error"] = "warning"
    code: str = "rule"


class Move(Struct, frozen=True):
    """Shows a question in another section while ``when`` (CEL) holds."""

    to: str
    when: str


class Question(Struct, omit_defaults=True, forbid_unknown_fields=True, dict=True):
    """One field of a form, or one column of an item.

    ``columns`` describe an item of a list or the parts of a group, ``rows`` a matrix.
    ``label`` is how ledgers name it, ``ask`` how a screen asks (the label if empty).
    ``auto`` ones are filled by the program and not asked; with ``compute`` (CEL) they are not even stored.
    ``gate``: its answers can make the rest fall away. ``quick``: offers the coming days.
    ``sealed``: only a strict circle reads it.
    ``keys``: what an item of a list is named by: ``id``, ``line`` or the kind of a doc.
    """

    name: str
    type: Type
    label: str
    merge: Merge | None = None
    section: str = ""
    sees: Sees | None = None
    sealed: bool = False
    ask: str = ""
    hint: str = ""
    required: bool | str = False
    required_message: str = ""
    relevant: str | None = None
    moves: Move | None = None
    gate: bool = False
    quick: bool = False
    auto: bool = False
    compute: str | None = None
    choices: list[Choice] = field(default_factory=list)
    rows: list[Choice] = field(default_factory=list)
    columns: list[Question] = field(default_factory=list)
    to: str = ""
    keys: str = "id"
    min: float | None = None
    max: float | None = None
    soft_min: float | None = None
    soft_max: float | None = None
    step: float | None = None
    unit: str = ""
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    ahead_minutes: int | None = None
    limit: Limit | None = None
    warnings: list[Rule] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.merge is None:
            self.merge = MERGE_OF.get(self.type, "scalar")
        if self.limit is not None:
            self.soft_min = self.limit.min if self.soft_min is None else self.soft_min
            self.soft_max = self.limit.max if self.soft_max is None else self.soft_max

    @cached_property
    def choice_names(self) -> set[str]:
        return {choice.name for choice in self.choices}

    def label_of(self, name: str) -> str:
        """The words of a choice; a name that this version does not know stands for itself."""
        return next((choice.label for choice in self.choices if choice.name == name), name)
