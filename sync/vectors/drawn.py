"""Cases drawn by Hypothesis, for files that every twin must pass, and how such files are written.

A maker draws what goes in and works out what comes out. Another version of Hypothesis, and other constants in
the code, make it draw others: so tests hold what is stored to the code, and draw new cases beside it.

    python -m sync.vectors.make
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count as counting
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

HERE = Path(__file__).parent
Case = TypeVar("Case")
Json = dict[str, Any]


@dataclass(frozen=True)
class Maker:
    """How one file is made.

    ``draw``: of the first seed and how many, what all cases share and the cases; ``again``: of what all share
    and one case, that case as the code has it today. ``count``: as stored.
    """

    name: str
    count: int
    draw: Callable[[int, int], Json]
    again: Callable[[Json, Json], Json]

    def write(self) -> None:
        """Draws and stores."""
        (HERE / self.name).write_text(as_text(self.draw(0, self.count)), encoding="utf-8")


def drawn(strategy: SearchStrategy[Case], count: int, start: int = 0) -> list[Case]:
    """So many different cases; ``start`` is the first of the seeds that they are drawn with."""
    found: dict[str, Case] = {}
    for number in counting(start):
        case = _draw(strategy, number)
        found.setdefault(json.dumps(case, sort_keys=True), case)
        if len(found) == count or number > start + 20 * count:
            break
    return list(found.values())


def _draw(strategy: SearchStrategy[Case], number: int) -> Case:
    """One case, owing nothing to others: within a run Hypothesis likes to vary what it drew before."""
    found: list[Case] = []

    @seed(number)
    @settings(
        max_examples=2,  # the first of any run is the simplest that there is
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found[-1]


def line(case: Any) -> str:
    """Chinese stays readable; lone surrogates, which no file can hold, are escaped."""
    text = json.dumps(case, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(case)


def as_text(content: dict[str, Any]) -> str:
    """One case a line, so that a change shows as one."""
    head = {key: value for key, value in content.items() if key != "cases"}
    lines = ",\n".join(line(case) for case in content["cases"])
    return f'{{"head": {line(head)},\n"cases": [\n{lines}\n]}}\n'
