"""Chromium is killed while a form saves: what the form said to be saved is there after the next start."""

from __future__ import annotations

import os
import random
import re
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error, TimeoutError, expect, sync_playwright

from tests.faults.figures import Figures
from tests.faults.ledger import shown_values
from tests.journeys.browser import Browser
from tests.journeys.forms import Filling
from tests.journeys.people import send, sign_in, unlock
from tests.journeys.school import fill_school
from tests.journeys.server import Server
from tests.needs import node

TEACHER, PUPIL = "13800000001", "覃佑建"
REASONS = {"routine": "常规", "study": "学业", "care": "关怀", "absence": "缺勤", "safety": "安全"}
LONGEST = 800  # milliseconds between a change and the kill: a form saves half a second after the last key
LISTEN = """() => {
  const line = document.getElementById("saved");
  const heard = () => { if (line.textContent.includes("已存本机")) document.body.dataset.said = "yes"; };
  new MutationObserver(heard).observe(line, { childList: true });
}"""


class KillableBrowser(Browser):
    """A browser of which nothing survives the kill: all its processes are one group."""

    def kill(self) -> None:
        """SIGKILL to every process at once."""
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                own = f"--user-data-dir={self.profile}".encode() in entry.read_bytes().split(b"\0")
                if own and (group := os.getpgid(int(entry.parent.name))) != os.getpgid(0):
                    os.killpg(group, signal.SIGKILL)
        with suppress(Error):  # the driver may have noticed already that it is gone
            self.close()


class Person:
    """Who fills a form, and remembers what the phone said of it."""

    def __init__(self, phone: Browser, rng: random.Random) -> None:
        self.phone, self.rng = phone, rng
        self.sure = {"talk": "", "meet": ""}  # what is stored for certain
        self.maybe = {"talk": "", "meet": ""}  # what was changed since, and may be stored or not
        self.said = 0
        self.broken: list[str] = []

    def begin(self) -> None:
        """A visit that is stored; ends on the page of its form."""
        page = self.phone.go("/app/")
        page.get_by_role("link", name=PUPIL).tap()
        page.get_by_role("link", name="开始家访").tap()
        form = Filling(page)
        form.choose("走访结果", "见到监护人")
        form.saved()
        found = re.search(r"/app/fill/([0-9a-f-]{36})", page.url)
        assert found, page.url
        self.doc = found[1]

    def look(self, section: str) -> None:
        """Open the section anew and compare."""
        self.phone.go(f"/app/fill/{self.doc}?s={section}")
        here = self._value(section)
        if here not in (self.sure[section], self.maybe[section]):
            self.broken.append(
                f"{section}: {here!r} after {self.sure[section]!r} was saved, then {self.maybe[section]!r}"
            )
        self.sure[section] = self.maybe[section] = here

    def _value(self, section: str) -> str:
        page = self.phone.page
        if section == "talk":
            return page.locator("textarea[name=home_fb]").input_value()
        chosen = page.locator("input[name=reason]:checked")
        return " ".join(sorted(box.get_attribute("value") or "" for box in chosen.all()))

    def change(self, section: str, number: int) -> None:
        """Change something, wait for a random while or until it is said to be saved, and lose the browser."""
        page = self.phone.page
        page.evaluate(LISTEN)
        if section == "talk":
            text = f"{self.sure['talk']}第{number}句。"[-200:]
            self.maybe["talk"] = text
            page.locator("textarea[name=home_fb]").fill(text)
        else:
            self._toggle(self.rng.choice(list(REASONS)))
        if self.rng.random() < 0.5:
            with suppress(TimeoutError):
                page.locator("body[data-said]").wait_for(timeout=2_000)
        else:
            page.wait_for_timeout(self.rng.uniform(0, LONGEST))
        if page.evaluate("document.body.dataset.said"):
            self.said += 1
            self.sure[section] = self.maybe[section]
        self.phone.kill()

    def _toggle(self, reason: str) -> None:
        chosen = set(self.sure["meet"].split()) ^ {reason}
        self.maybe["meet"] = " ".join(sorted(chosen))
        Filling(self.phone.page).choose("这次为什么去", REASONS[reason])


def browser_killed(folder: Path, times: int, seed: int) -> Figures:
    """So many kills, offline; then the phone meets the server again. Skips where there is no Chromium."""
    folder.mkdir(parents=True)
    server = Server(folder)
    server.zoufang("migrate")
    fill_school(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAYWRIGHT_NODEJS_PATH", node())
        with sync_playwright() as driver:
            phone = KillableBrowser(driver, folder / "profile", server.url)
            person = Person(phone, random.Random(seed))
            try:
                _kills(server, phone, person, times)
            finally:
                phone.kill()
                server.kill()
    at_school = shown_values(folder / "zoufang.db", person.doc)
    figures = Figures("Chromium killed while saving")
    kept = Counter(at_school.get("reason", [])) == Counter(person.sure["meet"].split())
    figures.promise(at_school.get("home_fb", "") == person.sure["talk"] and kept, f"arrived as {at_school}")
    figures.counts = {"kills": times, "said to be saved": person.said, "lost": len(person.broken)}
    figures.broken += person.broken[:10] + phone.faults[:5]
    figures.promise(times < 10 or person.said > 0, "nothing was ever said to be saved: it proves nothing")
    return figures


def _kills(server: Server, phone: Browser, person: Person, times: int) -> None:
    server.start()
    sign_in(phone, TEACHER)
    person.begin()
    server.kill()
    for number in range(times):
        section = ("talk", "meet")[number % 2]
        person.look(section)
        person.change(section, number)
        _open(phone, "/app/")
    for section in ("talk", "meet"):
        person.look(section)
    server.start()
    _open(phone, "/app/sync")
    stand = phone.page.locator("#sync-h")
    expect(stand).to_contain_text(re.compile("已和学校对上|请重新登录"))
    if "请重新登录" in stand.inner_text():  # a cookie is young at the first kill: Chromium had not stored it
        _open(phone, "/app/sync")  # now that the phone knows, unlocking with a signal signs in again
    send(phone)


def _open(phone: Browser, path: str) -> None:
    phone.kill()
    phone.open(path)
    unlock(phone)
