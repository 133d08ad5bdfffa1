"""Fixtures that every part uses: databases of both sorts, an application on one, and a small school."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from argon2 import PasswordHasher
from litestar import Litestar
from sqlalchemy import update

from server.accounts.models import users
from server.accounts.people import add_person, ensure_school
from server.app import create_app
from server.db import Database, metadata
from server.schools import begin_life
from server.settings import Settings
from tests import needs
from tests.postgres import Postgres

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""Friday noon in China, where the tests' clock stands until somebody moves it."""
PASSWORD = "走访-test-1"


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def tick(self, **duration: float) -> None:
        """Move on, by `seconds=…`, `days=…` and so on."""
        self.now += timedelta(**duration)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The cluster, once for all tests; where there is none, its tests are counted skips."""
    with tempfile.TemporaryDirectory(prefix="zoufang-pg-") as folder:
        cluster = Postgres(Path(folder))
        cluster.start()
        yield cluster
        cluster.stop()


async def make_tables(url: str) -> None:
    """Every feature's tables, and the database's first life."""
    db = Database(url)
    async with db.write() as conn:
        await conn.run_sync(metadata.create_all)
        await begin_life(conn)
    await db.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables, to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(make_tables(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The name of a PostgreSQL database with the tables, to copy."""
    postgres.sql("CREATE DATABASE template_zoufang")
    asyncio.run(make_tables(postgres.url("template_zoufang")))
    return "template_zoufang"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with tables, of either sort: a test that uses it runs on both."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "test.db")
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    needs.postgres_bin()  # here, so that each test that is skipped for it counts
    template = request.getfixturevalue("postgres_template")
    with request.getfixturevalue("postgres").database(f"TEMPLATE {template}") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The same without any tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    needs.postgres_bin()
    with request.getfixturevalue("postgres").database() as url:
        yield url


@pytest.fixture
def clock() -> Clock:
    """The clock of the application under test."""
    return Clock()


MakeApp = Callable[..., Litestar]


@pytest.fixture
def make_app(database_url: str, clock: Clock, tmp_path: Path) -> MakeApp:
    """`make_app(body_seconds=1)` is the application on the test's database with these settings changed."""

    def make(**changes: Any) -> Litestar:
        plain = Settings(database_url=database_url, var_dir=tmp_path, media_url=f"file:{tmp_path}/media")
        return create_app(replace(plain, **changes), clock=clock)

    return make


@pytest.fixture
async def app(make_app: MakeApp) -> AsyncGenerator[Litestar]:
    """The application with its default settings."""
    made = make_app()
    yield made
    await made.state.db.close()


@pytest.fixture
def app_db(app: Litestar) -> Database:
    """The application's database, on SQLite and on PostgreSQL."""
    return app.state.db


class Client:
    """A browser or phone: keeps cookies, and sends the CSRF token once it has one."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.csrf = ""
        self.answer: dict[str, Any] = {}

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; redirects are not followed."""
        headers = {**({"X-CSRFToken": self.csrf} if self.csrf else {}), **options.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:
        """POST."""
        return await self.request("POST", path, **options)

    async def delete(self, path: str, **options: Any) -> httpx.Response:
        """DELETE."""
        return await self.request("DELETE", path, **options)

    async def sign_in(self, phone: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
        """Ask for a token and sign in with it; the reply, whatever it is."""
        self.csrf = (await self.get("/session")).json()["csrf"]
        reply = await self.post("/session", json={"phone": phone, "password": password, **more})
        if reply.status_code == 201:
            self.answer = reply.json()
            self.csrf = self.answer["csrf"]
        return reply


def browser(app: Litestar) -> httpx.AsyncClient:
    """HTTP straight into the application, in the test's own event loop."""
    # Litestar types ASGI messages closely, httpx as plain dicts; they are the same.
    transport = httpx.ASGITransport(cast("Any", app))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


@pytest.fixture
async def clients(app: Litestar) -> AsyncGenerator[Callable[[], Awaitable[Client]]]:
    """`await clients()` is another browser, not signed in."""
    opened: list[httpx.AsyncClient] = []

    async def make() -> Client:
        http = browser(app)
        opened.append(http)
        return Client(http)

    yield make
    for http in opened:
        await http.aclose()


@pytest.fixture
async def client(clients: Callable[[], Awaitable[Client]]) -> Client:
    """A browser that is not signed in."""
    return await clients()


@dataclass
class People:
    """A school with somebody in each role. `ids[role]` is the user, `phones[role]` what they sign in with.

    Everybody's password is `PASSWORD`. The class teacher has 三(2)班.
    """

    id: str
    name: str
    phones: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)


ROLES = {
    "class_teacher": "王芳",
    "teacher": "李强",
    "dorm": "罗军",
    "general_affairs": "赵敏",
    "committee": "周洁",
    "parent": "吴家长",
    "office": "陈主任",
    "principal": "张校长",
    "admin": "孙管理",
}


async def make_school(app: Litestar, name: str, first_phone: int) -> People:
    """A school with one person in each role, numbered from `first_phone` on."""
    state = app.state
    made = People(await ensure_school(state.db, state.env, name), name)
    for number, (role, person) in enumerate(ROLES.items(), first_phone):
        classes = ["三(2)班"] if role == "class_teacher" else []
        made.phones[role] = str(number)
        made.ids[role] = await add_person(
            state.db, state.env, made.id, phone=str(number), name=person, roles=[role], classes=classes
        )
    await give_password(app, made.phones.values())
    return made


@cache
def hashed() -> str:
    """The hash of `PASSWORD`, computed once: it is slow on purpose."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


async def give_password(app: Litestar, phones: Iterable[str]) -> None:
    """Let these accounts sign in with `PASSWORD`."""
    async with app.state.db.write() as conn:
        await conn.execute(
            update(users).where(users.c.phone.in_(list(phones))).values(password_hash=hashed())
        )


@pytest.fixture
async def school(app: Litestar) -> People:
    """A school with somebody in each role."""
    return await make_school(app, "石门乡中心小学", 13800000001)


@pytest.fixture
async def other_school(app: Litestar) -> People:
    """Another school, whose people must never see the first."""
    return await make_school(app, "清江小学", 13900000001)
