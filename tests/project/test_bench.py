"""The bench runs, with counts so small that its figures mean nothing, and judges them as its aims say."""

from __future__ import annotations

import asyncio

import pytest

from scripts.bench import pushes
from scripts.bench.__main__ import MEASURES, table
from scripts.bench.figures import Figure, in_turn, percentile
from scripts.bench.pulls import pull


def test_pushes_and_pulls_give_their_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushes, "PUSHERS", 2)

    async def some() -> list[Figure]:
        return [*await pushes.pushes(rounds=1, count=2), *await pull(rounds=1, docs=60)]

    figures = asyncio.run(some())
    assert [figure.aim for figure in figures] == [0.2, 12, 0.6]
    assert all(figure.ratio > 0 for figure in figures)
    assert table(figures).count("\n") == len(figures) + 2
    assert {"bulk", "empty", "history", "vault", "pouch"} < MEASURES.keys()


def test_a_figure_is_short_on_the_wrong_side_of_its_aim() -> None:
    assert Figure("pushes", "2/s", "10/s", 0.2, 0.2).met
    assert not Figure("pushes", "1/s", "10/s", 0.1, 0.2).met
    assert Figure("empty", "3 ms", "2 ms", 1.5, 1.5, at_most=True).met
    assert "**short**" in table([Figure("empty", "4 ms", "2 ms", 2, 1.5, at_most=True)])


def test_sides_are_measured_in_turn_and_the_ratio_is_that_of_a_round() -> None:
    order: list[str] = []
    mine, theirs = iter([9.0, 1.0, 4.0, 3.0]), iter([9.0, 2.0, 2.0, 1.0])

    async def ours() -> float:
        order.append("ours")
        return next(mine)

    async def bare() -> float:
        order.append("bare")
        return next(theirs)

    pair = asyncio.run(in_turn(3, ours, bare))
    assert order == ["ours", "bare"] * 4
    assert pair == (3.0, 2.0, 2.0)
    assert percentile([4, 1, 3, 2], 0.99) == 4
