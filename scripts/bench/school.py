"""A school to measure in: class teachers with a phone each, pupils, and the server as a process."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from server.access import server_principal
from server.accounts.people import add_person, ensure_school, set_password
from server.app import create_app
from server.db import PRAGMAS, new_id
from server.gateway import write
from server.migrations import migrate
from server.settings import Settings
from sync.protocol import Op
from tests.journeys.server import ROOT, Server

from .line import Line

PASSWORD = "only-for-the-bench"  # noqa: S105 - of a school that lives for minutes
FIRST_PHONE = 13800000001


@contextmanager
def scratch() -> Generator[Path]:
    """A folder on the disk that the project is on: /tmp may be memory, where a commit costs nothing."""
    home = ROOT / "var" / "bench"
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class Phone:
    """A teacher's phone: a signed-in line, its client and the seq that it has come to."""

    def __init__(self, line: Line, number: int) -> None:
        self.line, self.number = line, number
        self.client, self.seq = new_id(), 0
        self.epoch: str | None = None
        self.cursor: str | None = None

    async def sign_in(self) -> None:
        """Begin a session, and learn the database's epoch."""
        await self.line.sign_in(str(FIRST_PHONE + self.number), PASSWORD, self.client)
        self.epoch = (await self.line.ask("POST", "/sync", self.request([], limit=1)))["epoch"]

    def request(
        self, push: list[dict[str, Any]], cursor: str | None = None, limit: int = 1000
    ) -> dict[str, Any]:
        """The body of a `POST /sync`."""
        pull = {"cursor": cursor, "limit": limit}
        return {"protocol": 1, "epoch": self.epoch, "client": self.client, "push": push, "pull": pull}

    def op(self, op: str, kind: str, doc: str, form: str, **rest: Any) -> dict[str, Any]:
        """The next op of this phone's."""
        self.seq += 1
        made = {"seq": self.seq, "op": op, "kind": kind, "doc": doc, "base": 0, "form": form}
        return made | {"form_version": 1, "at": "2026-11-20T16:40:02+08:00", **rest}

    async def pull_all(self, limit: int = 1000) -> int:
        """Everything from the beginning, to be in step; how many docs came."""
        cursor, docs = None, 0
        while True:
            body = self.line.packed("POST", "/sync", msgspec.json.encode(self.request([], cursor, limit)))
            status, raw = await self.line.exchange(body)
            if status != 200:
                raise RuntimeError(raw[:400])
            answer = msgspec.json.decode(raw)
            cursor, docs = answer["cursor"], docs + len(answer["docs"])
            if not answer["more"]:
                self.cursor = cursor
                return docs


class School:
    """A folder with a school's database. `pupils`: ids; `teachers`: ids of the users of the phones."""

    def __init__(self, folder: Path, ident: str, teachers: list[str], pupils: list[str]) -> None:
        self.folder, self.id, self.teachers, self.pupils = folder, ident, teachers, pupils

    @property
    def file(self) -> Path:
        """The database."""
        return self.folder / "zoufang.db"

    @asynccontextmanager
    async def phones(self, count: int) -> AsyncGenerator[list[Phone]]:
        """The server, started, and signed-in phones of the first teachers."""
        server = Server(self.folder)
        await asyncio.to_thread(server.start)
        phones: list[Phone] = []
        try:
            for number in range(count):
                phones.append(Phone(await Line.open(server.port), number))
                await phones[-1].sign_in()
            yield phones
        finally:
            for phone in phones:
                await phone.line.close()
            server.kill()


async def make_school(folder: Path, teachers: int, pupils: int) -> School:
    """A school in a new database; every teacher has a class, among which the pupils are shared out."""
    app = create_app(Settings(var_dir=folder, database_url=f"sqlite:///{folder}/zoufang.db"))
    db, env = app.state.db, app.state.env
    try:
        await migrate(db)
        school = await ensure_school(db, env, "石门乡中心小学")
        users = []
        for number in range(teachers):
            phone, name = str(FIRST_PHONE + number), f"教师{number + 1}"
            users.append(
                await add_person(
                    db, env, school, phone=phone, name=name, roles=["class_teacher"], classes=[_class(number)]
                )
            )
            async with db.write() as conn:
                await set_password(conn, phone, PASSWORD, env.clock())
        ids = [new_id() for _ in range(pupils)]
        async with db.write() as conn:
            made = [_pupil(ident, _class(n % teachers)) for n, ident in enumerate(ids)]
            await write.submit(conn, env, server_principal(school), new_id(), made)
    finally:
        await db.close()
    return School(folder, school, users, ids)


def _class(number: int) -> str:
    return f"三({number + 1})班"


def _pupil(ident: str, class_name: str) -> Op:
    values = {"name": "杨思源", "pinyin": "yang si yuan", "class": class_name, "boards": True}
    return Op(0, "create", "student", ident, form="student", form_version=1, set=values)


def bare(path: Path) -> sqlite3.Connection:
    """A plain connection with the durability of the product's own: WAL, synchronous=FULL."""
    conn = sqlite3.connect(path, isolation_level=None)
    for name, value in PRAGMAS.items():
        conn.execute(f"PRAGMA {name} = {value}")
    return conn
