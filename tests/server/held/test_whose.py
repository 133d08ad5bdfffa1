"""The office's page of what was not taken: whose it is to release, and what a record brings along."""

from sync.protocol import Op
from tests.conftest import Client
from tests.server.held.test_held_page import FORM, SignIn, held_id, nav_count, open_held, press, strange_visit
from tests.server.pages import read, words
from tests.server.village import Village


async def test_what_one_sent_oneself_is_for_another_to_release(
    sign_in: SignIn, office: Client, village: Village
) -> None:
    op = Op(0, "edit", "visit", await village.visit(), **FORM, set={"carer": "single"})
    (result,) = await village.ops("office", op)
    assert result.code == "forbidden"
    ident = f"{village.clients['office']}:{result.seq}"
    page = await open_held(office, ident)
    assert "自己传来的不能自己放行" in words(page, "//article") and not page.xpath("//button[@formaction]")
    forced = await office.post(f"/office/held/{ident}/release", data={"csrf": office.csrf})
    assert forced.status_code == 422
    assert "自己传来的不能自己放行" in words(read(forced.text), "//*[@data-say]")
    assert nav_count(await open_held(office, ident)) == "1", "the attempt left nothing behind"
    principal = await sign_in("principal")
    assert (await press(principal, ident, "release")).status_code == 303


async def test_a_verdict_does_not_follow_the_record_and_is_not_counted(
    office: Client, village: Village
) -> None:
    doc = await strange_visit(village)
    (result,) = await village.ops("class_teacher", Op(0, "event", "visit", doc, **FORM, event="approve"))
    assert result.code == "unknown_doc"
    first = held_id(village, 1)
    assert "跟着它的2条会一起放行" in words(await open_held(office, first), "//article")
    assert (await press(office, first, "release")).status_code == 303
    record = read((await office.get(f"/office/records/{doc}?state=all")).text)
    assert "已提交" in words(record, "//article")
    reply = await press(office, held_id(village, result.seq), "release")
    assert reply.status_code == 422 and "还是收不了" in words(read(reply.text))
