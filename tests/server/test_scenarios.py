"""The acceptance scenarios of the field brief that are about duties, by their numbers there."""

from datetime import date

import pytest

from server.access import server_principal
from sync.protocol import Op
from tests.town import Town


@pytest.mark.parametrize("result", ["nobody_home", "refused", "moved"])
async def test_3_nobody_was_met_and_the_duty_stays_open(town: Town, result: str) -> None:
    await town.assign(town.li)
    visit = await town.visit(result, town.li)
    (duty,) = await town.duties()
    assert duty.state == "open"
    assert duty.fields.get("met_by") is None
    assert (await town.see(visit)).state == "submitted"


async def test_3_the_second_try_meets_it(town: Town) -> None:
    await town.assign(town.li)
    await town.visit("nobody_home", town.li, day=date(2026, 11, 18))
    second = await town.visit("met_guardian", town.li, day=date(2026, 11, 19))
    (duty,) = await town.duties()
    assert (duty.state, duty.fields["met_by"]) == ("met", [second])


async def test_10_the_old_teachers_visit_closes_the_successors_duty(town: Town) -> None:
    await town.assign(town.li)
    (duty,) = await town.duties()
    edit = Op(0, "edit", "duty", duty.id, base=duty.rev, form="duty", form_version=1)
    edit.set = {"assignee": town.office}
    await town.submit(server_principal(town.school), edit)

    visit = await town.visit("met_guardian", town.li, day=date(2026, 11, 17))

    (duty,) = await town.duties()
    assert duty.fields["assignee"] == town.office
    assert (duty.state, duty.fields["met_by"]) == ("met", [visit])
    assert (await town.see(visit)).author == town.wang, "the visit is the old teacher's credit"
