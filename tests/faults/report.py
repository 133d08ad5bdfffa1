"""docs/reliability.md: the prose of report.md with the figures of a run put in, as measured."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.figures import Figures
from tests.needs import ROOT

PAGE = ROOT / "docs" / "reliability.md"
PROSE = Path(__file__).with_name("report.md")
HEAD = ("part", "kills, cuts …", "written", "acknowledged", "sent", "lost", "twice", "back (s)", "promises")
SUMS = ("ops", "acked", "sent", "lost", "twice")


def write(found: Sequence[Figures], seed: int, seconds: float) -> None:
    """Put the figures of a whole run into the page."""
    real = [figures for figures in found if not figures.control]
    values = {
        "machine": machine(seed, seconds),
        "table": "\n".join([row(HEAD), row(["---"] * len(HEAD)), *(row(cells(f)) for f in real)]),
        "details": details(real),
        "controls": "\n".join(_control(f) for f in found if f.control),
    }
    PAGE.write_text(PROSE.read_text("utf-8").format(**values), "utf-8")


def row(columns: Iterable[object]) -> str:
    """A line of a table."""
    return f"| {' | '.join(map(str, columns))} |"


def cells(figures: Figures) -> list[str]:
    """The columns of a part; a dash where a part has no such figure."""
    counts = figures.counts
    told = [f"{counts[name]:,}" if name in counts else "–" for name in SUMS]
    back = f"{counts['back_median']} / {counts['back_max']}" if "back_max" in counts else "–"
    return [figures.part, _blows(figures), *told, back, figures.verdict]


def details(found: Iterable[Figures]) -> str:
    """What was broken, if anything was, in the run's own words."""
    lines = [f"- {figures.part}: {line}" for figures in found for line in figures.broken]
    return "**Broken promises:**\n\n" + "\n".join(lines) if lines else "No promise was broken."


def _blows(figures: Figures) -> str:
    others = {k: v for k, v in figures.counts.items() if k not in SUMS and not k.startswith("back")}
    return ", ".join(f"{name} {value:,}" for name, value in others.items())


def _control(figures: Figures) -> str:
    counts = figures.counts
    said = f"{counts.get('lost', 0)} of {counts.get('acked', 0)} acknowledged changes lost"
    twice, mistake = counts.get("twice", 0), figures.part.removeprefix("control: ")
    return f"- {mistake}: {said}, {twice} found twice. **{figures.verdict}**"


def machine(seed: int, seconds: float) -> str:
    """When and on what."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return "\n".join(
        [
            f"- {datetime.now(UTC):%d %B %Y}, {seconds / 60:.0f} minutes, seed {seed}",
            f"- {os.cpu_count()} cores ({_processor()}), {memory:.0f} GB, Linux {platform.release()}",
            f"- Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
            + "".join(f", {said}" for said in map(_version, ("postgres", "chromium")) if said),
        ]
    )


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _version(program: str) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        command = [program, "--version"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
        return done.stdout.strip().splitlines()[0]
    return ""
