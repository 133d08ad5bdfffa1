"""A restore of a backup that was made before an erasure erases again, wherever the tombstones are found."""

from pathlib import Path

import pytest
from sqlalchemy import select, text

from server.backup.cli import read_backup, write_backup
from server.erasure.log import NAME, read_log
from server.gateway.models import docs
from tests.conftest import People
from tests.server.backup.conftest import PASSPHRASE, Site
from tests.server.erasure.conftest import Pupils
from tests.server.erasure.people import NAME_OF, WORDS, erase_now, make_homes, raw_rows, visit


@pytest.mark.parametrize("way", ["database", "file"])
async def test_a_restore_takes_the_name_out_of_the_same_texts_again(
    site: Site, school: People, pupils: Pupils, tmp_path: Path, way: str
) -> None:
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    friend = visit(phone, [pupils["石桐国"]], home_fb=f"常和{NAME_OF}一起走。")
    await phone.sync()
    await write_backup(site.settings, tmp_path / "old", PASSPHRASE)
    await erase_now(site, school, pupils["龙䶮"], everywhere=True)
    log = site.settings.var_dir / NAME
    if way == "file":
        async with site.db.write() as conn:
            await conn.execute(text("DELETE FROM erasures"))
        log = log.replace(tmp_path / NAME)
    await site.stop()
    files = (log,) if way == "file" else ()
    assert (await read_backup(site.settings, tmp_path / "old", PASSPHRASE, True, False, files)).erased == 1
    site.start()
    again = await site.phone(school.phones["class_teacher"])
    await again.sync()
    assert again.docs[friend]["fields"]["home_fb"] == "常和○○一起走。"
    assert not [word for word in WORDS if word in await raw_rows(site)]


@pytest.mark.parametrize("way", ["database", "log beside the backups", "file"])
async def test_a_restore_of_an_older_backup_erases_again(
    site: Site, school: People, pupils: Pupils, tmp_path: Path, way: str
) -> None:
    await make_homes(site, school, pupils)
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    alone = visit(phone, [pupils["龙䶮"]], home_fb=NAME_OF)
    await phone.sync()
    backups, elsewhere = tmp_path / "backups", tmp_path / "elsewhere"
    backups.mkdir()
    elsewhere.mkdir()
    await write_backup(site.settings, backups / "old", PASSPHRASE)
    unseen = visit(phone, [pupils["龙䶮"]], home_fb=f"备份没见过{NAME_OF}")
    await phone.sync()
    await erase_now(site, school, pupils["龙䶮"])
    kept = {op["seq"]: op for op in phone.kept.values()}
    if way == "log beside the backups":
        await write_backup(site.settings, backups / "young", "")
        assert not [w for w in WORDS if w in (backups / "young").read_bytes()]
    log = site.settings.var_dir / NAME
    assert {row["doc_id"] for row in read_log(log)} == {pupils["龙䶮"], alone, unseen}
    assert NAME_OF not in log.read_text("utf-8")
    if way != "database":
        async with site.db.write() as conn:
            await conn.execute(text("DELETE FROM erasures"))
        log.replace(elsewhere / NAME)
    await site.stop()
    files = (elsewhere / NAME,) if way == "file" else ()
    restored = await read_backup(site.settings, backups / "old", PASSPHRASE, True, False, files)
    site.start()
    site.connect(phone)
    assert restored.erased == 1

    phone.kept = kept
    await phone.sync_through()
    assert not {pupils["龙䶮"], alone, unseen} & phone.docs.keys()
    assert pupils["龙宁"] in phone.docs
    left = await raw_rows(site)
    assert not [word for word in WORDS if word in left]
    async with site.db.read() as conn:
        state = select(docs.c.state).where(docs.c.id == pupils["龙䶮"])
        assert (await conn.execute(state)).scalar_one() == "erased"
