"""A small school made once, a copy of it for each journey, and browsers that are closed at the end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Playwright, sync_playwright

from tests.journeys.browser import Browser
from tests.journeys.school import fill_school
from tests.journeys.server import Server
from tests.needs import node


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver. It keeps a loop running as long as it is there, which other files can't have.

    It runs on the Node that `make` set up: its own wants a library that a bare machine lacks.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYWRIGHT_NODEJS_PATH", node())
        with sync_playwright() as driver:
            yield driver


@pytest.fixture(scope="session")
def small_school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database of the journeys' school."""
    folder = tmp_path_factory.mktemp("school")
    server = Server(folder)
    server.zoufang("migrate")
    fill_school(folder)
    return folder


@pytest.fixture
def server(small_school: Path, tmp_path: Path) -> Iterator[Server]:
    """A server with a copy of the school."""
    folder = tmp_path / "var"
    shutil.copytree(small_school, folder)
    server = Server(folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def browser(
    request: pytest.FixtureRequest, playwright: Playwright, server: Server, tmp_path: Path
) -> Iterator[Callable[..., Browser]]:
    """`browser("name", place="phone")` makes a person's browser, not yet opened."""
    made: list[Browser] = []

    def make(name: str, **options: Any) -> Browser:
        url = options.pop("url", server.url)
        made.append(Browser(playwright, tmp_path / f"profile-{name}", url, **options))
        return made[-1]

    failed_before = request.session.testsfailed
    yield make
    for one in made:
        if hasattr(one, "context"):
            if request.session.testsfailed > failed_before:
                with suppress(Error):  # a picture of what went wrong, if the page can still be taken
                    one.look(f"failed-{one.profile.name}", audit=False)
            one.close()
    faults = list(dict.fromkeys(fault for one in made for fault in one.faults))
    if faults:
        pytest.fail("what the screens are not:\n" + "\n".join(faults), pytrace=False)
