"""The cases of `sync/vectors/` in the browser that phones have: it must do as the server does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Playwright, Route

from tests.journeys.browser import FLAGS
from tests.needs import chromium
from tests.vectors import Files, runner, stored, with_one_wrong

Check = Callable[[Files], dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def check(playwright: Playwright) -> Iterator[Check]:
    """Runs files on a page; one of localhost, since others have no keys (WebCrypto)."""
    browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    page = browser.new_page()

    def answer(route: Route) -> None:
        route.fulfill(body="<!doctype html><title>cases</title>", content_type="text/html")

    page.route("**/*", answer)
    page.goto("http://localhost/")
    page.add_script_tag(content=runner("--bundle"))
    yield lambda files: page.evaluate("files => vectors.check(files)", files)
    browser.close()


def test_chromium_does_as_the_server(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    files = stored()
    verdicts = check(files)
    with capsys.disabled():
        told = ", ".join(f"{name.removesuffix('.json')} {each['cases']}" for name, each in verdicts.items())
        print(f"\ncases in Chromium: {told}")
    assert [fault for verdict in verdicts.values() for fault in verdict["faults"]] == []
    assert {name: verdict["cases"] for name, verdict in verdicts.items()} == {
        name: len(file["cases"]) for name, file in files.items() if name != "forms_definitions.json"
    }


def test_chromium_finds_a_wrong_case_in_every_file(check: Check) -> None:
    verdicts = check(with_one_wrong(stored()))
    assert {name: len(verdict["faults"]) for name, verdict in verdicts.items()} == dict.fromkeys(verdicts, 1)
