"""Lighthouse's verdict on a page, by its command line and the same Chromium as the journeys."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, TypedDict

from tests.journeys.browser import FLAGS
from tests.needs import ROOT, chromium, need, node

CLI = ROOT / "node_modules" / "lighthouse" / "cli" / "index.js"
CATEGORIES = ("accessibility", "best-practices")


class Verdict(TypedDict):
    """Where the page was in the end; category → score of 100, titles of the audits that cost some of it."""

    address: str
    marks: dict[str, tuple[int, list[str]]]


def verdict(url: str, folder: Path, *, cookies: str = "") -> Verdict:
    """Lighthouse's marks for a page; `cookies` is the Cookie header of whoever is signed in."""
    need(CLI.is_file(), "the npm packages (make setup)")
    headers, out = folder / "headers.json", folder / "lighthouse.json"
    headers.write_text(json.dumps({"Cookie": cookies} if cookies else {}), "utf-8")
    command = [node(), str(CLI), url, "--quiet", "--output=json", f"--output-path={out}"]
    command += [f"--only-categories={','.join(CATEGORIES)}", f"--extra-headers={headers}"]
    command += [f"--chrome-flags=--headless=new {' '.join(FLAGS)}", "--preset=desktop"]
    env = os.environ | {"CHROME_PATH": chromium()}
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return _read(json.loads(out.read_text("utf-8")))


def _read(report: dict[str, Any]) -> Verdict:
    marks = {}
    for name in CATEGORIES:
        category = report["categories"][name]
        weighed = [report["audits"][one["id"]] for one in category["auditRefs"] if one["weight"]]
        titles = [audit["title"] for audit in weighed if audit["score"] is not None and audit["score"] < 1]
        marks[name] = (round(category["score"] * 100), titles)
    return {"address": report["finalDisplayedUrl"], "marks": marks}
