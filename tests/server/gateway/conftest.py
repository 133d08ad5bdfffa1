"""Phones that talk to the application under test."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, cast

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar

from server.access import server_principal
from server.db import new_id
from server.gateway import write
from sync.protocol import Op
from tests.conftest import PASSWORD, People
from tests.phone import Phone


def asgi_send(app: Litestar) -> tuple[Any, AsyncClient]:
    """A `Send` for tests.phone over ASGI, with cookies of its own."""
    transport = ASGITransport(cast("Any", app))  # the same protocol under two names
    http = AsyncClient(transport=transport, base_url="http://127.0.0.1")

    async def send(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, Any]]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        reply = await http.request(
            method, path, headers={"Content-Type": "application/json", **headers}, content=data
        )
        return reply.status_code, reply.json() if reply.content else {}

    return send, http


MakePhone = Callable[[str], Awaitable[Phone]]


@pytest.fixture
async def phone_of(app: Litestar) -> AsyncGenerator[MakePhone]:
    """`await phone_of(number)`: a new phone, signed in as whoever has this number."""
    opened: list[AsyncClient] = []

    async def make(number: str) -> Phone:
        send, http = asgi_send(app)
        opened.append(http)
        phone = Phone(send)
        await phone.sign_in(number, PASSWORD)
        return phone

    yield make
    for http in opened:
        await http.aclose()


async def add_pupils(app: Litestar, school: People, **pupils: dict[str, Any]) -> dict[str, str]:
    """Pupils of a school by name, each with these fields; returns their ids."""
    ids = {name: new_id() for name in pupils}
    ops = []
    for name, values in pupils.items():
        fields = {
            "name": name,
            **{k: {"add": v} if isinstance(v, list) else v for k, v in values.items()},
        }
        ops.append(Op(0, "create", "student", ids[name], form="student", form_version=1, set=fields))
    env = app.state.env
    async with app.state.db.write() as conn:
        results = await write.submit(conn, env, server_principal(school.id, "import"), new_id(), ops)
    assert {r.result for r in results} <= {"applied", "merged"}
    return ids


@pytest.fixture
async def pupils(app: Litestar, school: People) -> dict[str, str]:
    """Two pupils of the class teacher's, one of another class whom the teacher helps, one of nobody's."""
    return await add_pupils(
        app,
        school,
        龙䶮={"class": "三(2)班"},
        杨思源={"class": "三(2)班", "boards": True},
        覃佑建={"class": "一(1)班", "helpers": [school.ids["teacher"]]},
        石桐国={"class": "一(1)班"},
    )
