"""`make faults`: hurt the product in every way that is foreseen, count what it lost, write the report.

    python -m tests.faults                     all of it, into docs/reliability.md
    python -m tests.faults kill power --n 10   these parts, shorter; only prints

Ends with 1 when a promise is broken or a control was not caught.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from tests.faults import report
from tests.faults.figures import Figures
from tests.faults.parts import PARTS, attempt


def main(arguments: list[str]) -> int:
    """Run what was asked for. 0 when every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all, if none is named")
    parser.add_argument("--n", type=int, help="kills, cuts or histories of each step, instead of its own")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what chance is drawn from")
    parser.add_argument("--lanes", type=int, default=2, help="runs at a time (default 2)")
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    found = run(asked.parts or list(PARTS), asked.n, asked.seed, asked.lanes)
    broken = sum(bool(figures.broken) for figures in found)
    print(f"{len(found)} runs, {broken} with a broken promise, seed {asked.seed}")
    if not asked.parts and not asked.n:
        report.write(found, asked.seed, time.monotonic() - began)
        print(f"written: {report.PAGE.relative_to(report.ROOT)}")
    return 1 if broken else 0


def run(parts: list[str], times: int | None, seed: int, lanes: int) -> list[Figures]:
    """All steps of these parts, some side by side: a server that starts uses one core. Told as they end."""
    steps = [(part, number) for part in parts for number in range(len(PARTS[part]))]
    with ProcessPoolExecutor(lanes, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(attempt, *step, times, seed) for step in steps]
        for done in as_completed(running):
            print(done.result().line(), flush=True)
            for line in done.result().broken:
                print(f"         {line}", flush=True)
    return [done.result() for done in running]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
