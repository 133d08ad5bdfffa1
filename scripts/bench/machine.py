"""The machine that a run was on, and the commit, for the head of the table."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def described() -> str:
    """In a few lines: processor, memory, system, versions, the day, and what was measured."""
    lines = [
        f"{os.cpu_count()} × {_field('/proc/cpuinfo', 'model name') or platform.machine()}",
        f"{_gigabytes()} memory",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        f"load when it began {os.getloadavg()[0]:.1f}",
        f"commit {_commit()}",
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    ]
    return " · ".join(lines)


def _field(path: str, name: str) -> str:
    if not Path(path).exists():
        return ""
    lines = Path(path).read_text("utf-8", "replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _gigabytes() -> str:
    kilobytes = _field("/proc/meminfo", "MemTotal").partition(" ")[0]
    return f"{int(kilobytes) / 2**20:.0f} GiB" if kilobytes else "unknown"


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
