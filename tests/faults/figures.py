"""What a part measured, and the promises that it has to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tests.faults.load import Tally

BACK_WITHIN = 5.0
"""Seconds within which a server that was killed must answer again."""


@dataclass
class Figures:
    """One row of the report. `counts` are in the order in which they are told; `broken` must be empty.

    `failed` is that part of `broken` which no mistake of a server's excuses: the run proves nothing.
    """

    part: str
    counts: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    control: bool = False
    not_run: bool = False

    @classmethod
    def of(
        cls, part: str, tally: Tally, more: dict[str, Any], damage: list[str], failed: Sequence[str] = ()
    ) -> Figures:
        """The figures of a part in which phones pushed; the promises of all such parts are the same."""
        counts = {**more, "ops": tally.ops, "acked": tally.acked, "sent": tally.sent}
        counts |= {"lost": len(tally.lost), "twice": len(tally.doubled)}
        made = cls(part, counts, broken=[*failed], failed=[*failed])
        if tally.back:
            made.counts |= {
                "back_median": round(median(tally.back), 2),
                "back_max": round(max(tally.back), 2),
            }
            made.promise(max(tally.back) <= BACK_WITHIN, f"back after {max(tally.back):.1f} s")
        made.promise(not tally.lost, f"{len(tally.lost)} acknowledged and lost")
        made.promise(not tally.doubled, f"{len(tally.doubled)} applied twice")
        made.broken += tally.problems[:20]
        made.broken += [f"integrity: {line}" for line in damage]
        return made

    def promise(self, kept: bool, otherwise: str) -> None:
        """Note what was not kept."""
        if not kept:
            self.broken.append(otherwise)

    def as_control(self, mistake: str, must: str = "lost") -> Figures:
        """The figures of a server that is careless on purpose: a fault if `must` (`lost`, `twice`) is zero.

        Nothing else will do: a server that does not come back, or a damaged file, says nothing of losses.
        """
        counts = {name: value for name, value in self.counts.items() if not name.startswith("back")}
        made = Figures(f"control: {mistake}", counts, broken=[*self.failed], control=True)
        made.promise(self.counts[must] > 0, f"{must}: 0, so that this part proves nothing")
        return made

    def line(self) -> str:
        """One line for the terminal."""
        told = ", ".join(f"{name} {value}" for name, value in self.counts.items())
        return f"{self.verdict:8} {self.part}{': ' if told else ''}{told}"

    @property
    def verdict(self) -> str:
        """How it went, in a word or two."""
        if self.not_run:
            return "NOT RUN"
        if self.broken:
            return "BROKEN"
        return "caught" if self.control else "kept"
