"""What a test needs of the machine: it is there, or the test is a counted skip; with CI=true a failure."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).resolve().parent.parent
Found = TypeVar("Found")


def need(thing: Found | None, what: str) -> Found:
    """`thing` when it is there; else skips the test, or fails it with CI=true. `what` says how to get it."""
    if thing:
        return thing
    if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
        pytest.fail(f"needs {what}", pytrace=False)
    pytest.skip(f"needs {what}")


def program(*names: str) -> str | None:
    """The first of these programs that is found, in the project's own folders or on the PATH."""
    path = f"{ROOT / '.make' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def chromium() -> str:
    """The distribution's Chromium."""
    return need(program("chromium", "chromium-browser", "google-chrome"), "Chromium (apt install chromium)")


def node() -> str:
    """Node, as `make` set it up, or the machine's."""
    return need(program("node"), "Node (make setup)")


def postgres_bin() -> Path:
    """The folder with PostgreSQL's initdb and postgres, the newest version when there are several."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    found = newest[-1].parent if newest else None
    if not found and (initdb := program("initdb")):
        found = Path(initdb).resolve().parent
    return need(found, "PostgreSQL (apt install postgresql)")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The last lines before pytest's own: what could not be run here, with counts."""
    reasons = (str(report.longrepr[-1]) for report in terminalreporter.stats.get("skipped", []))
    lacking = Counter(reason.partition("needs ")[2] for reason in reasons if "needs " in reason)
    for what, times in lacking.most_common():
        terminalreporter.write_line(f"NOT RUN HERE: {times} that need {what}", yellow=True)
