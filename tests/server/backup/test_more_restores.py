"""After more than one restore, or of an older backup: what a phone can't have seen stays all the same."""

from pathlib import Path

import pytest

from server.backup.cli import write_backup
from tests.conftest import People
from tests.phone import Refused
from tests.server.backup.conftest import PASSPHRASE, Site
from tests.server.backup.test_copies import carers, seen, two_of_one
from tests.server.backup.test_restore import back_to, edit

Pupils = dict[str, str]


async def test_a_settle_closes_what_it_saw_and_not_what_has_its_name_now(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    """The sibling was lost with the server. A copy of its phone came first, and another op has its name."""
    phone, twin, doc = await two_of_one(site, school, pupils)
    other = await site.phone(school.phones["class_teacher"])
    await other.sync()
    edit(other, doc, carer="single")
    await other.sync()
    await write_backup(site.settings, tmp_path / "copy", PASSPHRASE)
    edit(phone, doc, carer="one_away")
    await phone.sync()
    await other.sync()
    name = f"{phone.client}:2"
    assert [s["sibling"] for s in other.docs[doc]["siblings"]["carer"]] == [name]
    other.op("settle", "visit", doc, "home_visit", set={"carer": "single"}, sees={"carer": [name]})
    await back_to(site, tmp_path / "copy", twin, other)
    edit(twin, doc, carer="both_away")
    await twin.sync_through()
    assert [s["sibling"] for s in twin.docs[doc]["siblings"]["carer"]] == [name]
    await other.sync_through()
    assert await seen(site, school, doc) == ("single", {"both_away"})


async def test_an_older_backup_by_mistake_and_then_the_right_one(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    """What was pulled in the life between counts for nothing that only the right backup has."""
    phone, _, doc = await two_of_one(site, school, pupils)
    other = await site.phone(school.phones["class_teacher"])
    await other.sync()
    await write_backup(site.settings, tmp_path / "monday", PASSPHRASE)
    edit(other, doc, carer="both_away")
    await other.sync()
    await write_backup(site.settings, tmp_path / "tuesday", PASSPHRASE)
    await back_to(site, tmp_path / "monday", phone)
    await phone.sync_through()
    edit(phone, doc, carer="one_away")
    await back_to(site, tmp_path / "tuesday", phone)
    await phone.sync_through()
    assert await seen(site, school, doc) == ("both_away", {"one_away"})


@pytest.mark.parametrize("asks", [True, False], ids=["asks first", "pushes first"])
async def test_a_backup_from_before_the_one_that_a_phone_counts_on(
    site: Site, school: People, pupils: Pupils, tmp_path: Path, asks: bool
) -> None:
    """It has dropped what was in that backup, and can't show any more that the copy's op is not its own."""
    phone, twin, doc = await two_of_one(site, school, pupils)
    await write_backup(site.settings, tmp_path / "old", PASSPHRASE)
    edit(phone, doc, phone_new="1")
    await phone.sync()
    await write_backup(site.settings, tmp_path / "young", PASSPHRASE)
    await phone.sync()
    assert (phone.durable, phone.kept) == (2, {})
    edit(phone, doc, carer="single")
    await back_to(site, tmp_path / "old", phone, twin)
    edit(twin, doc, carer="both_away")
    await twin.sync_through()
    with pytest.raises(Refused, match="resync") as refused:
        await phone.exchange([] if asks else phone.queue)
    edit(phone, doc, carer="one_away")  # while the answer is on its way
    phone.recover(refused.value)
    await phone.sync_through()
    shown, others = await seen(site, school, doc)
    assert shown == "both_away"
    assert "one_away" in others
    assert carers(phone, doc) == (shown, others)
