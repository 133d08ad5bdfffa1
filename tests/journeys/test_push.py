"""A due visit becomes a push that reaches the phone's worker, is shown, and opens the visit offline."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, Playwright, expect

from server.access import load_principal, server_principal
from server.accounts.people import add_person, ensure_school
from server.db import Database, new_id, utcnow
from server.duties.actions import assign
from server.gateway import write
from server.gateway.work import Env
from server.reminders.cli import run
from server.render import TEMPLATES
from server.settings import Settings
from sync.forms import load_forms
from sync.protocol import Op
from tests.conftest import PASSWORD
from tests.journeys.browser import Browser as Window
from tests.journeys.server import Server
from tests.push_service import Browser, PushService, start

TEACHER, OFFICE = "13800000001", "13800000002"
CLASS = "三(2)班"
T = TypeVar("T")
SHANGHAI = ZoneInfo("Asia/Shanghai")

# The browser's own push service is Google's, out of reach here: subscribe() is replaced, and nothing else.
STAND_IN = """given => { PushManager.prototype.subscribe = async () => ({
  endpoint: given.endpoint, toJSON: () => given, unsubscribe: async () => true }); }"""
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
  .map(({title, body}) => ({title, body}))"""
# Asked while it is being shown, Chromium takes a notification for a stale one and forgets it: so wait.
WATCH = """() => {
  const show = self.registration.showNotification.bind(self.registration);
  self.shown = new Promise(done => {
    self.registration.showNotification = async (...what) => { await show(...what); done(); };
  });
}"""
# Before it is stored as active, a worker is handed nothing, and nobody says so.
ACTIVE = """async () => {
  const { active } = await navigator.serviceWorker.ready;
  while (active.state !== "activated")
    await new Promise(again => active.addEventListener("statechange", again, {once: true}));
}"""
TAP = """async () => {
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent("notificationclick", {notification}));
}"""


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end beside Playwright's loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(work)).result()


@pytest.fixture
def push_service(tmp_path: Path) -> Iterator[PushService]:
    """A push service with a thread and a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    service, runner = asyncio.run_coroutine_threadsafe(start(tmp_path), loop).result()
    yield service
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@dataclass
class School:
    """What the journey needs of a small school, straight in the server's database."""

    settings: Settings
    pupil: str = ""

    async def found(self) -> None:
        """A class teacher with one pupil, and an office."""
        db = Database(self.settings.database_url)
        env = self.env()
        school = await ensure_school(db, env, "青山小学")
        await add_person(
            db, env, school, phone=TEACHER, name="王芳", roles=["class_teacher"], classes=[CLASS]
        )
        await add_person(db, env, school, phone=OFFICE, name="陈主任", roles=["office"])
        self.pupil = new_id()
        values = {"name": "李明轩", "class": CLASS, "grade": "三年级"}
        op = Op(0, "create", "student", self.pupil, form="student", form_version=1, set=values, meta={})
        async with db.write() as conn:
            await write.submit(conn, env, server_principal(school), new_id(), [op])
        await db.close()

    async def assign(self) -> None:
        """The office wants the pupil visited by today."""
        db = Database(self.settings.database_url)
        env = self.env()
        school = await ensure_school(db, env, "青山小学")
        teacher = await add_person(db, env, school, phone=TEACHER, name="", roles=["class_teacher"])
        office = await add_person(db, env, school, phone=OFFICE, name="", roles=["office"])
        async with db.write() as conn:
            who = await load_principal(conn, office, school)
            assert who is not None
            await assign(conn, env, who, new_id(), [self.pupil], teacher, datetime.now(SHANGHAI).date())
        await db.close()

    def env(self) -> Env:
        """What the gateway needs."""
        return Env(load_forms(TEMPLATES / "forms"), utcnow)


def ten_in_the_morning() -> datetime:
    """Today, at an hour when reminders go out."""
    return datetime.combine(datetime.now(SHANGHAI).date(), time(10), SHANGHAI).astimezone(UTC)


@pytest.fixture
def school(tmp_path: Path, push_service: PushService) -> Iterator[tuple[School, Server]]:
    """A server with the small school."""
    server = Server(tmp_path / "var", PUSH_HOSTS=push_service.host)
    server.folder.mkdir()
    server.zoufang("migrate")
    made = School(
        Settings(database_url=f"sqlite:///{server.folder}/zoufang.db", push_hosts=(push_service.host,))
    )
    apart(made.found())
    server.zoufang("user", "set-password", TEACHER, "--password-stdin", given=PASSWORD)
    server.start()
    yield made, server
    server.kill()


def deliver(page: Page, origin: str, data: str) -> None:
    """Hand a message to the page's worker, as the browser does when one has come, until it is shown."""
    tools = page.context.new_cdp_session(page)
    known: list[dict[str, Any]] = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda event: known.extend(event["registrations"]))
    tools.send("ServiceWorker.enable")
    page.evaluate(ACTIVE)
    running = page.context.service_workers[0]
    running.evaluate(WATCH)
    (worker,) = {each["registrationId"] for each in known if each["scopeURL"].startswith(origin)}
    tools.send("ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": worker, "data": data})
    running.evaluate("self.shown")


def signed_in(playwright: Playwright, folder: Path, server: Server) -> tuple[Window, Page]:
    """The teacher's phone, on today's page."""
    window = Window(playwright, folder / "profile", server.url)
    page = window.open("/app/signin")
    page.get_by_label("手机号").fill(TEACHER)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/app/")
    return window, page


def test_a_due_visit_is_pushed_shown_and_opened_without_a_server(
    playwright: Playwright, school: tuple[School, Server], push_service: PushService, tmp_path: Path
) -> None:
    small, server = school
    keys = Browser()
    window, page = signed_in(playwright, tmp_path, server)

    window.go("/app/me")
    page.evaluate(STAND_IN, keys.subscription(push_service.endpoint("phone")))
    page.get_by_role("button", name="开启提醒").click()
    window.see("已开启")
    window.look("push-on")

    apart(small.assign())
    outgoing = push_service.outgoing()
    sent = apart(run(small.settings, once=True, clock=ten_in_the_morning, outgoing=outgoing))
    assert sent == 1
    window.go("/app/sync")
    page.get_by_role("button", name="现在同步").click()
    window.go("/app/")
    window.see("李明轩")
    message = keys.read(push_service.posted[0].body)
    assert json.loads(message)["body"] == "您有1次走访本周到期,点开查看"
    assert "李明轩" not in message

    server.kill()
    deliver(page, server.url, message)
    (shown,) = page.evaluate(SHOWN)
    assert shown["body"] == "您有1次走访本周到期,点开查看"

    page.context.service_workers[0].evaluate(TAP)
    page.wait_for_url(f"**/app/pupils/{small.pupil}")
    window.see("李明轩")
    expect(page.get_by_role("link", name="开始家访")).to_be_visible()
    assert page.evaluate(SHOWN) == []
    window.look("push-opened")
    window.close()


def test_a_broken_message_is_shown_too(
    playwright: Playwright, school: tuple[School, Server], tmp_path: Path
) -> None:
    _small, server = school
    window = Window(playwright, tmp_path / "profile", server.url)
    page = window.open("/app/signin")
    page.get_by_label("手机号").wait_for()
    deliver(page, server.url, "<not json>")
    (shown,) = page.evaluate(SHOWN)
    assert shown["title"] == "走访"
    window.close()


def test_beside_a_due_visit_the_phone_offers_to_remind_and_takes_no_for_an_answer(
    playwright: Playwright, school: tuple[School, Server], push_service: PushService, tmp_path: Path
) -> None:
    small, server = school
    apart(small.assign())
    window, page = signed_in(playwright, tmp_path, server)
    window.see("李明轩")
    window.go("/app/")
    offer = page.get_by_role("button", name="开启提醒")
    expect(offer).to_be_visible()
    window.look("push-offer")

    page.get_by_role("button", name="不用").click()
    expect(offer).to_be_hidden()
    window.go("/app/")
    window.see("李明轩")
    expect(offer).to_be_hidden()

    page.evaluate("localStorage.clear()")
    window.go("/app/")
    page.evaluate(STAND_IN, Browser().subscription(push_service.endpoint("phone")))
    offer.click()
    window.see("已开启")
    window.look("push-offered")
    window.close()


def test_where_the_push_service_is_out_of_reach_it_is_said_in_words(
    playwright: Playwright, school: tuple[School, Server], tmp_path: Path
) -> None:
    _small, server = school
    window, page = signed_in(playwright, tmp_path, server)
    window.go("/app/me")
    page.evaluate("""() => { PushManager.prototype.subscribe = async () => {
      throw new DOMException("Registration failed - push service error", "AbortError"); }; }""")
    page.get_by_role("button", name="开启提醒").click()
    window.see("连不上推送服务")
    window.look("push-out-of-reach")
    window.close()
