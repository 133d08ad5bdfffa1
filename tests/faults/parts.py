"""The parts of `make faults`: what each runs, how often, and the controls that belong to it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.browser import browser_killed
from tests.faults.clocks import phones_wrong, server_jumps
from tests.faults.cut import replies_cut
from tests.faults.disk import NoCompiler
from tests.faults.figures import Figures
from tests.faults.full import disk_full
from tests.faults.ground import workshop
from tests.faults.kill import on_sqlite
from tests.faults.postgres import on_postgres
from tests.faults.power import power_cuts

log = logging.getLogger("faults")
Run = Callable[[Path, int, int], Figures]


@dataclass(frozen=True)
class Step:
    """One run; `times` is how many kills, cuts or histories."""

    run: Run
    times: int


def control(run: Callable[[Path, int, int, str], Figures], how: str, mistake: str, must: str = "lost") -> Run:
    """A run against a server that makes a mistake on purpose (careless.py); `must` is to be counted."""
    return lambda folder, times, seed: run(folder, times, seed, how).as_control(mistake, must)


PARTS: dict[str, list[Step]] = {
    "kill": [
        Step(on_sqlite, 200),
        Step(control(on_sqlite, "early", "a server that answers before it commits, killed"), 8),
        Step(
            control(
                on_sqlite, "apart", "a server that logs ops in a transaction of its own, killed", "twice"
            ),
            8,
        ),
    ],
    "postgres": [Step(on_postgres, 40)],
    "power": [
        Step(power_cuts, 50),
        Step(control(power_cuts, "off", "power cuts with synchronous=OFF"), 3),
        Step(control(power_cuts, "normal", "power cuts with synchronous=NORMAL"), 3),
    ],
    "cut": [Step(replies_cut, 1000)],
    "full": [Step(disk_full, 1)],
    "clocks": [Step(phones_wrong, 60), Step(server_jumps, 30)],
    "browser": [Step(browser_killed, 50)],
}


def attempt(part: str, number: int, times: int | None, seed: int) -> Figures:
    """One step of a part in a folder of its own; what the machine lacks is said, not hidden."""
    step = PARTS[part][number]
    times = times or step.times
    try:
        with workshop() as folder:
            return step.run(folder / "run", times, seed)
    except NoCompiler:
        return Figures("a part that needs a C compiler (apt install gcc)", not_run=True)
    except pytest.skip.Exception as lacking:
        return Figures(f"a part that {lacking}", not_run=True)
    except Exception as error:  # the other parts go on; this one has proved nothing
        log.exception("a part broke off")
        return Figures("a part that broke off", broken=[f"{type(error).__name__}: {error}"[:300]])
