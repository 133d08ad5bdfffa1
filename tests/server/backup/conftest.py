"""An application on tables that the migrations made, and `zoufang` at its terminal."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from httpx import Cookies
from litestar import Litestar

from server.app import create_app
from server.db import Database
from server.migrations import migrate
from server.settings import Settings
from tests import needs
from tests.conftest import PASSWORD, Clock, People, make_school
from tests.phone import Phone
from tests.server.gateway.conftest import add_pupils, asgi_send

PASSPHRASE = "correct horse 走访"


@dataclass
class Site:
    """A server on a database; `restart` is what the person does after a restore."""

    url: str
    folder: Path
    clock: Clock = field(default_factory=Clock)
    app: Litestar = field(init=False)
    cookies: dict[int, Cookies] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.start()

    @property
    def settings(self) -> Settings:
        """What its environment says."""
        return Settings(database_url=self.url, var_dir=self.folder, media_url=f"file:{self.folder}/media")

    @property
    def db(self) -> Database:
        """The running server's database."""
        return self.app.state.db

    def start(self) -> None:
        """Start the server."""
        self.app = create_app(self.settings, clock=self.clock)

    async def stop(self) -> None:
        """Stop it."""
        await self.db.close()

    def connect(self, phone: Phone) -> None:
        """The phone talks to this server from now on, with the cookies that it has."""
        phone.send, http = asgi_send(self.app)
        http.cookies = self.cookies[id(phone)]
        self.cookies[id(phone)] = http.cookies

    async def phone(self, number: str) -> Phone:
        """A new phone of whoever has this number."""
        send, http = asgi_send(self.app)
        phone = Phone(send)
        self.cookies[id(phone)] = http.cookies
        await phone.sign_in(number, PASSWORD)
        return phone


@pytest.fixture
async def site(empty_database_url: str, tmp_path: Path) -> AsyncGenerator[Site]:
    """A server on a migrated database, on SQLite and on PostgreSQL."""
    made = Site(empty_database_url, tmp_path)
    await migrate(made.db)
    yield made
    await made.stop()


@pytest.fixture
async def school(site: Site) -> People:
    """A school with somebody in each role."""
    return await make_school(site.app, "石门乡中心小学", 13800000001)


@pytest.fixture
async def pupils(site: Site, school: People) -> dict[str, str]:
    """A pupil of the class teacher's whom the teacher helps, and one more."""
    helped = {"class": "三(2)班", "helpers": [school.ids["teacher"]]}
    return await add_pupils(site.app, school, 龙䶮=helped, 杨思源={"class": "三(2)班"})


@pytest.fixture
def other_url(empty_database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of the other sort."""
    if empty_database_url.startswith("postgresql"):
        yield f"sqlite:///{tmp_path / 'other.db'}"
        return
    needs.postgres_bin()
    with request.getfixturevalue("postgres").database() as url:
        yield url
