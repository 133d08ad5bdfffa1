"""Several phones, one pupil, any order of events: nothing that anybody entered is lost (Hypothesis)."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.server.gateway.machine import Machine
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


def test_phones_lose_nothing(make_world: Callable[[], World], figures: dict[str, int]) -> None:
    world, until = make_world(), time.monotonic() + SOAK * 60
    counts: Counter[str] = Counter()
    phones = type("Phones", (Machine,), {"world": world, "counts": counts})
    try:
        while True:
            # without SOAK one seed, under which the few histories have a bit of everything
            machine = seed(random.getrandbits(64) if SOAK else 3)(phones)
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=BATCH,
                    database=None,
                    stateful_step_count=60 if SOAK else 35,
                    phases=[Phase.generate, *([Phase.shrink] if SOAK else [])],
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
            if time.monotonic() >= until:
                break
            world.run(world.restore(FIRST))  # or it would grow and slow down
    finally:
        figures.update(counts)
        figures["lost"] = counts["lost"]
