"""A restore after a phone has gone on as another client: what it had brought before comes again."""

from pathlib import Path
from typing import Any

from sqlalchemy import select

from server.backup.cli import write_backup
from server.gateway.models import ops
from tests.conftest import People
from tests.phone import Phone
from tests.server.backup.conftest import PASSPHRASE, Site
from tests.server.backup.test_restore import back_to, edit, visit

Pupils = dict[str, str]


async def log(site: Site, phone: Phone) -> list[tuple[str, int]]:
    """Whose ops the server has of this phone's person, in the order in which it took them."""
    async with site.db.read() as conn:
        query = select(ops.c.client_id, ops.c.seq).where(ops.c.user_id == phone.user["id"])
        rows = await conn.execute(query.order_by(ops.c.rev, ops.c.client_id, ops.c.seq))
        return [(row.client_id, row.seq) for row in rows]


async def goes_on(site: Site, school: People, phone: Phone) -> str:
    """A copy of the phone writes first, so that the phone has to be another client; returns who it was."""
    before, stored = phone.client, phone.stored()
    twin = await site.phone(school.phones["class_teacher"])
    twin.restart(stored)
    twin.at = "2026-11-20T17:00:00+08:00"
    twin.op("edit", "person", phone.user["id"], "person", set={"post": "班主任"})
    await twin.exchange(twin.queue)
    return before


async def test_it_comes_under_its_own_name_and_before_what_is_newer(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    await write_backup(site.settings, tmp_path / "copy", PASSPHRASE)
    doc = visit(phone, pupils["龙䶮"], carer="single")
    await phone.sync()
    first = await goes_on(site, school, phone)
    edit(phone, doc, commute=5)
    await phone.sync_through()
    second = phone.client
    assert second != first

    await back_to(site, tmp_path / "copy", phone)
    await phone.sync_through()
    assert await log(site, phone) == [(first, 1), (second, 1)]
    assert phone.docs[doc]["fields"] | {"carer": "single", "commute": 5} == phone.docs[doc]["fields"]
    assert [d for d in phone.docs.values() if d["kind"] == "held"] == []

    await back_to(site, tmp_path / "copy", phone)
    assert phone.former, "it is kept for as many restores as there are"
    await phone.sync_through()
    assert await log(site, phone) == [(first, 1), (second, 1)]


async def test_a_backup_that_has_it_takes_nothing_twice(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    doc = visit(phone, pupils["龙䶮"], carer="single")
    await phone.sync()
    await goes_on(site, school, phone)
    await write_backup(site.settings, tmp_path / "copy", PASSPHRASE)
    edit(phone, doc, commute=5)
    await phone.sync_through()
    before: Any = await log(site, phone)
    await back_to(site, tmp_path / "copy", phone)
    await phone.sync_through()
    assert await log(site, phone) == before
    assert phone.docs[doc]["siblings"] == {}


async def test_what_the_server_lacks_for_good_goes_as_another_clients(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    """The phone has forgotten the beginning, which was in a later backup than the one that came back."""
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    await write_backup(site.settings, tmp_path / "old", PASSPHRASE)
    visit(phone, pupils["杨思源"])
    await phone.sync()
    await write_backup(site.settings, tmp_path / "young", PASSPHRASE)
    await phone.sync()
    doc = visit(phone, pupils["龙䶮"], carer="single")
    await phone.sync()
    first = await goes_on(site, school, phone)
    edit(phone, doc, commute=5)
    await phone.sync_through()
    await back_to(site, tmp_path / "old", phone)
    await phone.sync_through()
    assert first not in {client for client, _ in await log(site, phone)}
    assert phone.docs[doc]["fields"]["carer"] == "single"
    assert dict(phone.former)[first] == {}
