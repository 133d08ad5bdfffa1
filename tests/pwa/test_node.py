"""The phone's tests are TypeScript and run under Node; each file is one test here: one runner counts all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.needs import ROOT, need, node

FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "pwa").rglob("*.test.ts"))


@pytest.mark.parametrize("file", FILES)
def test_phone(file: str) -> None:
    """One file of the phone's tests passes under Node."""
    need((ROOT / "node_modules" / "esbuild").is_dir(), "the npm packages (make setup)")
    command = [node(), str(Path("scripts") / "node_test.mjs"), file]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
