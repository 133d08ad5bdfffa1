"""The server of the machine: one school, its office's own doings, its backup and what comes back of it."""

import asyncio
import json
from itertools import count
from pathlib import Path
from typing import Any, cast

from httpx import AsyncClient
from litestar import Litestar
from sqlalchemy import select

from server.access import server_principal
from server.app import create_app
from server.backup.cli import read_backup, write_backup
from server.db import Database, new_id
from server.gateway import read, write
from server.gateway.models import ops
from server.migrations import migrate
from server.schools import schools
from server.settings import Settings
from sync.forms import Forms, parse_form
from sync.protocol import Op
from tests.conftest import PASSWORD, Clock, People, make_school
from tests.server.gateway.conftest import add_pupils, asgi_send
from tests.server.gateway.device import Device
from tests.server.vaults.conftest import key_of

FORM = "home_visit"
CLASS = "三(2)班"
VERSIONS = 3
FIRST = "first"


class Broke(Exception):
    """The server failed at its work. That is no breach of the contract, and catches no wrong server."""


class World:
    """The server, a school and a loop, shared by the histories of a run."""

    def __init__(self, url: str, folder: Path) -> None:
        self.settings = Settings(database_url=url, var_dir=folder, media_url=f"file:{folder}/media")
        self.folder, self.clock = folder, Clock()
        self.runner = asyncio.Runner()
        self.words = count(1)
        self.app: Litestar = create_app(self.settings, clock=self.clock)
        self.run(self.fill())

    def run(self, work: Any) -> Any:
        """Run a coroutine to its end."""
        return self.runner.run(work)

    async def fill(self) -> None:
        """People, and a pupil whom none of them has."""
        await migrate(self.db)
        self.school: People = await make_school(self.app, "石门乡中心小学", 13800000001)
        self.stranger = (await add_pupils(self.app, self.school, 石桐国={"class": "一(1)班"}))["石桐国"]
        self.key = await key_of(await self.phone("office"))  # to which phones seal; in every backup
        await self.back_up(FIRST)

    @property
    def db(self) -> Database:
        """The running server's database."""
        return self.app.state.db

    async def begin(self) -> dict[str, str]:
        """A pupil with a home and a duty, all of the class teacher's and the helper's."""
        ids, who = self.school.ids, {name: new_id() for name in ("household", "duty")}
        pupil = {"class": CLASS, "helpers": [ids["teacher"]], "household": who["household"]}
        who["pupil"] = (await add_pupils(self.app, self.school, 龙䶮=pupil))["龙䶮"]
        duty = {"students": {"add": [who["pupil"]]}, "form": FORM, "assignee": ids["class_teacher"]}
        await self.hand("create", "household", who["household"], set={"village": "老鸦沟村"}, meta={})
        await self.hand("create", "duty", who["duty"], set={**duty, "due": "2026-11-30"}, meta={})
        return who

    async def hand(self, op: str, kind: str, doc: str, **rest: Any) -> None:
        """The office's doing at its desk, in sight of everything."""
        async with self.db.write() as conn:
            query = select(schools.c.rev).where(schools.c.id == self.school.id)
            seen = (await conn.execute(query)).scalar_one() if op == "edit" else 0
            made = Op(0, op, kind, doc, base=seen, form=kind, form_version=1, **rest)
            who = server_principal(self.school.id, "import")
            (result,) = await write.submit(conn, self.app.state.env, who, new_id(), [made])
        if result.result not in ("applied", "merged"):
            raise Broke(result)

    async def revoke(self, role: str, back: bool) -> None:
        """A role is taken from whoever has it, or given back."""
        change = {"add" if back else "remove": [role]}
        await self.hand("edit", "person", self.school.ids[role], set={"roles": change})

    async def new_form(self) -> None:
        """The school's form gets another version, with one more question."""
        forms: Forms = self.app.state.env.forms
        latest = forms.latest(FORM)
        if latest.version < VERSIONS:
            definition = latest.definition()
            version = definition["version"] = latest.version + 1
            definition["questions"].append({"name": f"more{version}", "type": "line", "label": "新问题"})
            forms = Forms([*forms.all(), parse_form(definition)])
            self.app.state.env = self.app.state.env._replace(forms=forms)
        await self.ensure_forms()

    async def ensure_forms(self) -> None:
        """The definitions that this release has are at the school."""
        async with self.db.write() as conn:
            await write.ensure_forms(conn, self.app.state.env, self.school.id)

    def line(self) -> tuple[Any, AsyncClient]:
        """A line of a phone's own to whichever server runs."""
        return asgi_send(cast("Any", self.asgi))

    async def phone(self, role: str) -> Device:
        """A new phone of somebody's, with everything on it."""
        phone = Device(*self.line(), role)
        await phone.sign_in(self.school.phones[role], PASSWORD)
        await phone.sync()
        return phone

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        """Whichever server runs now."""
        await cast("Any", self.app)(scope, receive, send)

    async def truth(self, ids: list[str]) -> dict[str, dict[str, Any]]:
        """Docs as the server has them."""
        async with self.db.read() as conn:
            found = await read.some(conn, self.app.state.env, server_principal(self.school.id), ids)
        return {doc.id: {"siblings": {}, **doc.wire()} for doc in found}

    async def results(self, client: str, seqs: list[int]) -> list[dict[str, Any]]:
        """What the server's log says of these ops of a client, as it is to be told."""
        async with self.db.read() as conn:
            query = select(ops.c.seq, ops.c.result).where(ops.c.client_id == client, ops.c.seq.in_(seqs))
            found = {row.seq: json.loads(row.result) for row in await conn.execute(query)}
        return [found[seq] for seq in seqs if seq in found]

    async def back_up(self, name: str) -> None:
        """A backup of now."""
        await write_backup(self.settings, self.folder / name, "")

    async def restore(self, name: str) -> None:
        """The server is lost and comes back from its backup; from `FIRST` without all histories."""
        env = self.app.state.env
        await self.db.close()
        await read_backup(self.settings, self.folder / name, "", replace=True)
        self.app = create_app(self.settings, clock=self.clock)
        self.app.state.env = env  # the release on the disk is still the newer one
        await self.ensure_forms()

    def close(self) -> None:
        """Close the database and the loop."""
        self.run(self.db.close())
        self.runner.close()
