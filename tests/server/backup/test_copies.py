"""A phone and its copy, with a restore between: what one does in the new life is not in the other's sight."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from server.access import server_principal
from server.backup.cli import write_backup
from server.gateway.past import history
from server.vaults.file import UnsentFile
from server.vaults.intake import take_in
from sync.protocol import MAX_OPS
from tests.conftest import PASSWORD, People
from tests.phone import Phone, Refused
from tests.server.backup.conftest import PASSPHRASE, Site
from tests.server.backup.test_restore import back_to, edit, visit
from tests.server.vaults.conftest import key_of
from tests.server.vaults.sealing import export, seal_op

Pupils = dict[str, str]


async def two_of_one(site: Site, school: People, pupils: Pupils) -> tuple[Phone, Phone, str]:
    """A phone, its copy, and a visit that both have, the client's first op."""
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    doc = visit(phone, pupils["龙䶮"])
    await phone.sync()
    twin = await site.phone(school.phones["class_teacher"])
    twin.restart(phone.stored())
    await twin.sign_in(school.phones["class_teacher"], PASSWORD)
    return phone, twin, doc


async def apart(site: Site, school: People, pupils: Pupils, tmp_path: Path) -> tuple[Phone, Phone, str]:
    """The phone's second op is lost with the server. The copy comes first with a second one of its own; the
    phone's third op waits, and the phone does not know of the restore."""
    phone, twin, doc = await two_of_one(site, school, pupils)
    await write_backup(site.settings, tmp_path / "copy", PASSPHRASE)
    edit(phone, doc, carer="one_away")
    await phone.sync()
    await back_to(site, tmp_path / "copy", phone, twin)
    edit(twin, doc, carer="both_away")
    await twin.sync_through()
    edit(phone, doc, carer="single")
    return phone, twin, doc


async def by_push(site: Site, school: People, phone: Phone) -> None:
    with pytest.raises(Refused, match="resync"):
        await phone.exchange(phone.queue)


async def by_delivery_token(site: Site, school: People, phone: Phone) -> None:
    phone.delivery = await delivery_of(phone)
    with pytest.raises(Refused, match="resync"):
        await phone.deliver(phone.queue)


async def sealed(site: Site, school: People, phone: Phone) -> None:
    await deliver_sealed(phone, phone.queue)


async def deliver_sealed(phone: Phone, ops: list[dict[str, Any]]) -> dict[str, Any]:
    """What a phone that is locked does, and what it hears."""
    key = await key_of(phone)
    sealed = [seal_op(key, phone.user["id"], phone.client, op) for op in ops]
    body = {"client": phone.client, "key": key["id"], "epoch": phone.epoch, "ops": sealed}
    status, answer = await phone.send("POST", "/sync/sealed", {"X-CSRFToken": phone.csrf}, body)
    assert status == 200
    return answer


async def in_a_file(site: Site, school: People, phone: Phone) -> None:
    await bring_file(site, school, phone, phone.queue)


async def bring_file(site: Site, school: People, phone: Phone, ops: list[dict[str, Any]]) -> None:
    """What the office does with a file of these ops."""
    key, user = await key_of(phone), phone.user["id"]
    file = export(key, school.id, user, phone.client, await delivery_of(phone), ops)
    state = site.app.state
    read = msgspec.convert({**file, "epoch": phone.epoch}, UnsentFile)
    counts = await take_in(state.db, state.env, state.settings, school.id, read)
    assert counts["records"] == 1


async def delivery_of(phone: Phone) -> str:
    """A delivery token for the client that the phone is."""
    path = f"/vault?device={phone.client}&client={phone.client}"
    _, answer = await phone.send("GET", path, {}, None)
    return answer["delivery"]


Door = Callable[[Site, People, Phone], Awaitable[None]]
DOORS: list[Door] = [by_push, by_delivery_token, sealed, in_a_file]


def carers(phone: Phone, doc: str) -> tuple[str, set[str]]:
    """Who is shown to care, and what else was said."""
    found = phone.docs[doc]
    return found["fields"]["carer"], {s["value"] for s in found["siblings"].get("carer", [])}


async def seen(site: Site, school: People, doc: str) -> tuple[str, set[str]]:
    """The same on a phone that is new."""
    new = await site.phone(school.phones["class_teacher"])
    await new.sync()
    return carers(new, doc)


@pytest.mark.parametrize("door", DOORS)
async def test_what_the_copy_did_is_not_taken_for_seen(
    site: Site, school: People, pupils: Pupils, tmp_path: Path, door: Door
) -> None:
    phone, twin, doc = await apart(site, school, pupils, tmp_path)
    await door(site, school, phone)
    assert await seen(site, school, doc) == ("both_away", {"single"})
    async with site.db.read() as conn:
        gone = await history(conn, site.app.state.env, server_principal(school.id), doc)
    assert gone == [], "the history says so too"
    await phone.sync_through()
    await twin.sync_through()
    assert carers(phone, doc) == carers(twin, doc)
    shown, others = carers(phone, doc)
    assert {shown} | others >= {"both_away", "single"}


async def test_nor_when_it_is_held_first_and_released_later(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    principal = await site.phone(school.phones["principal"])
    office = await site.phone(school.phones["office"])
    phone, _, doc = await apart(site, school, pupils, tmp_path)
    for desk in (principal, office):
        site.connect(desk)
    await give_role(principal, school, "remove")
    with pytest.raises(Refused) as refused:
        await phone.exchange(phone.queue)
    assert refused.value.problem["results"][0]["code"] == "forbidden"
    await give_role(principal, school, "add")
    await office.sync_through()
    made = office.op("event", "held", f"{phone.client}:3", "held", event="release")
    await office.sync()
    assert office.results[made["seq"]]["result"] == "applied"
    assert await seen(site, school, doc) == ("both_away", {"single"})


async def give_role(principal: Phone, school: People, how: str) -> None:
    """The class teacher's role is revoked or given back."""
    await principal.sync_through()
    change = {"roles": {how: ["class_teacher"]}}
    principal.op("edit", "person", school.ids["class_teacher"], "person", set=change)
    await principal.sync()


async def test_a_locked_phone_is_not_told_that_a_backup_has_what_only_its_copy_did(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    phone, _, _ = await apart(site, school, pupils, tmp_path)
    await write_backup(site.settings, tmp_path / "later", PASSPHRASE)
    answer = await deliver_sealed(phone, phone.queue)
    assert answer == {"acked": 3, "durable": 1}


async def test_nor_when_the_phone_missed_more_than_one_restore(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    """What the backup had is of a life that the phone knows nothing of."""
    phone, twin, doc = await apart(site, school, pupils, tmp_path)
    await write_backup(site.settings, tmp_path / "later", PASSPHRASE)
    await back_to(site, tmp_path / "later", phone, twin)
    await by_push(site, school, phone)
    assert await seen(site, school, doc) == ("both_away", {"single"})


async def test_a_phone_without_a_copy_disagrees_with_itself_over_nothing(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    """One after the other, both made before either was answered, with a restore between."""
    phone, _, doc = await two_of_one(site, school, pupils)
    edit(phone, doc, carer="one_away")
    edit(phone, doc, carer="single")
    phone.take(await phone.exchange(phone.queue[:1]))
    await write_backup(site.settings, tmp_path / "copy", PASSPHRASE)
    await back_to(site, tmp_path / "copy", phone)
    with pytest.raises(Refused) as refused:
        await phone.exchange(phone.queue)
    assert [r["result"] for r in refused.value.problem["results"]] == ["applied"]
    await phone.sync_through()
    assert carers(phone, doc) == ("single", set())


async def test_nor_when_what_was_lost_comes_together_with_what_is_new(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    """The reply got lost, then the server: the same push once more shows what it is after."""
    phone, _, doc = await two_of_one(site, school, pupils)
    await write_backup(site.settings, tmp_path / "copy", PASSPHRASE)
    await back_to(site, tmp_path / "copy", phone)
    edit(phone, doc, carer="one_away")
    edit(phone, doc, carer="single")
    for sent in (phone.queue[:1], phone.queue):
        with pytest.raises(Refused) as refused:
            await phone.exchange(sent)
        assert {r["result"] for r in refused.value.problem["results"]} == {"applied"}
    await phone.sync_through()
    assert carers(phone, doc) == ("single", set())


async def missed_a_restore(site: Site, school: People, pupils: Pupils, tmp_path: Path) -> tuple[Phone, str]:
    """A phone without a copy, which does not know of the restore; it has a visit that the backup has."""
    phone, _, doc = await two_of_one(site, school, pupils)
    await write_backup(site.settings, tmp_path / "copy", PASSPHRASE)
    await back_to(site, tmp_path / "copy", phone)
    edit(phone, doc, carer="one_away", difficulty={"add": ["study"]})
    return phone, doc


async def assert_agrees(site: Site, school: People, phone: Phone, doc: str) -> None:
    """The last word stands alone, at the school and on the phone."""
    assert await seen(site, school, doc) == ("single", set())
    await phone.sync_through()
    assert carers(phone, doc) == ("single", set())
    assert "difficulty" not in phone.docs[doc]["fields"]


async def test_nor_when_it_is_locked_all_along(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    """With what is new it sends the op before, and so shows whose next it is."""
    phone, doc = await missed_a_restore(site, school, pupils, tmp_path)
    await deliver_sealed(phone, phone.queue)
    edit(phone, doc, carer="single", difficulty={"remove": ["study"]})
    await deliver_sealed(phone, phone.queue[-2:])
    await assert_agrees(site, school, phone, doc)


async def test_nor_over_what_it_has_in_two_files(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    """The second has what the first had, and more than goes into one push."""
    phone, doc = await missed_a_restore(site, school, pupils, tmp_path)
    await bring_file(site, school, phone, phone.queue)
    for number in range(MAX_OPS):
        edit(phone, doc, phone_new=str(number))
    edit(phone, doc, carer="single", difficulty={"remove": ["study"]})
    await bring_file(site, school, phone, phone.queue)
    await assert_agrees(site, school, phone, doc)
