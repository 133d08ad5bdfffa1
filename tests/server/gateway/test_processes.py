"""Several server processes on one database: phones push to all of them at once and nothing is lost."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from server.app import create_app
from server.db import Database
from server.gateway.models import clients, docs, ops
from server.migrations import migrate
from server.schools import schools
from server.settings import Settings
from tests.conftest import PASSWORD, People, make_school
from tests.journeys.server import Server
from tests.phone import Phone, Refused, uuid7
from tests.server.gateway.conftest import add_pupils

PHONES, ROUNDS, TRIES = 4, 8, 50


class TwoWorkers(Server):
    """One address, two processes behind it."""

    options = ("--workers", "2")


@pytest.fixture
async def shared(empty_database_url: str, tmp_path: Path) -> AsyncGenerator[tuple[People, str]]:
    """A school, and a pupil whom the class teacher and the helper see."""
    app = create_app(Settings(database_url=empty_database_url, var_dir=tmp_path))
    await migrate(app.state.db)
    school = await make_school(app, "石门乡中心小学", 13800000001)
    own = {"class": "三(2)班", "helpers": [school.ids["teacher"]]}
    ids = await add_pupils(app, school, 龙䶮=own)
    yield school, ids["龙䶮"]
    await app.state.db.close()


@pytest.fixture
def server(empty_database_url: str, tmp_path: Path) -> Iterator[Server]:
    """A server on that database, not started yet; it is killed in the end."""
    made = TwoWorkers(tmp_path)
    made.env["DATABASE_URL"] = empty_database_url
    yield made
    made.kill()


class Line:
    """Sends a phone's requests, each on a connection of its own; counts the statuses."""

    def __init__(self, url: str, seen: Counter[int]) -> None:
        limits = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.AsyncClient(base_url=url, timeout=60, limits=limits)
        self.seen = seen

    async def send(
        self, method: str, path: str, headers: dict[str, str], body: Any
    ) -> tuple[int, dict[str, Any]]:
        """One request; a server that is busy is asked again, as its answer says it may be."""
        data = json.dumps(body).encode() if body is not None else b""
        for _ in range(TRIES):
            more = {"Content-Type": "application/json", **headers}
            reply = await self.http.request(method, path, headers=more, content=data)
            self.seen[reply.status_code] += 1
            if reply.status_code != 503:
                return reply.status_code, reply.json() if reply.content else {}
            assert int(reply.headers["Retry-After"]) >= 0
        pytest.fail("the server was always busy")


async def work(phone: Phone, pupil: str, shared_visit: str, number: int) -> list[str]:
    """A person at work: new visits of their own, and one that everybody writes in."""
    made = []
    for n in range(ROUNDS):
        doc = uuid7()
        made.append(doc)
        phone.op("create", "visit", doc, "home_visit", set={"commute": n}, meta={"students": [pupil]})
        phone.op("edit", "visit", shared_visit, "home_visit", set={"commute": 100 * number + n % 90})
        try:
            await phone.sync()
        except Refused as refused:
            pytest.fail(f"{refused.status} {refused.problem}")
    return made


async def test_phones_push_to_both_at_once(
    empty_database_url: str, shared: tuple[People, str], server: Server
) -> None:
    school, pupil = shared
    server.start()
    seen: Counter[int] = Counter()
    async with AsyncExitStack() as stack:
        phones = []
        for _ in range(PHONES):
            line = Line(server.url, seen)
            await stack.enter_async_context(line.http)
            phones.append(Phone(line.send))
            await phones[-1].sign_in(school.phones["class_teacher"], PASSWORD)
            await phones[-1].sync()
        visit = uuid7()
        phones[0].op("create", "visit", visit, "home_visit", set={}, meta={"students": [pupil]})
        for phone in phones[:1] + phones:
            await phone.sync()
        made = await asyncio.gather(*(work(phone, pupil, visit, n) for n, phone in enumerate(phones, 1)))
        for phone in phones:
            await phone.sync()
    assert seen.keys() <= {200, 201, 401, 503}, seen
    every = {doc for docs_of in made for doc in docs_of} | {visit}
    assert all(every <= phone.docs.keys() for phone in phones), "everybody has everything"
    assert {r["result"] for phone in phones for r in phone.results.values()} <= {
        "applied",
        "merged",
        "conflict",
    }
    held_up = phones[0].docs[visit]
    values = [held_up["fields"]["commute"], *(s["value"] for s in held_up["siblings"].get("commute", []))]
    assert len(values) == len({value // 100 for value in values}), "one value a phone at most waits"

    db = Database(empty_database_url)
    async with db.read() as conn:
        last = dict((await conn.execute(select(clients.c.id, clients.c.last_seq))).all())
        count = select(ops.c.client_id, func.count()).group_by(ops.c.client_id)
        logged = dict((await conn.execute(count)).all())
        newest = (await conn.execute(select(func.max(docs.c.rev)))).scalar_one()
        counter = (await conn.execute(select(schools.c.rev))).scalar_one()
    await db.close()
    assert {phone.client: phone.seq for phone in phones}.items() <= last.items()
    assert all(logged[phone.client] == phone.seq for phone in phones), "each op once"
    assert newest == counter
