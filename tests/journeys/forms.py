"""A form as the person who fills it sees it, on the phone or online: questions by words, one main button."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


class Filling:
    """The form that a page shows."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def question(self, label: str) -> Locator:
        """The question that asks `label`."""
        heading = self.page.locator("h2, .label", has_text=re.compile(f"^{re.escape(label)}$"))
        return self.page.locator(".q", has=heading).first

    def choose(self, label: str, *options: str) -> None:
        """Tap each of these answers of a question."""
        for option in options:
            self.question(label).locator(".opt").filter(
                has_text=re.compile(f"^\\s*{re.escape(option)}")
            ).first.tap()

    def write(self, label: str, text: str) -> None:
        """Type into a question's field."""
        box = self.question(label).locator("textarea, input:not([type=hidden])").first
        box.fill(text)
        box.blur()

    def measure(self, field: Locator, digits: str) -> None:
        """Tap a measured number and type it on the keypad's keys."""
        field.tap()
        for digit in digits:
            self.page.locator(f"#kp-sheet [data-key='{digit}']").tap()
        self.page.locator("#kp-ok").tap()
        expect(self.page.locator("#kp-sheet")).to_have_count(0)

    def saved(self) -> None:
        """Wait until the form says that what was filled in is stored."""
        expect(self.page.locator("#saved")).to_contain_text("已存")

    def go_on(self) -> None:
        """Press the main button at the bottom."""
        self.page.locator(".dock .btn.main").tap()

    def on_to(self, *titles: str) -> None:
        """Go on through these sections to the last of them."""
        for title in titles:
            self.go_on()
            self.section(title)

    def to_the_end(self) -> None:
        """Go on until the main button hands the form in."""
        main = self.page.locator(".dock .btn.main")
        while "提交" not in main.inner_text():
            here = self.page.url
            main.tap()
            expect(self.page).not_to_have_url(here)

    def submit(self) -> None:
        """Go on to the end of the form and hand it in; ends on the record, which waits to be sent."""
        self.to_the_end()
        self.go_on()
        expect(self.page).to_have_url(re.compile("/app/records/"))
        expect(self.page.locator(".state.phone")).to_be_visible()

    def section(self, title: str) -> None:
        """Wait until the trail stands at this section."""
        expect(self.page.locator(".trail .here")).to_have_text(re.compile(title))
