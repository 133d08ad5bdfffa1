"""Duties as the office, the teacher and the server lead them."""

from datetime import date

import pytest

from server.duties.actions import assign, out_of_sight
from tests.town import FRIDAY, Town


async def test_the_office_assigns_one_duty_a_pupil(town: Town) -> None:
    await town.assign(town.li, town.mei)
    duties = await town.duties()
    assert sorted(duty.fields["students"][0] for duty in duties) == sorted([town.li, town.mei])
    assert {duty.state for duty in duties} == {"open"}
    assert {duty.fields["assignee"] for duty in duties} == {town.wang}
    assert {duty.fields["due"] for duty in duties} == {"2026-11-20"}


async def test_assigning_the_same_again_changes_nothing(town: Town) -> None:
    await town.assign(town.li)
    assert await town.assign(town.li) == []
    assert len(await town.duties()) == 1


async def test_the_same_wish_sent_twice_is_one_even_after_the_visit(town: Town) -> None:
    await town.assign(town.li, request="wish")
    await town.visit("met_guardian", town.li)
    await town.assign(town.li, request="wish")
    (duty,) = await town.duties()
    assert duty.state == "met"


async def test_a_teacher_cannot_assign(town: Town) -> None:
    who = await town.principal(town.wang)
    async with town.db.write() as conn:
        (result,) = await assign(conn, town.env, who, "client-wang", [town.li], town.wang, FRIDAY)
    assert (result.result, result.code) == ("held", "forbidden")
    assert await town.duties() == []


@pytest.mark.parametrize("result", ["met_guardian", "pupil_only"])
async def test_a_submitted_visit_meets_the_duty(town: Town, result: str) -> None:
    await town.assign(town.li)
    visit = await town.visit(result, town.li)
    (duty,) = await town.duties()
    assert duty.state == "met"
    assert duty.fields["met_by"] == [visit]


@pytest.mark.parametrize(("by", "event"), [("wang", "withdraw"), ("office", "return"), ("office", "void")])
async def test_a_visit_taken_back_opens_the_duty_and_a_new_submit_meets_it_again(
    town: Town, by: str, event: str
) -> None:
    await town.assign(town.li)
    visit = await town.visit("met_guardian", town.li)
    assert (await town.event(getattr(town, by), visit, event, reason="请补")).result == "applied"
    (duty,) = await town.duties()
    assert (duty.state, duty.fields.get("met_by")) == ("open", None)
    if event != "void":
        assert (await town.event(town.wang, visit, "submit")).result == "applied"
        (duty,) = await town.duties()
        assert duty.state == "met"


async def test_the_approved_visit_keeps_it_met(town: Town) -> None:
    await town.assign(town.li)
    visit = await town.visit("met_guardian", town.li)
    assert (await town.event(town.office, visit, "approve")).result == "applied"
    (duty,) = await town.duties()
    assert duty.state == "met"


async def test_one_visit_to_a_home_meets_the_duty_of_both_children(town: Town) -> None:
    await town.assign(town.li, town.mei)
    await town.visit("met_guardian", town.li, town.mei)
    assert {duty.state for duty in await town.duties()} == {"met"}


async def test_it_meets_the_earliest_and_leaves_the_next(town: Town) -> None:
    await town.assign(town.li, due=date(2026, 11, 20))
    await town.assign(town.li, due=date(2026, 12, 20))
    await town.visit("met_guardian", town.li)
    assert [duty.state for duty in await town.duties()] == ["met", "open"]


async def test_whose_duty_it_is_may_postpone_it_with_a_reason(town: Town) -> None:
    await town.assign(town.li)
    (duty,) = await town.duties()
    answer = await town.event(town.wang, duty.id, "postpone", due="2026-11-27", reason="路断了")
    assert answer.result == "applied"
    (duty,) = await town.duties()
    assert (duty.state, duty.fields["due"]) == ("open", "2026-11-27")
    assert duty.notes["events"][0]["args"]["reason"] == "路断了"


async def test_a_postponement_without_a_day_moves_nothing(town: Town) -> None:
    await town.assign(town.li)
    (duty,) = await town.duties()
    await town.event(town.wang, duty.id, "postpone", reason="路断了")
    (duty,) = await town.duties()
    assert duty.fields["due"] == "2026-11-20"


async def test_the_office_may_exempt_and_the_visit_then_meets_nothing(town: Town) -> None:
    await town.assign(town.li)
    (duty,) = await town.duties()
    assert (await town.event(town.office, duty.id, "exempt", reason="转学")).result == "applied"
    await town.visit("met_guardian", town.li)
    (duty,) = await town.duties()
    assert duty.state == "exempt"


async def test_nobody_but_the_server_says_that_a_duty_is_met(town: Town) -> None:
    await town.assign(town.li)
    (duty,) = await town.duties()
    for user in (town.wang, town.office):
        assert (await town.event(user, duty.id, "met")).result == "held"
    (duty,) = await town.duties()
    assert duty.state == "open"


async def test_a_pupil_is_out_of_sight_of_who_neither_teaches_nor_helps(town: Town) -> None:
    async with town.db.read() as conn:
        both = [town.li, town.mei]
        assert await out_of_sight(conn, town.env, town.school, town.wang, both) == []
        assert await out_of_sight(conn, town.env, town.school, town.office, both) == both
        assert await out_of_sight(conn, town.env, town.school, "nobody", both) == both
