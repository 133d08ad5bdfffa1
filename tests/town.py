"""A school with a teacher and two pupils, a push service, and workers to send."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select

from server.access import Principal, load_principal, server_principal
from server.accounts.models import sessions
from server.accounts.people import add_person, ensure_school
from server.accounts.sessions import end_session, open_session
from server.db import Database, new_id
from server.duties.actions import assign
from server.gateway import read, write
from server.gateway.visible import VisibleDoc
from server.gateway.work import Env
from server.reminders.engine import Worker
from server.reminders.keys import vapid_keys
from server.reminders.outgoing import Outgoing
from server.reminders.push import Sender
from server.reminders.subscriptions import Subscription, SubscriptionKeys, subscribe
from server.settings import Settings
from sync.protocol import Op, Result
from tests.conftest import Clock
from tests.push_service import Browser, PushService, start

WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
FRIDAY = date(2026, 11, 20)
CLASS = "三(2)班"


@dataclass
class Town:
    """One school; `wang` teaches the class of `li` and `mei`, `office` assigns."""

    db: Database
    env: Env
    clock: Clock
    school: str
    service: PushService
    wang: str = ""
    office: str = ""
    li: str = ""
    mei: str = ""

    def at(self, day: int, hour: int, minute: int = 0) -> None:
        """It is a day of November 2026, and a time in Shanghai."""
        self.clock.now = datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)

    async def principal(self, user: str) -> Principal:
        """The person as the school has them."""
        async with self.db.read() as conn:
            found = await load_principal(conn, user, self.school)
        assert found is not None
        return found

    async def submit(self, who: Principal, *ops: Op) -> list[Result]:
        """Ops of a client of their own."""
        async with self.db.write() as conn:
            return await write.submit(conn, self.env, who, new_id(), ops)

    async def pupil(self, name: str) -> str:
        """A pupil of the class."""
        doc = new_id()
        values = {"name": name, "class": CLASS, "grade": "三年级"}
        op = Op(0, "create", "student", doc, form="student", form_version=1, set=values, meta={})
        (result,) = await self.submit(server_principal(self.school), op)
        assert result.result == "applied", result
        return doc

    async def assign(
        self, *students: str, to: str = "", due: date = FRIDAY, request: str = ""
    ) -> list[Result]:
        """The office wants these pupils visited."""
        who = await self.principal(self.office)
        async with self.db.write() as conn:
            return await assign(
                conn, self.env, who, f"client-{who.user}", students, to or self.wang, due, request=request
            )

    async def visit(self, result: str, *students: str, day: date = FRIDAY, **more: Any) -> str:
        """Wang has been there, and submits."""
        doc = new_id()
        values = {"result": result, "occurred_at": f"{day}T16:00:00+08:00", **more}
        form: dict[str, Any] = {"form": "home_visit", "form_version": 1}
        create = Op(0, "create", "visit", doc, set=values, meta={"students": list(students)}, **form)
        who = await self.principal(self.wang)
        results = await self.submit(who, create, Op(0, "event", "visit", doc, event="submit", **form))
        assert [each.result for each in results] == ["applied", "applied"], results
        return doc

    async def event(self, user: str, doc: str, event: str, **args: Any) -> Result:
        """Somebody leads a doc on."""
        known = await self.see(doc)
        kind = known.kind
        form: dict[str, Any] = {"form": "home_visit" if kind == "visit" else "duty", "form_version": 1}
        op = Op(0, "event", kind, doc, base=known.rev, event=event, args=args or None, **form)
        return (await self.submit(await self.principal(user), op))[0]

    async def see(self, doc: str) -> VisibleDoc:
        """A doc with everything."""
        async with self.db.read() as conn:
            found = await read.one(conn, self.env, server_principal(self.school), doc)
        assert found is not None
        return found

    async def duties(self) -> list[VisibleDoc]:
        """All duties, the earliest first."""
        async with self.db.read() as conn:
            return await read.many(conn, self.env, server_principal(self.school), kind="duty", newest=False)

    async def phone(self, user: str = "", name: str = "a") -> tuple[str, Browser]:
        """A phone with reminders on: its session, and the keys that read what it is sent."""
        browser = Browser()
        raw = browser.subscription(self.service.endpoint(name))
        given = Subscription(raw["endpoint"], SubscriptionKeys(**raw["keys"]))
        session = await self.session(user or self.wang)
        async with self.db.write() as conn:
            await subscribe(conn, user or self.wang, session, given, self.clock())
        return session, browser

    async def session(self, user: str) -> str:
        """The person signs in; the id of the session."""
        async with self.db.write() as conn:
            await open_session(
                conn, Settings(), user, client=None, school=self.school, device="", now=self.clock()
            )
            query = select(sessions.c.id).where(sessions.c.user_id == user).order_by(sessions.c.id.desc())
            return (await conn.execute(query)).scalars().first() or ""

    async def sign_out(self, session: str) -> None:
        """The session ends."""
        async with self.db.write() as conn:
            await end_session(conn, session, self.clock())

    async def worker(self, outgoing: Outgoing | None = None) -> Worker:
        """One more worker, as if in a process of its own."""
        keys = await vapid_keys(self.db, self.clock())
        return Worker(self.db, self.env, Sender(keys, "", outgoing or self.service.outgoing()), self.clock)

    async def run(self) -> int:
        """A worker makes one pass."""
        return await (await self.worker()).run_once()


@pytest.fixture
async def push_service(tmp_path: Path) -> AsyncIterator[PushService]:
    """A push service of our own."""
    made, runner = await start(tmp_path)
    yield made
    await runner.cleanup()


@pytest.fixture
async def town(app: Litestar, clock: Clock, push_service: PushService) -> Town:
    """The school, on a Wednesday morning."""
    clock.now = WEDNESDAY
    db, env = app.state.db, app.state.env
    made = Town(db, env, clock, await ensure_school(db, env, "青山小学"), push_service)
    wang = await add_person(
        db, env, made.school, phone="13800000001", name="王老师", roles=["class_teacher"], classes=[CLASS]
    )
    office = await add_person(db, env, made.school, phone="13800000002", name="资助办", roles=["office"])
    made = replace(made, wang=wang, office=office)
    return replace(made, li=await made.pupil("李明"), mei=await made.pupil("张梅"))
