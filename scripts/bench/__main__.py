"""`python -m scripts.bench [measure ...]`: all, written to BENCHMARKS.md, or some, only shown."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

from .figures import Figure
from .machine import ROOT, described
from .phone.measures import pouch, vault
from .pulls import empty, history, pull
from .pushes import bulk, pushes

MEASURES: dict[str, Callable[[], Coroutine[Any, Any, list[Figure]]]] = {
    "pushes": pushes,
    "bulk": bulk,
    "pull": pull,
    "empty": empty,
    "history": history,
    "vault": vault,
    "pouch": pouch,
}
HEAD = """\
# Benchmarks

`make bench` wrote this as it came out; every figure of a line was taken in the same run, the two sides in
turn, and what is shown are medians. Only the ratios mean something on another machine. The server is the
real one (`zoufang serve`, SQLite) over HTTP on the loopback, in a process of its own; what asks it runs on
the same machine and takes its share of the processor.

"""


def table(figures: list[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = ["| measure | ours | to | ratio | aim | |", "|---|---|---|---|---|---|"]
    for f in figures:
        sign, said = "≤" if f.at_most else "≥", "met" if f.met else "**short**"
        lines.append(f"| {f.measure} | {f.ours} | {f.bare} | {f.ratio:.2f} | {sign} {f.aim:g} | {said} |")
    return "\n".join(lines) + "\n"


def main(names: list[str]) -> int:
    """Run the named measures, or all."""
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        print(f"no such measure: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
        return 2
    machine, figures = described(), []
    for name in names or MEASURES:
        began = time.monotonic()
        found = asyncio.run(MEASURES[name]())
        print(f"# {name}: {time.monotonic() - began:.0f} s\n{table(found)}", flush=True)
        figures += found
    if not names:
        (ROOT / "BENCHMARKS.md").write_text(f"{HEAD}{machine}\n\n{table(figures)}", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
