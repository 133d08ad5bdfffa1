"""The office's pages at a desk: an import that shows how far it is, and Lighthouse's verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Browser
from tests.journeys.lighthouse import verdict
from tests.journeys.people import sign_in_at_desk
from tests.journeys.server import Server
from tests.needs import ROOT

OFFICE = "13800000007"
WORKBOOKS = sorted((ROOT / "tests" / "data").glob("*.xlsx"))


def test_an_import_shows_how_far_it_is(browser: Callable[..., Browser]) -> None:
    """Upload, progress, preview with each doubtful cell, confirm, report."""
    desk = browser("office", place="office")
    sign_in_at_desk(desk, OFFICE, "/office/import/")
    page = desk.page
    desk.look("60-import")
    page.get_by_label("选表格文件").set_input_files(WORKBOOKS)
    page.get_by_role("button", name="读一遍看看").click()
    confirm = page.get_by_role("button", name="确认导入")
    expect(page.get_by_role("progressbar").or_(confirm).first).to_be_visible()
    desk.look("61-import-reading", audit=False)
    expect(confirm).to_be_visible(timeout=60_000)
    expect(page.locator(".figs")).to_contain_text("304")
    desk.look("62-import-preview")
    confirm.click()
    expect(page.locator(".said.ok")).to_contain_text("导入好了", timeout=60_000)
    desk.look("63-import-done")
    with page.expect_download() as report:
        page.get_by_role("link", name="下载报告").click()
    assert report.value.suggested_filename.endswith(".xlsx")


@pytest.mark.parametrize("path", ["/login", "/office/", "/office/students", "/office/import/"])
def test_lighthouse(path: str, browser: Callable[..., Browser], server: Server, tmp_path: Path) -> None:
    """Accessibility and best practices are at 95 or more of 100."""
    cookies = ""
    if path != "/login":
        desk = browser("office", place="office")
        sign_in_at_desk(desk, OFFICE)
        cookies = "; ".join(f"{one['name']}={one['value']}" for one in desk.context.cookies())
    found = verdict(server.url + path, tmp_path, cookies=cookies)
    assert found["address"] == server.url + path
    assert {name: marks for name, marks in found["marks"].items() if marks[0] < 95} == {}
