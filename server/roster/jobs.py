"""Imports from the office page: uploaded, read, looked at, confirmed, written. Each step is a row that any
process can answer from; the work itself runs beside the requests, in the process that took the upload."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from server.access import Principal, load_principal
from server.db import Database, new_id
from server.gateway.work import Env
from server.roster import summary
from server.roster.actions import ImportFailed, carry_out, prepare, read_book, school_day
from server.roster.duties import visits_this_week
from server.roster.files import Refused
from server.roster.models import import_files, import_jobs
from server.schools import get_school

KEPT = timedelta(days=1)
REMEMBERED = timedelta(days=90)
SILENT = timedelta(minutes=10)
READING, READY, REFUSED, WRITING, DONE, FAILED = "reading", "ready", "refused", "writing", "done", "failed"
log = logging.getLogger("zoufang.import")
Files = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Job:
    """One import as its page shows it. `summary` is what `summary.preview` or `summary.result` made."""

    id: str
    school: str
    user: str
    state: str
    created: datetime
    duties: bool
    summary: dict[str, Any]
    error: str


class Jobs:
    """The imports that this process works on."""

    def __init__(self, db: Database, env: Env) -> None:
        """One for an application; `tasks` are those at work now."""
        self.db, self.env = db, env
        self.tasks: set[asyncio.Task[None]] = set()

    async def settled(self) -> None:
        """Wait until nothing is at work any more."""
        while self.tasks:
            await asyncio.gather(*self.tasks)

    async def begin(self, who: Principal, files: Files) -> str:
        """Take an upload and start to read it. Uploads that nobody confirmed in a day go, and reports
        after a term."""
        job, now = new_id(), self.env.clock()
        row = {"id": job, "school_id": who.school, "user_id": who.user, "created": now, "touched": now}
        async with self.db.write() as conn:
            old = import_files.c.job_id.in_(
                select(import_jobs.c.id).where(import_jobs.c.created < now - KEPT)
            )
            await conn.execute(delete(import_files).where(old))
            await conn.execute(delete(import_jobs).where(import_jobs.c.created < now - REMEMBERED))
            await conn.execute(
                insert(import_jobs), [{**row, "state": READING, "done": 0, "total": len(files), "duties": 0}]
            )
            rows = [
                {"school_id": who.school, "job_id": job, "number": n, "name": name, "body": body}
                for n, (name, body) in enumerate(files)
            ]
            await conn.execute(insert(import_files), rows)
        self._start(self._read(who.school, job, files))
        return job

    async def confirm(self, who: Principal, job: str, duties: bool) -> bool:
        """Start to write what was read, once; False if it is not waiting for that."""
        now = self.env.clock()
        async with self.db.write() as conn:
            waiting = (import_jobs.c.state == READY) | (
                (import_jobs.c.state == WRITING) & (import_jobs.c.touched < now - SILENT)
            )
            change = update(import_jobs).where(
                import_jobs.c.school_id == who.school, import_jobs.c.id == job, waiting
            )
            values = {"state": WRITING, "touched": now, "duties": int(duties), "user_id": who.user}
            if (await conn.execute(change.values(**values))).rowcount != 1:
                return False
        self._start(self._write(who.school, job))
        return True

    async def find(self, who: Principal, job: str) -> Job | None:
        """One import of this person's school."""
        query = select(import_jobs).where(import_jobs.c.school_id == who.school, import_jobs.c.id == job)
        async with self.db.read() as conn:
            row = (await conn.execute(query)).first()
        return _job(row, self.env.clock()) if row else None

    async def latest(self, who: Principal, count: int = 8) -> list[Job]:
        """The last imports of this person's school."""
        query = select(import_jobs).where(import_jobs.c.school_id == who.school)
        async with self.db.read() as conn:
            rows = await conn.execute(query.order_by(import_jobs.c.created.desc()).limit(count))
            return [_job(row, self.env.clock()) for row in rows]

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _read(self, school: str, job: str, files: Files) -> None:
        try:
            async with self.db.read() as conn:
                found = await get_school(conn, school)
            today = school_day(self.env, found.tz if found else "Asia/Shanghai")
            book = await asyncio.to_thread(read_book, files, today)
            async with self.db.read() as conn:
                _known, linked, plan = await prepare(conn, self.env, school, book)
            await self._set(school, job, READY, summary.preview(book, linked, plan))
        except Refused as refused:
            await self._set(school, job, REFUSED, {}, f"{refused.file}：{refused.reason}")
        except Exception:
            log.exception("import %s could not be read", job)
            await self._set(school, job, FAILED, {}, "")

    async def _write(self, school: str, job: str) -> None:
        try:
            files, tz = await self._kept(school, job)
            today = school_day(self.env, tz)
            book = await asyncio.to_thread(read_book, files, today)
            async with self.db.write() as conn:
                place = (import_jobs.c.school_id == school) & (import_jobs.c.id == job)
                row = (await conn.execute(select(import_jobs).where(place))).one()
                who = await load_principal(conn, row.user_id, school)
                if who is None or not who.may("office.import"):
                    raise ImportFailed(row.user_id)
                report = await carry_out(conn, self.env, school, "", book, who)
                if row.duties:
                    made = await visits_this_week(conn, self.env, school, report.linked.pairs, today)
                    report.figures["duties"] = made
                await conn.execute(delete(import_files).where(_of(school, job)))
                done = summary.result(row.summary or {}, report)
                values = {"state": DONE, "touched": self.env.clock(), "summary": done}
                await conn.execute(update(import_jobs).where(place).values(**values))
        except Exception:
            log.exception("import %s could not be written", job)
            await self._set(school, job, FAILED, None, "")

    async def _kept(self, school: str, job: str) -> tuple[list[tuple[str, bytes]], str]:
        """The uploaded files, and the school's time zone."""
        async with self.db.read() as conn:
            query = select(import_files).where(_of(school, job)).order_by(import_files.c.number)
            files = [(one.name, one.body) for one in await conn.execute(query)]
            found = await get_school(conn, school)
        if found is None or not files:
            raise ImportFailed(job)
        return files, found.tz

    async def _set(
        self, school: str, job: str, state: str, found: dict[str, Any] | None, error: str = ""
    ) -> None:
        values: dict[str, Any] = {"state": state, "touched": self.env.clock(), "error": error}
        if found is not None:
            values["summary"] = found
        place = (import_jobs.c.school_id == school) & (import_jobs.c.id == job)
        async with self.db.write() as conn:
            await conn.execute(update(import_jobs).where(place).values(**values))
            if state in (REFUSED, FAILED):
                await conn.execute(delete(import_files).where(_of(school, job)))


def _of(school: str, job: str) -> Any:
    return (import_files.c.school_id == school) & (import_files.c.job_id == job)


def _job(row: Any, now: datetime) -> Job:
    """A row as a job; one whose process fell silent has failed (its transaction never ended)."""
    state = row.state
    if state in (READING, WRITING) and row.touched < now - SILENT:
        state = FAILED
    return Job(
        row.id,
        row.school_id,
        row.user_id,
        state,
        row.created,
        bool(row.duties),
        row.summary or {},
        row.error or "",
    )
