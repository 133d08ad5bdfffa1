"""A demo school made once, a copy of it for each journey, and browsers that are closed at the end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.journeys.browser import Browser
from tests.journeys.server import Server


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def demo_school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo school's database, as `zoufang migrate` and `zoufang demo` make it."""
    folder = tmp_path_factory.mktemp("demo-school")
    server = Server(folder)
    server.zoufang("migrate")
    server.zoufang("demo")
    return folder


@pytest.fixture
def server(demo_school: Path, tmp_path: Path) -> Iterator[Server]:
    """A server with the demo school of its own."""
    folder = tmp_path / "var"
    shutil.copytree(demo_school, folder)
    server = Server(folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def browser(playwright: Playwright, server: Server, tmp_path: Path) -> Iterator[Callable[..., Browser]]:
    """`browser("name", place="phone")` makes a person's browser, not yet opened."""
    made: list[Browser] = []

    def make(name: str, **options: Any) -> Browser:
        made.append(Browser(playwright, tmp_path / f"profile-{name}", server.url, **options))
        return made[-1]

    yield make
    for one in made:
        if hasattr(one, "context"):
            one.close()
