"""What leaves a phone that stays locked or has lost its keys: everything that was written, and once."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.conftest import PASSWORD
from tests.journeys.browser import Browser
from tests.journeys.people import lock, sign_in, sign_in_at_desk, synced, unlock
from tests.journeys.server import Server
from tests.journeys.stores import delete_stores, dump
from tests.journeys.test_vault import FIRST, OFFICE, SECOND, TEACHER, hand_in, until_there
from tests.phone import Phone


def test_a_locked_phones_work_is_carried_as_a_file(
    browser: Callable[..., Browser], server: Server, tmp_path: Path
) -> None:
    """Exported from the lock screen, taken in at the office; what the phone sends later adds nothing."""
    phone, desk = browser("teacher"), browser("office", place="office")
    sign_in(phone, TEACHER)
    phone.context.set_offline(True)
    hand_in(phone, SECOND)
    lock(phone)
    page = phone.page
    page.get_by_role("link", name="导出没传的记录").tap()
    expect(page.locator(".card", has_text="王芳")).to_contain_text("1条没传")
    phone.look("97-export")
    with page.expect_download() as saved:
        page.get_by_role("link", name="存成文件").tap()
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    assert file.name.startswith("走访没传的-王芳-")

    sign_in_at_desk(desk, OFFICE, "/office/unsent/")
    desk.page.get_by_label("选手机导出的文件").set_input_files(file)
    desk.page.get_by_role("button", name="先看一眼").click()
    desk.page.get_by_role("button", name="收进1条").click()
    expect(desk.page.get_by_role("link", name=re.compile(f"看家访.*{SECOND}"))).to_be_visible()
    expect(desk.page.locator(".said.ok")).to_be_visible()
    desk.look("98-office-file-taken")
    until_there(desk, SECOND)
    phone.context.set_offline(False)
    phone.go("/app/")
    unlock(phone)
    synced(phone)
    phone.go("/app/records")
    expect(page.locator("#records .cell", has_text=SECOND)).to_contain_text("已提交")
    desk.go("/office/")
    expect(desk.page.locator(".qi", has_text=SECOND)).to_have_count(1)


async def write_first(url: str, client: str) -> None:
    """What a copy of the phone does: it takes the number that the phone's first unsent op has."""
    async with httpx.AsyncClient(base_url=url) as http:

        async def send(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, Any]:
            reply = await http.request(method, path, headers=headers, json=body)
            return reply.status_code, reply.json() if reply.content else {}

        twin = Phone(send)
        twin.client = client
        await twin.sign_in(TEACHER, PASSWORD)
        twin.op("edit", "person", twin.user["id"], "person", set={"post": "班主任"})
        assert (await twin.exchange(twin.queue))["acked"] == 1


@pytest.mark.parametrize("copied", [False, True])
def test_a_phone_that_lost_its_keys_delivers_all_the_same(
    copied: bool, browser: Callable[..., Browser], server: Server
) -> None:
    """Only the phone's own store is cleared: nobody can read the shelf; it is sent as it is sealed, under
    another number where a copy of the phone has taken its own."""
    phone, desk = browser("teacher"), browser("office", place="office")
    sign_in(phone, TEACHER)
    phone.context.set_offline(True)
    hand_in(phone, SECOND)
    if copied:
        (client,) = (
            row["client"] for _, store, rows in json.loads(dump(phone)) if store == "core" for row in rows
        )
        with ThreadPoolExecutor() as beside:  # the page has a loop of its own
            beside.submit(asyncio.run, write_first(server.url, client)).result()
    delete_stores(phone, "zoufang")
    phone.context.set_offline(False)
    page = phone.page
    phone.go("/app/")
    expect(page.locator("[data-lost]")).to_contain_text("当时还有1条没传")
    page.get_by_label("手机号").fill(TEACHER)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).tap()
    expect(page.get_by_role("link", name=FIRST)).to_be_visible(timeout=30_000)
    sign_in_at_desk(desk, OFFICE)
    until_there(desk, SECOND)
    synced(phone)
    phone.go("/app/records")
    expect(page.locator("#records .cell", has_text=SECOND)).to_contain_text("已提交")
