"""Figures that tests print at the end of the run: what was tried, and what came of it. Real counts only."""

from __future__ import annotations

import pytest

NAME = "figures"


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> dict[str, int]:
    """Counts of this test, printed under its name; plain, so that they come from other processes too."""
    counts: dict[str, int] = {}
    request.node.user_properties.append((NAME, counts))
    return counts


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a test that counted something, also where it failed."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            found = dict(getattr(report, "user_properties", ())).get(NAME)
            if found and report.when == "call":
                told = ", ".join(f"{name} {count}" for name, count in found.items())
                terminalreporter.write_line(f"{report.nodeid.rsplit('/', 1)[-1]}: {told}")
