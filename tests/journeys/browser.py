"""A person's browser: the distribution's Chromium with a profile that outlives it, looked at and audited."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import BrowserContext, Error, Page, Playwright, ViewportSize, expect

from tests.needs import ROOT, chromium

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
]
SCREENS = ROOT / "var" / "screens"
AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
PATIENCE = 20_000  # milliseconds; a cold start beside other work on two cores takes its time
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
Place = Literal["phone", "office"]
SIZES: dict[Place, ViewportSize] = {
    "phone": {"width": 360, "height": 740},
    "office": {"width": 1440, "height": 900},
}


OVERTAKEN = ("interrupted by another navigation", "net::ERR_ABORTED")
"""What is said of a navigation in whose place the page itself has begun another."""


class Browser:
    """One person's browser. `kill()` is what Android does to it; `open()` starts it again."""

    def __init__(
        self, playwright: Playwright, profile: Path, url: str, place: Place = "phone", **context: Any
    ) -> None:
        self.playwright, self.profile, self.url, self.place = playwright, profile, url, place
        self.options: dict[str, Any] = {
            "locale": "zh-CN",
            "timezone_id": "Asia/Shanghai",
            "permissions": ["notifications"],
            **context,
        }
        self.context: BrowserContext
        self.page: Page
        self.faults: list[str] = []

    def open(self, path: str = "/") -> Page:
        """Start the browser with its one page on `path`."""
        self.context = self.playwright.chromium.launch_persistent_context(
            self.profile,
            executable_path=chromium(),
            args=FLAGS,
            viewport=SIZES[self.place],
            device_scale_factor=2 if self.place == "phone" else 1,
            is_mobile=self.place == "phone",
            has_touch=self.place == "phone",
            **self.options,
        )
        self.context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        self.context.on("serviceworker", lambda worker: worker.on("console", self._heard))
        for worker in self.context.service_workers:
            worker.on("console", self._heard)
        self.page = self.context.pages[0] if self.context.pages else self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.go(path)
        return self.page

    def go(self, path: str) -> Page:
        """Go to an address of the server; where a tap has just begun to lead elsewhere, after that."""
        try:
            self.page.goto(self.url + path)
        except Error as error:
            if not any(words in error.message for words in OVERTAKEN):
                raise
            self.page.wait_for_load_state()
            self.page.goto(self.url + path)
        return self.page

    def kill(self) -> None:
        """SIGKILL to the browser, with all it has open."""
        own = f"--user-data-dir={self.profile}".encode()
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                arguments = entry.read_bytes().split(b"\0")
            except OSError:
                continue
            if own in arguments and not any(part.startswith(b"--type=") for part in arguments):
                os.kill(int(entry.parent.name), signal.SIGKILL)
        with suppress(Error):  # the driver may have noticed already that it is gone
            self.close()

    def close(self) -> None:
        """End it as a person does."""
        self.context.close()

    def see(self, text: str | re.Pattern[str]) -> None:
        """Wait until the page shows a text."""
        expect(self.page.locator("body")).to_contain_text(text)

    def look(self, name: str, *, audit: bool = True) -> None:
        """Keep a picture in var/screens/ and note in `faults` where the page is not what the design asks."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png", animations="disabled", caret="initial")
        if not audit:
            return
        self.faults += [f"{name}: {fault}" for fault in self.page.evaluate(AUDIT, self.place) + self._axe()]

    def _axe(self) -> list[str]:
        """axe-core's violations, one line each; its own contrast check is weaker than ours and repeats it."""
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"axe {violation['id']}: {violation['help']} at {node['target']} {node['html'][:120]}"
            for violation in found["violations"]
            for node in violation["nodes"][:3]
        ]

    def _heard(self, message: Any) -> None:
        """Note what the browser complains of. Replies that fail are part of the journeys and no complaint."""
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.faults.append(f"console: {message.text}")
