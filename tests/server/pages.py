"""Reading the server's pages in tests as a person would: by words, labels and buttons."""

from __future__ import annotations

from lxml import html

Page = html.HtmlElement


def read(text: str) -> Page:
    """A page."""
    return html.fromstring(text)


def words(page: Page, path: str = "//main") -> str:
    """The visible text of a part, with single spaces."""
    return " ".join(" ".join(part.text_content() for part in page.xpath(path)).split())


def titles(page: Page) -> list[str]:
    """The titles of the list's records."""
    return [b.text_content() for b in page.xpath('//*[contains(@class, "queue")]//a//b')]


def answers(page: Page) -> dict[str, str]:
    """Label → answer, of a record at the office; without what it was before."""
    return {
        label: " ".join("".join(row.xpath('.//*[@class="v"]//text()[not(ancestor::details)]')).split())
        for label, row in _fields(page)
    }


def past(page: Page) -> dict[str, list[str]]:
    """Label → what the answer was before, a line each, of a record at the office."""
    rows = {label: row.xpath('.//details[@class="was"]//li') for label, row in _fields(page)}
    return {label: [words(line, ".") for line in lines] for label, lines in rows.items() if lines}


def _fields(page: Page) -> list[tuple[str, Page]]:
    rows = page.xpath('//*[contains(concat(" ", @class, " "), " fld ")][.//p[@class="k"]]')
    return [(row.xpath('.//p[@class="k"]')[0].text_content(), row) for row in rows]


def form_data(page: Page, form: str) -> list[tuple[str, str]]:
    """What a browser without scripts would post from the form with this id, without any button."""
    found = page.xpath(f'//form[@id="{form}"]')
    assert found, f"no form {form}"
    return [(name, value) for name, value in found[0].form_values()]
