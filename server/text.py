"""Words for people. Chinese is the source language; other languages come from one gettext catalogue."""

from __future__ import annotations

import gettext
from contextvars import ContextVar
from functools import cache
from typing import Any

from server.paths import folder

LOCALES = folder("locale")
DOMAIN = "zoufang"
SOURCE = "zh-CN"
LANGUAGES = (SOURCE, *sorted(found.parts[-3] for found in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")))
"""Languages that there is a compiled catalogue of: a page never claims to be in one that it is not."""

_language: ContextVar[str] = ContextVar("language", default=SOURCE)


def _(text: str) -> str:
    """The text in the language of the request at hand; the Chinese itself where there is no translation."""
    language = _language.get()
    return text if language == SOURCE else _catalogue(language).gettext(text)


def N_(text: str) -> str:
    """Marks a text of a table for the catalogue; `_` translates it when it is shown."""
    return text


def fmt(text: str, /, **values: Any) -> str:
    """Replace each `{name}` by its value. Unlike str.format it knows no attributes, indexes or formats."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def use_language(accept: str) -> str:
    """Choose the language for the request at hand from an Accept-Language header, and return it.

    The first language named that we have decides; browsers send them in order of preference.
    """
    chosen = SOURCE
    for part in accept.split(","):
        tag = part.split(";")[0].strip().lower()
        match = next((known for known in LANGUAGES if tag.split("-")[0] == known.split("-")[0].lower()), None)
        if match:
            chosen = match
            break
    _language.set(chosen)
    return chosen


def language() -> str:
    """The language of the request at hand, as an HTML `lang` attribute says it."""
    return _language.get()


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALES, languages=[language], fallback=True)
