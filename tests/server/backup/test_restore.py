"""A server that comes back from its backup: phones bring what it had not seen, and nothing twice."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from server.accounts.models import sessions
from server.backup import cli, files, load
from server.backup.cli import read_backup, write_backup
from server.db import Database, metadata
from server.gateway.models import clients, docs, ops
from server.schools import LIFE_STEP, epoch, life, schools
from tests.conftest import PASSWORD, People
from tests.phone import Phone, Refused, uuid7
from tests.server.backup.conftest import PASSPHRASE, Site

Pupils = dict[str, str]


def visit(phone: Phone, pupil: str, **fields: Any) -> str:
    """A home visit on a phone."""
    doc = uuid7()
    phone.op("create", "visit", doc, "home_visit", set=fields, meta={"students": [pupil]})
    return doc


def edit(phone: Phone, doc: str, was: str | None = None, **fields: Any) -> None:
    """Change a visit; `was` is the text that `home_fb` started from."""
    more = {} if was is None else {"was": {"home_fb": was}}
    phone.op("edit", "visit", doc, "home_visit", set=fields, **more)


async def two_at_one_visit(site: Site, school: People, pupils: Pupils) -> tuple[Phone, Phone, str]:
    """A teacher, a helper, and a visit of both that both phones have: the pupil's carer is `single` in it."""
    teacher = await site.phone(school.phones["class_teacher"])
    helper = await site.phone(school.phones["teacher"])
    await teacher.sync()
    shared = visit(teacher, pupils["龙䶮"], carer="single", visitors={"add": [school.ids["teacher"]]})
    await teacher.sync()
    await helper.sync()
    return teacher, helper, shared


def assert_both_are_kept(doc: dict[str, Any]) -> None:
    """The helper's value is shown, the teacher's stands beside it."""
    assert doc["fields"]["carer"] == "both_away"
    assert [sibling["value"] for sibling in doc["siblings"]["carer"]] == ["one_away"]


def content(phone: Phone) -> dict[str, Any]:
    """What a phone shows, without revs."""
    keys = ("kind", "state", "fields", "siblings", "meta")
    return {i: {k: doc.get(k) for k in keys} for i, doc in phone.docs.items()}


async def back_to(site: Site, backup: Path, *phones: Phone, replace: bool = True) -> None:
    """Stop, restore, start; the phones keep their cookies. `replace` False: onto a machine that is empty."""
    if not replace:
        await make_empty(site.db)
    await site.stop()
    await read_backup(site.settings, backup, PASSPHRASE, replace=replace)
    site.start()
    for phone in phones:
        site.connect(phone)


async def make_empty(db: Database) -> None:
    """As a new machine's: nothing is left that could tell of an earlier life."""
    async with db.write() as conn:
        await conn.run_sync(metadata.drop_all)
        await conn.exec_driver_sql("DROP TABLE alembic_version")


async def rows(db: Database) -> dict[str, list[Any]]:
    """Everything in a database but what a restore changes."""
    changed = {"epoch", "before", "durable", "inherited", "born", ("schools", "rev")}
    found = {}
    async with db.read() as conn:
        for table in metadata.sorted_tables:
            columns = [c for c in table.columns if not {c.name, (table.name, c.name)} & changed]
            query = select(*columns).order_by(*table.primary_key)
            found[table.name] = [tuple(row) for row in await conn.execute(query)]
    return found


async def test_phones_bring_back_what_the_backup_had_not_seen(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    teacher = await site.phone(school.phones["class_teacher"])
    helper = await site.phone(school.phones["teacher"])
    await teacher.sync()
    shared = visit(teacher, pupils["龙䶮"], carer="single", visitors={"add": [school.ids["teacher"]]})
    edit(teacher, shared, was="", home_fb="先写作业。再喂鸡。")
    await teacher.sync()
    await helper.sync()

    backup = tmp_path / "copy"
    await write_backup(site.settings, backup, PASSPHRASE)
    await teacher.sync()
    assert teacher.durable == 2, "what is in the backup is safe"
    assert teacher.kept == {}

    edit(helper, shared, was="先写作业。再喂鸡。", home_fb="先写作业。再喂鸡。早睡。")
    edit(teacher, shared, carer="one_away", difficulty={"add": ["study"]})
    edit(helper, shared, carer="both_away")
    for phone in (teacher, helper):
        await phone.sync()
    late = visit(teacher, pupils["杨思源"], carer="single")
    teacher.op("event", "visit", late, "home_visit", event="submit")
    await teacher.sync()
    new = await site.phone(school.phones["class_teacher"])
    await new.sync()
    made_later = visit(new, pupils["龙䶮"], carer="both_away")
    await new.sync()
    await teacher.sync()
    before = content(teacher)
    assert before[shared]["siblings"]["carer"]
    edit(teacher, late, carer="one_away")  # not sent yet when the server is lost

    await back_to(site, backup, teacher, helper, new)
    with pytest.raises(Refused) as refused:
        await teacher.exchange([])
    problem = refused.value.problem
    assert (refused.value.status, problem["type"].rsplit("/", 1)[1]) == (409, "resync")
    assert problem["acked"] == 2
    with pytest.raises(Refused) as refused:
        await new.exchange([])
    assert refused.value.status == 401, "this sign-in is younger than the backup"
    await new.sign_in(school.phones["class_teacher"], PASSWORD)
    for phone in (new, teacher, helper):
        await phone.sync_through()

    await teacher.sync()
    after = content(teacher)
    assert after.keys() == before.keys()
    assert after[made_later] == before[made_later]
    assert after[late]["fields"]["carer"] == "one_away"
    assert after[late]["state"] == "submitted"
    both = [after[shared]["fields"]["carer"], *(s["value"] for s in after[shared]["siblings"]["carer"])]
    assert sorted(both) == ["both_away", "one_away"]
    assert after[shared]["fields"]["home_fb"] == "先写作业。再喂鸡。早睡。"
    assert after[shared]["fields"]["difficulty"] == ["study"]
    assert teacher.docs[shared]["rev"] > LIFE_STEP
    async with site.db.read() as conn:
        for phone in (teacher, helper, new):
            count = select(func.count()).select_from(ops).where(ops.c.client_id == phone.client)
            assert (await conn.execute(count)).scalar_one() == phone.seq, "each op is taken once"
    answer = await teacher.exchange([])
    assert (answer["docs"], answer["drop"], answer["more"]) == ([], [], False)


async def test_an_op_of_the_lost_life_supersedes_nothing_that_it_had_not_seen(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    """In the new life the helper writes first; the teacher's old op, of a high rev, does not go over it."""
    teacher, helper, shared = await two_at_one_visit(site, school, pupils)
    await write_backup(site.settings, tmp_path / "copy", PASSPHRASE)
    for n in range(5):
        edit(teacher, shared, commute=n)
        await teacher.sync()
    edit(teacher, shared, carer="one_away")
    await teacher.sync()
    await back_to(site, tmp_path / "copy", teacher, helper)
    edit(helper, shared, carer="both_away")
    await helper.sync_through()
    await teacher.sync_through()
    assert_both_are_kept(teacher.docs[shared])
    assert teacher.docs[shared]["fields"]["commute"] == 4


async def test_two_restores_of_one_backup_begin_two_lives(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    """What was pulled in the life between them supersedes nothing that is written in the one after them."""
    teacher, helper, shared = await two_at_one_visit(site, school, pupils)
    await write_backup(site.settings, tmp_path / "copy", PASSPHRASE)
    await back_to(site, tmp_path / "copy", teacher, helper)
    lost = await site.phone(school.phones["class_teacher"])
    for _ in range(5):  # a phone that has changes made now and is never seen again
        visit(lost, pupils["杨思源"])
        await lost.sync()
    edit(lost, shared, commute=5)
    await lost.sync()
    await teacher.sync_through()
    edit(teacher, shared, carer="one_away")  # in sight of the life between; not sent in it
    await back_to(site, tmp_path / "copy", teacher, helper)
    await helper.sync_through()
    edit(helper, shared, carer="both_away")
    await helper.sync()
    for _ in range(6):  # the counter passes what the teacher's op names as its base
        visit(helper, pupils["龙䶮"])
        await helper.sync()
    await teacher.sync_through()
    assert_both_are_kept(teacher.docs[shared])


async def write_past(phone: Phone, pupil: str, rev: int) -> None:
    """Push until the school's counter has passed a rev, if twelve pushes can do that at all."""
    for _ in range(12):
        doc = visit(phone, pupil)
        await phone.sync()
        if phone.docs[doc]["rev"] > rev:
            return


@pytest.mark.parametrize("clock", ["right", "stopped"])
async def test_one_backup_on_two_empty_machines_begins_two_lives(
    site: Site, school: People, pupils: Pupils, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: str
) -> None:
    """What was pulled on the first machine supersedes nothing that is written on the second, which can't know
    of the first; with a clock that runs, not after a restore of the second's own backup either."""
    site.clock.now = datetime(1970, 1, 1, tzinfo=UTC) if clock == "stopped" else site.clock.now
    monkeypatch.setattr(load, "utcnow", site.clock)
    teacher, helper, shared = await two_at_one_visit(site, school, pupils)
    await write_backup(site.settings, tmp_path / "copy", PASSPHRASE)
    await back_to(site, tmp_path / "copy", teacher, helper, replace=False)
    await teacher.sync_through()
    for n in range(8):
        edit(teacher, shared, commute=n)
        await teacher.sync()
    edit(teacher, shared, carer="one_away")  # in sight of the first machine; not sent to it
    base = teacher.queue[-1]["base"]
    if clock == "right":
        site.clock.tick(minutes=10)
    await back_to(site, tmp_path / "copy", teacher, helper, replace=False)
    await helper.sync_through()
    edit(helper, shared, carer="both_away")
    await helper.sync()
    if clock == "right":
        await write_backup(site.settings, tmp_path / "second", PASSPHRASE)
        site.clock.tick(minutes=10)
        await back_to(site, tmp_path / "second", teacher, helper, replace=False)
        await helper.sync_through()
    await write_past(helper, pupils["龙䶮"], base)
    await teacher.sync_through()
    assert_both_are_kept(teacher.docs[shared])


async def test_a_backup_older_than_what_a_phone_kept_loses_nothing_that_is_on_the_phone(
    site: Site, school: People, pupils: Pupils, tmp_path: Path
) -> None:
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    await write_backup(site.settings, tmp_path / "old", PASSPHRASE)
    visit(phone, pupils["龙䶮"], carer="single")
    await phone.sync()
    await write_backup(site.settings, tmp_path / "young", PASSPHRASE)
    await phone.sync()
    first, kept = phone.client, visit(phone, pupils["杨思源"], carer="one_away")
    await phone.sync()
    await back_to(site, tmp_path / "old", phone)
    await phone.sync_through()
    assert phone.client != first, "it no longer has the ops that the server asks for"
    assert phone.docs[kept]["fields"]["carer"] == "one_away"


async def test_a_school_moves_to_the_other_database(
    site: Site, school: People, pupils: Pupils, other_url: str, tmp_path: Path
) -> None:
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    doc = visit(phone, pupils["龙䶮"], carer="single", danger=False, occurred_at="2026-11-19T17:25:00+08:00")
    await phone.sync()
    photo = tmp_path / "media" / "ab" / "photo"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(bytes(range(256)) * 9000)
    (tmp_path / "media" / ".half").write_bytes(b"still being written")
    copied = await write_backup(site.settings, tmp_path / "copy", "")
    assert copied.files == 1
    was = await rows(site.db)

    moved = Site(other_url, tmp_path / "new", site.clock)
    restored = await read_backup(moved.settings, tmp_path / "copy", "")
    assert (restored.rows, restored.files) == (copied.rows, copied.files)
    assert await rows(moved.db) == was
    assert (tmp_path / "new" / "media" / "ab" / "photo").read_bytes() == photo.read_bytes()
    assert [p.name for p in (tmp_path / "new" / "media").rglob("*") if p.is_file()] == ["photo"]
    async with site.db.read() as old, moved.db.read() as new:
        assert await epoch(old) != await epoch(new)
        revs = [(await conn.execute(select(schools.c.rev))).scalar_one() for conn in (old, new)]
        assert revs[1] - revs[0] >= LIFE_STEP
        assert len((await new.execute(select(life.c.id))).all()) == 1
    moved.cookies = site.cookies
    moved.connect(phone)
    await phone.sync_through()
    assert phone.docs[doc]["fields"]["carer"] == "single"
    edit(phone, doc, carer="one_away")
    await phone.sync()
    assert phone.results[2]["result"] == "applied"
    await moved.stop()


async def test_the_copy_is_of_one_moment_while_phones_push(
    site: Site, school: People, pupils: Pupils, other_url: str, tmp_path: Path
) -> None:
    phones = [await site.phone(school.phones["class_teacher"]) for _ in range(3)]
    done = asyncio.Event()

    async def push(phone: Phone) -> None:
        while not done.is_set():
            visit(phone, pupils["龙䶮"], carer="single")
            await phone.sync()

    async def back_up() -> None:
        await write_backup(site.settings, tmp_path / "copy", "")
        done.set()

    await asyncio.gather(*map(push, phones), back_up())
    moved = Site(other_url, tmp_path / "new", site.clock)
    await read_backup(moved.settings, tmp_path / "copy", "")
    async with moved.db.read() as conn:
        seqs = dict((await conn.execute(select(clients.c.id, clients.c.last_seq))).all())
        count = func.count(ops.c.seq)
        logged = (await conn.execute(select(ops.c.client_id, count).group_by(ops.c.client_id))).all()
        assert {i: n for i, n in seqs.items() if n} == dict(logged)
        made = set((await conn.execute(select(docs.c.id).where(docs.c.kind == "visit"))).scalars())
        named = select(ops.c.doc_id).where(ops.c.client_id.in_([phone.client for phone in phones]))
        assert made == set((await conn.execute(named)).scalars())
    for phone in phones:
        answer = await phone.exchange([])
        assert answer["durable"] == seqs.get(phone.client, 0), "exactly what is in the copy is durable"
    await moved.stop()


async def test_a_backup_that_fails_leaves_no_file_and_promises_nothing(
    site: Site, school: People, pupils: Pupils, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    visit(phone, pupils["龙䶮"], carer="single")
    await phone.sync()
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "copy").write_bytes(b"yesterday's")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await cli.write_backup(site.settings, folder / "copy", "")
    assert [(p.name, p.read_bytes()) for p in folder.iterdir()] == [("copy", b"yesterday's")]
    assert (await phone.exchange([]))["durable"] == 0


async def test_sessions_can_be_ended_by_a_restore_and_phones_still_deliver(
    site: Site, school: People, pupils: Pupils, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "utcnow", site.clock)
    phone = await site.phone(school.phones["class_teacher"])
    await phone.sync()
    await write_backup(site.settings, tmp_path / "copy", PASSPHRASE)
    visit(phone, pupils["龙䶮"], carer="single")
    await site.stop()
    await read_backup(site.settings, tmp_path / "copy", PASSPHRASE, replace=True, sign_out=True)
    site.start()
    site.connect(phone)
    with pytest.raises(Refused) as refused:
        await phone.exchange(phone.queue)
    assert refused.value.status == 401
    body = {"protocol": 1, "epoch": None, "client": phone.client, "push": phone.queue}
    status, answer = await phone.send("POST", "/sync", {"Authorization": f"Delivery {phone.delivery}"}, body)
    assert (status, answer["acked"]) == (200, 1)
    async with site.db.read() as conn:
        assert (await conn.execute(select(sessions.c.ended).where(sessions.c.ended.is_(None)))).all() == []
