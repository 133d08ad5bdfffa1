"""Several phones, one pupil, any order of events: nothing that anybody entered is lost (Hypothesis)."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.server.gateway.machine import Machine, with_rules
from tests.server.gateway.world import FIRST, World

SOAK = float(os.environ.get("SOAK", "0"))
"""Minutes that each of these takes, drawing new histories; without it the same few at every run."""
BATCH = 10


@pytest.fixture
def make_world(empty_database_url: str, tmp_path: Path) -> Iterator[Callable[[], World]]:
    """`make_world()` is a server with a school."""
    made: list[World] = []

    def make() -> World:
        made.append(World(empty_database_url, tmp_path))
        return made[-1]

    yield make
    for world in made:
        world.close()


SEALED = ("sealed", "unread", "moved sealed")
LOCKED = "write_text deliver_sealed push a_late_copy_arrives copy_or_lose_a_phone do_something_to_the_server"

COPIES = (
    "set_a_scalar change_a_list begin_a_visit push_all sync_all deliver_sealed deliver_signed_out pull "
    "do_something_to_the_server a_phone_and_its_copy_go_apart"
)


EVERYTHING = (
    "merged", "conflict", "settled", "held", "released", "gap", "fork", "resync", "crashes", "clones",
    "wipes", "restores", "scope changes", "new forms", "sealed",
)  # fmt: skip
"""What histories must have had in them to prove anything."""
FEWEST, MOST = 3, 8
"""Batches that there are at least, and in which all of that must have come up."""


def test_phones_lose_nothing(make_world: Callable[[], World], figures: dict[str, int]) -> None:
    play(make_world(), figures, {}, EVERYTHING, drawn_from=9)


def test_locked_phones_lose_nothing(tmp_path: Path, figures: dict[str, int]) -> None:
    # what is sealed is opened before a database has to do with it: one of them is enough
    world = World(f"sqlite:///{tmp_path / 'test.db'}", tmp_path)
    try:
        play(world, figures, with_rules(LOCKED), SEALED, drawn_from=2, batch=6)
    finally:
        world.close()


def test_a_phone_and_its_copy_lose_nothing_with_the_server(tmp_path: Path, figures: dict[str, int]) -> None:
    world = World(f"sqlite:///{tmp_path / 'test.db'}", tmp_path)
    members = {**with_rules(COPIES), "MOST_RESTORES": 5}
    try:
        play(
            world,
            figures,
            members,
            ("resync", "fork", "gap", "brought again", "sealed"),
            drawn_from=1,
            batch=6,
        )
    finally:
        world.close()


def play(
    world: World,
    figures: dict[str, int],
    members: dict[str, Any],
    wanted: tuple[str, ...],
    drawn_from: int,
    batch: int = BATCH,
) -> None:
    """Histories of a machine with these members besides its own, for as long as was asked for, and until each
    thing that is wanted has come up."""
    until = time.monotonic() + SOAK * 60
    counts: Counter[str] = Counter(dict.fromkeys(SEALED, 0))
    phones = type("Phones", (Machine,), {**members, "world": world, "counts": counts})
    try:
        for number in count():
            # without SOAK the same seeds each time, from one whose few histories have a bit of everything
            machine = seed(random.getrandbits(64) if SOAK else drawn_from + number)(phones)
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=batch,
                    database=None,
                    stateful_step_count=60 if SOAK else 35,
                    phases=[Phase.generate, *([Phase.shrink] if SOAK else [])],
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
            missing = [name for name in wanted if not counts[name]]
            if time.monotonic() >= until and number + 1 >= FEWEST and not missing:
                break
            assert number < MOST or SOAK, f"never came up: {missing}"
            world.run(world.restore(FIRST))  # or it would grow and slow down
    finally:
        figures.update(counts)
        figures["lost"] = counts["lost"]
