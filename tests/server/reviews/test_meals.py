"""A meal audited by general affairs and by a member: both counts stand, the gap shows on either record."""

from __future__ import annotations

from typing import Any

import pytest

from server.db import new_id
from sync.protocol import Op
from tests.conftest import Client
from tests.server.pages import words
from tests.server.reviews.test_review import open_record
from tests.server.village import Village


async def audit(village: Village, role: str, part: str, **answers: Any) -> str:
    """One part of the meal's audit, handed in."""
    ident, form = new_id(), f"meal_audit_{part}"
    about: dict[str, Any] = {"form": form, "form_version": 1}
    values = {"occurred_at": "2026-11-20T11:40:00+08:00", **answers}
    meta = {"meal": village.meal, "part": part}
    create = Op(0, "create", "visit", ident, **about, set=values, meta=meta)
    submit = Op(0, "event", "visit", ident, **about, event="submit", from_="draft")
    results = await village.ops(role, create, submit)
    assert [result.result for result in results] == ["applied", "applied"], results
    return ident


@pytest.mark.parametrize(
    ("claimed", "counted", "answer"),
    [
        (412, 371, "总务处报412，现场点了371，差41"),
        (412, 410, "总务处报412，现场点了410，差2，在允许范围内"),
        (412, 412, ""),
    ],
)
async def test_both_counts_stand_beside_each_other(
    office: Client, village: Village, claimed: int, counted: int, answer: str
) -> None:
    part_a = await audit(village, "general_affairs", "a", served=claimed)
    part_b = await audit(village, "committee", "b", seen_count=counted, counted="whole")
    for visit, beside in ((part_a, "现场审核 周洁"), (part_b, "总务处填报 赵敏")):
        text = words(await open_record(office, visit), '//p[@class="beside"]')
        assert text == f"{beside}{answer}"
        assert "审核人 " in words(await open_record(office, visit), '//header[@class="rec-h"]')
    assert "371" not in words(await open_record(office, part_a), '//*[@id="f-served"]')
