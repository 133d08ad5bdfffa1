"""What a part measured, and the promises that it has to keep."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tests.faults.load import Tally

BACK_WITHIN = 5.0
"""Seconds within which a server that was killed must answer again."""


@dataclass
class Figures:
    """One row of the report. `counts` are in the order in which they are told; `broken` must be empty."""

    part: str
    counts: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, part: str, tally: Tally, more: dict[str, Any], damage: list[str]) -> Figures:
        """The figures of a part in which phones pushed; the promises of all such parts are the same."""
        counts = {**more, "ops": tally.ops, "acked": tally.acked, "sent": tally.sent}
        counts |= {"lost": len(tally.lost), "twice": len(tally.doubled)}
        made = cls(part, counts)
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

    def caught(self) -> bool:
        """Whether a control lost something, as it must."""
        return bool(self.counts.get("lost"))

    def line(self) -> str:
        """One line for the terminal."""
        told = ", ".join(f"{name} {value}" for name, value in self.counts.items())
        return f"{'kept  ' if not self.broken else 'BROKEN'} {self.part}: {told}"

    def keep(self, folder: Path) -> None:
        """Store them for the report."""
        folder.mkdir(parents=True, exist_ok=True)
        name = "".join(c if c.isalnum() else "-" for c in self.part)
        (folder / f"{name}.json").write_text(json.dumps(asdict(self), ensure_ascii=False), "utf-8")
