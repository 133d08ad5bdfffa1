"""A real server as a process of its own, and lines to it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.app import create_app
from server.migrations import migrate
from server.settings import Settings
from tests.conftest import PASSWORD, make_school
from tests.journeys.server import Server
from tests.phone import Phone, uuid7

FIRST = "13800000001"
CLASS = "三(2)班"


class Site:
    """The server, its people, and the phones that were made for them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.lines: list[httpx.AsyncClient] = []

    def send(self) -> Any:
        """A line of a phone's own."""
        http = httpx.AsyncClient(base_url=self.server.url, timeout=60)
        self.lines.append(http)

        async def send(
            method: str, path: str, headers: dict[str, str], body: Any
        ) -> tuple[int, dict[str, Any]]:
            data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            headers = {"Content-Type": "application/json", **headers}
            reply = await http.request(method, path, headers=headers, content=data)
            return reply.status_code, reply.json() if reply.content else {}

        return send

    async def phone(self, number: str) -> Phone:
        """A new phone of whoever has this number, with everything on it."""
        phone = Phone(self.send())
        await phone.sign_in(number, PASSWORD)
        await phone.sync()
        return phone

    async def pupil(self, office: Phone, helper: str) -> str:
        """A pupil of the class, whom somebody else helps."""
        doc = uuid7()
        values = {"name": "龙䶮", "class": CLASS, "helpers": {"add": [helper]}}
        office.op("create", "student", doc, "student", set=values, meta={})
        await office.sync()
        assert office.results[office.seq]["result"] == "applied"
        return doc


async def fill(url: str, folder: Path) -> None:
    """A school with somebody in each role; from inside, which is faster than the commands for it."""
    app = create_app(Settings(database_url=url, var_dir=folder))
    await migrate(app.state.db)
    await make_school(app, "石门乡中心小学", int(FIRST))
    await app.state.db.close()


@pytest.fixture
def server(empty_database_url: str, tmp_path: Path) -> Iterator[Server]:
    """`zoufang serve`, on either database."""
    asyncio.run(fill(empty_database_url, tmp_path))
    made = Server(tmp_path)
    made.env["DATABASE_URL"] = empty_database_url
    made.start()
    yield made
    made.kill()


@pytest.fixture
async def site(server: Server) -> AsyncGenerator[Site]:
    """The running server and lines to it."""
    made = Site(server)
    yield made
    for http in made.lines:
        await http.aclose()
