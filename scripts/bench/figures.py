"""What a measure comes out as, and how it is taken: in rounds, the two sides in turn, medians of all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import NamedTuple


class Figure(NamedTuple):
    """A line of the table. `ours` and `bare` are told with their units; `ratio` is what the aim is about."""

    measure: str
    ours: str
    bare: str
    ratio: float
    aim: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether the ratio is on the right side of the aim."""
        return self.ratio <= self.aim if self.at_most else self.ratio >= self.aim


class Pair(NamedTuple):
    """Medians of the two sides, and the median of the rounds' own ratios (ours to bare)."""

    ours: float
    bare: float
    ratio: float


Side = Callable[[], Awaitable[float]]


async def in_turn(rounds: int, ours: Side, bare: Side) -> Pair:
    """Measure the sides in turn, after one round that does not count."""
    await ours()
    await bare()
    pairs = [(await ours(), await bare()) for _ in range(rounds)]
    return Pair(
        median(a for a, _ in pairs), median(b for _, b in pairs), median(a / b for a, b in pairs if b)
    )


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which this part (0…1) of the values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def number(value: float) -> str:
    """A figure with as many digits as it is worth: `12 300`, `84`, `3.2`, `0.31`."""
    if value >= 1000:
        return f"{round(value, -len(str(int(value))) + 3):,.0f}".replace(",", " ")
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 3 else f"{value:.2f}"
