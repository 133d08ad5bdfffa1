"""Phones, pupils, and what a phone seals."""

from __future__ import annotations

from typing import Any

from tests.phone import Phone, uuid7
from tests.server.gateway.conftest import phone_of, pupils

__all__ = ["phone_of", "pupils"]

DEVICE = "01936b2e-0000-7000-8000-0000000000d1"


async def key_of(phone: Phone) -> dict[str, str]:
    """The key that the server wants ops sealed to."""
    status, answer = await phone.send("GET", f"/vault?device={DEVICE}", {}, None)
    assert status == 200
    return answer["key"]


def visit(phone: Phone, pupil: str, **fields: Any) -> str:
    """A home visit, created and submitted: two ops."""
    doc = uuid7()
    phone.op("create", "visit", doc, "home_visit", set=fields, meta={"students": [pupil]})
    phone.op("event", "visit", doc, "home_visit", event="submit")
    return doc
