"""The cases that server and phone must both pass, and the phone's code that runs them under Node."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from sync.vectors.drawn import HERE
from tests.needs import ROOT, need, node

Files = dict[str, dict[str, Any]]


def stored() -> Files:
    """All files, by name."""
    return {path.name: json.loads(path.read_text("utf-8")) for path in sorted(HERE.glob("*.json"))}


def runner(*arguments: str, given: str = "") -> str:
    """What the phone's runner prints."""
    need((ROOT / "node_modules" / "esbuild").is_dir(), "the npm packages (make setup)")
    command = [node(), "tests/pwa/vectors_run.mjs", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, input=given, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def on_the_phone(files: Files) -> dict[str, dict[str, Any]]:
    """By file: how many cases the phone's code was given, and its faults."""
    return json.loads(runner(given=json.dumps(files)))


def with_one_wrong(files: Files) -> Files:
    """These files, the last case of each with another outcome than its own."""
    wrong = json.loads(json.dumps(files))
    outcomes = {
        "results", "relevant", "warnings", "held", "text", "view", "after", "changes", "out", "plain",
    }  # fmt: skip
    for name, file in wrong.items():
        if name != "forms_definitions.json":
            case = file["cases"][-1]
            case[next(key for key in case if key in outcomes)] = "planted"
    return wrong
