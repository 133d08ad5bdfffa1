"""No commit that precedes a cursor is ever skipped, whoever writes at the same time, in whatever process."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from copy import copy
from typing import NamedTuple

import pytest
from litestar import Litestar

from server.gateway import pull, work
from tests.conftest import PASSWORD, MakeApp, People
from tests.phone import Phone, uuid7
from tests.server.gateway.conftest import asgi_send

WRITERS, PUSHES, SERVERS = 12, 10, 4
ROLES = ["class_teacher", "office", "admin"]


class Came(NamedTuple):
    """What a reader who pulled all the time missed, and the revs that more than one commit was given."""

    made: int
    skipped: set[str]
    shared: list[int]


@pytest.fixture
async def servers(make_app: MakeApp) -> AsyncGenerator[list[Litestar]]:
    """Several, as if each were a process: within one, those who write at a school take turns."""
    apps = [make_app() for _ in range(SERVERS)]
    yield apps
    for app in apps:
        await app.state.db.close()


async def write(phone: Phone, made: set[str]) -> None:
    """One household a push; nobody else sees it before it is committed."""
    for _ in range(PUSHES):
        doc = uuid7()
        phone.op("create", "household", doc, "household", set={"village": "老鸦沟村"})
        answer = await phone.exchange(phone.queue)
        phone.queue.clear()
        assert [r["result"] for r in answer["results"]] == ["applied"]
        made.add(doc)


async def poll(reader: Phone, until: asyncio.Event, seen: set[str]) -> None:
    """Pull small pages for ever, then to the end."""
    while True:
        last = until.is_set()
        answer = await reader.exchange([], limit=3)
        reader.take(answer)
        seen |= {d["id"] for d in answer["docs"] if d["kind"] == "household"}
        if last and not answer["more"]:
            return


async def race(servers: list[Litestar], school: People) -> Came:
    """Twelve write at once while one reads."""
    async with AsyncExitStack() as stack:

        async def phone(app: Litestar, number: str) -> Phone:
            send, http = asgi_send(app)
            await stack.enter_async_context(http)
            made = Phone(send)
            await made.sign_in(number, PASSWORD)
            return made

        reader = await phone(servers[0], school.phones["office"])
        numbers = [school.phones[ROLES[n % len(ROLES)]] for n in range(WRITERS)]
        writers = [await phone(servers[n % SERVERS], number) for n, number in enumerate(numbers)]
        made: set[str] = set()
        seen: set[str] = set()
        done = asyncio.Event()
        polling = asyncio.create_task(poll(reader, done, seen))
        await asyncio.gather(*(write(each, made) for each in writers))
        done.set()
        await polling
    revs = Counter(reader.docs[doc]["rev"] for doc in made & seen)
    return Came(len(made), made - seen, [rev for rev, count in revs.items() if count > 1])


async def test_a_polling_reader_misses_nothing_of_twelve_writers(
    servers: list[Litestar], school: People
) -> None:
    assert await race(servers, school) == Came(WRITERS * PUSHES, set(), [])


async def test_a_cursor_that_is_one_ahead_is_caught(
    servers: list[Litestar], school: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pull.write_cursor
    monkeypatch.setattr(pull, "write_cursor", lambda cursor: real(cursor._replace(rev=cursor.rev + 1)))
    assert (await race(servers, school)).skipped


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer by itself
async def test_a_school_that_is_not_locked_is_caught(
    servers: list[Litestar], school: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked = copy(work._LOCK)
    unlocked._for_update_arg = None
    monkeypatch.setattr(work, "_LOCK", unlocked)
    came = await race(servers, school)
    assert came.skipped or came.shared
