"""The sealed format against the shared cases, and against everything that is not one."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.vaults.seal import OVERHEAD, CannotOpen, KeyPair, from_text, to_text
from sync.vectors.make_sealed import cases
from tests.server.vaults.sealing import seal

VECTORS = Path(__file__).parents[3] / "sync" / "vectors" / "sealed.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))["cases"]
PAIR = KeyPair.of(from_text(CASES[0]["key"]["private"]))


def test_the_cases_are_as_they_are_made() -> None:
    assert cases() == CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_server_opens_what_the_cases_say(case: dict[str, Any]) -> None:
    pair = KeyPair.of(from_text(case["key"]["private"]))
    assert (pair.id, to_text(pair.public)) == (case["key"]["id"], case["key"]["public"])
    assert to_text(pair.open(from_text(case["sealed"]), case["about"])) == case["plain"]


@pytest.mark.parametrize("case", CASES[:4], ids=lambda case: case["name"])
def test_it_opens_nothing_else(case: dict[str, Any]) -> None:
    sealed = from_text(case["sealed"])
    pair = KeyPair.of(from_text(case["key"]["private"]))
    wrong = [sealed[:n] for n in (0, 1, 64, 65, 77, OVERHEAD - 1, len(sealed) - 1)] + [sealed + b"\0"]
    wrong += [sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :] for n in range(0, len(sealed), 7)]
    for damaged in wrong:
        with pytest.raises(CannotOpen):
            pair.open(damaged, case["about"])
    for about in ("", case["about"] + "1", case["about"].replace(":", ";")):
        with pytest.raises(CannotOpen):
            pair.open(sealed, about)
    with pytest.raises(CannotOpen):
        KeyPair.make().open(sealed, case["about"])


def test_the_key_is_bound_to_its_id() -> None:
    """A phone that was told another id for the same key seals what this server can't open."""
    other = {"id": "0123456789abcdef", "public": to_text(PAIR.public)}
    with pytest.raises(CannotOpen):
        PAIR.open(from_text(seal(other, "c:1", b"{}")), "c:1")


@given(st.binary(max_size=400), st.text(max_size=20))
def test_whatever_bytes_come_it_opens_or_says_that_it_cant(data: bytes, about: str) -> None:
    with pytest.raises(CannotOpen):
        PAIR.open(data, about)


@given(st.binary(max_size=400), st.text(max_size=20))
def test_what_another_writer_seals_is_opened(plain: bytes, about: str) -> None:
    key = {"id": PAIR.id, "public": to_text(PAIR.public)}
    assert PAIR.open(from_text(seal(key, about, plain)), about) == plain


@given(st.binary(max_size=50))
def test_base64url_with_and_without_padding(data: bytes) -> None:
    assert from_text(to_text(data)) == from_text(urlsafe_b64encode(data).decode()) == data


@pytest.mark.parametrize("text", ["a b", "a+b/", "é", "=a", "a", "\ud800"])
def test_what_is_no_base64url(text: str) -> None:
    with pytest.raises(ValueError):
        from_text(text)
