"""What phones' vaults need survives a restore: their shares, and the key that ops are sealed to."""

from pathlib import Path
from typing import Any

import pytest

from server.backup.cli import read_backup, write_backup
from tests.conftest import PASSWORD, People
from tests.phone import Phone
from tests.server.backup.conftest import PASSPHRASE, Site
from tests.server.vaults.conftest import DEVICE, visit
from tests.server.vaults.sealing import seal_op

Pupils = dict[str, str]


async def vault(phone: Phone) -> dict[str, Any]:
    """Share and key, as the server gives them to the phone; without what moves with time."""
    status, answer = await phone.send("GET", f"/vault?device={DEVICE}", {}, None)
    assert status == 200
    return {"share": answer["share"], "key": answer["key"]}


async def deliver(phone: Phone, key: dict[str, str], ops: list[dict[str, Any]]) -> tuple[int, Any]:
    """Push these ops sealed."""
    sealed = [seal_op(key, phone.user["id"], phone.client, op) for op in ops]
    body = {"client": phone.client, "key": key["id"], "ops": sealed}
    return await phone.send("POST", "/sync/sealed", {"Authorization": f"Delivery {phone.delivery}"}, body)


@pytest.mark.parametrize("moved", [False, True], ids=["here", "to the other database"])
async def test_a_locked_phone_goes_on_after_a_restore(
    moved: bool, site: Site, other_url: str, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    before = await vault(phone)
    doc = visit(phone, pupils["龙䶮"], carer="single")
    backup = tmp_path / "copy"
    await write_backup(site.settings, backup, PASSPHRASE)
    assert (await deliver(phone, before["key"], phone.queue))[1]["acked"] == 2, "the backup has not seen it"

    await site.stop()
    if moved:
        site.url = other_url
    await read_backup(site.settings, backup, PASSPHRASE, replace=True)
    site.start()
    site.connect(phone)
    assert await vault(phone) == before
    phone.op("edit", "visit", doc, "home_visit", set={"carer": "both_away"})
    status, problem = await deliver(phone, before["key"], phone.queue[2:])
    assert (status, problem["type"], problem["expected"]) == (409, "/problems/gap", 1)
    assert (await deliver(phone, before["key"], phone.queue))[1]["acked"] == 3
    office = await site.phone(school.phones["office"])
    await office.sync()
    assert (office.docs[doc]["state"], office.docs[doc]["fields"]["carer"]) == ("submitted", "both_away")


async def test_a_backup_from_before_there_were_vaults(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    """Phones ask for a share and a key: the share is the one that they had, the key is made then."""
    backup = tmp_path / "copy"
    await write_backup(site.settings, backup, PASSPHRASE)
    phone = await site.phone(school.phones["class_teacher"])
    lost = await vault(phone)
    visit(phone, pupils["龙䶮"])
    await site.stop()
    await read_backup(site.settings, backup, PASSPHRASE, replace=True)
    site.start()
    site.connect(phone)
    assert (await deliver(phone, lost["key"], phone.queue))[0] == 401, (
        "this sign-in is younger than the backup"
    )
    await phone.sign_in(school.phones["class_teacher"], PASSWORD)
    fresh = await vault(phone)
    assert fresh["key"]["id"] != lost["key"]["id"]
    assert fresh["share"] == lost["share"], "the vaults that it opened still open"
    await phone.sync_through()
    assert [phone.results[n]["result"] for n in (1, 2)] == ["applied", "applied"], (
        "an open phone brings it all"
    )
