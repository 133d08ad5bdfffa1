"""What counts as caught: a loss that was counted, and nothing else."""

from __future__ import annotations

from tests.faults.figures import Figures
from tests.faults.load import Tally


def test_a_control_that_lost_what_it_acknowledged_is_caught() -> None:
    found = Figures.of("cuts", Tally(ops=5, acked=5, lost={"a:1"}), {}, []).as_control("careless")
    assert (found.verdict, found.broken) == ("caught", [])


def test_damage_without_a_loss_catches_nothing() -> None:
    found = Figures.of("cuts", Tally(ops=5, acked=5), {}, ["row 3 missing"]).as_control("careless")
    assert (found.verdict, found.broken) == ("BROKEN", ["lost: 0, so that this part proves nothing"])


def test_a_start_that_fails_is_broken_even_where_something_was_lost() -> None:
    of = Figures.of("cuts", Tally(ops=5, acked=5, lost={"a:1"}), {}, [], ["the server did not come back"])
    assert "the server did not come back" in of.broken
    assert of.as_control("careless").broken == ["the server did not come back"]


def test_each_control_must_show_its_own_mistake() -> None:
    twice = Figures.of("kills", Tally(ops=5, acked=5, doubled={"b"}), {}, [])
    assert twice.as_control("logs apart", "twice").verdict == "caught"
    assert twice.as_control("answers early").verdict == "BROKEN"
