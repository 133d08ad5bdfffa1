"""What a machine lacks is told in the last lines as a count; in continuous integration it is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.needs import ROOT

TWO_TESTS = """
from tests import needs

def test_one():
    needs.chromium()

def test_two():
    needs.chromium()
"""


def run_without_chromium(folder: Path, **env: str) -> tuple[int, list[str]]:
    """Exit code and output lines of two tests that need Chromium, where there is none."""
    (folder / "test_two.py").write_text(TWO_TESTS, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.needs", "-n", "2", str(folder)]
    empty = {"PATH": str(folder), "PYTHONPATH": str(ROOT), "CI": "", **env}
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **empty}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.splitlines()


def test_skips_are_counted_and_named(tmp_path: Path) -> None:
    """Two skips, and a line that says how to get what they need."""
    code, lines = run_without_chromium(tmp_path)
    assert code == 0
    assert lines[-2] == "NOT RUN HERE: 2 that need Chromium (apt install chromium)"
    assert "2 skipped" in lines[-1]


def test_with_ci_a_skip_is_a_failure(tmp_path: Path) -> None:
    """The same machine with CI=true: both fail, and say why."""
    code, lines = run_without_chromium(tmp_path, CI="true")
    assert code == 1
    assert "2 failed" in lines[-1]
    assert any("needs Chromium" in line for line in lines)
