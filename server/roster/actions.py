"""The verbs of an import: read, look at what it would do, and do it, all in one transaction."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal, server_principal
from server.accounts.models import users
from server.db import insert_or_ignore, new_id
from server.gateway import write
from server.gateway.finish import upsert
from server.gateway.work import Env
from server.roster.book import Book, read_files
from server.roster.known import Known, load
from server.roster.link import Linked, link
from server.roster.models import idents, imported
from server.roster.plan import Plan, Planner
from server.schools import ZONE
from sync.protocol import Result

Progress = Callable[[int, int], None]


class ImportFailed(Exception):
    """The server's own rules refused part of an import; nothing was written."""


@dataclass(slots=True)
class Report:
    """What an import read and did. `figures` has the keys of `--json`."""

    figures: dict[str, Any]
    book: Book
    linked: Linked
    plan: Plan
    students: dict[str, str] = field(default_factory=dict)  # ID number → pupil's id
    people: dict[str, str] = field(default_factory=dict)  # phone → person's id


def read_book(files: Iterable[tuple[str, bytes]], today: date) -> Book:
    """Read the files, names and bytes. Raises files.Refused if any is broken, foreign or dangerous."""
    return read_files(files, today)


def school_day(env: Env, tz: str = ZONE) -> date:
    """The day that it is at a school."""
    return env.clock().astimezone(ZoneInfo(tz)).date()


async def prepare(conn: AsyncConnection, env: Env, school: str, book: Book) -> tuple[Known, Linked, Plan]:
    """What a book would change at a school; writes nothing."""
    known = await load(conn, env, school, [person.phone for person in book.people if person.phone])
    linked = link(book, known)
    plan = Planner(env, known, book.notes, env.clock()).run(linked)
    return known, linked, plan


async def carry_out(
    conn: AsyncConnection, env: Env, school: str, name: str, book: Book, by: Principal | None = None
) -> Report:
    """Write a book into a school, inside the caller's transaction. Raises ImportFailed.

    `by` is on whose behalf: conflicts show that name. Nothing is deleted; what people changed since the last
    import stays and gets the workbook's value beside it.
    """
    known, linked, plan = await prepare(conn, env, school, book)
    for user, phone, person in linked.accounts:
        row = {"id": user, "phone": phone, "name": person, "created": env.clock()}
        if not await insert_or_ignore(conn, users, row):
            raise ImportFailed(phone)
    who = server_principal(school, by.user if by else "", by.name if by else "")
    results: list[Result] = []
    if plan.changes:
        ops = [change.op for change in plan.changes]
        results = await write.submit(conn, env, who, new_id(), ops, "import")
    held = [(c, r) for c, r in zip(plan.changes, results, strict=True) if r.result == "held"]
    if held:
        change, result = held[0]
        raise ImportFailed(f"{change.wanted.kind} {change.wanted.who}: {result.code} {result.params}")
    await _remember(conn, known, linked, plan, results)
    return _report(name, book, linked, plan, results)


async def _remember(
    conn: AsyncConnection, known: Known, linked: Linked, plan: Plan, results: list[Result]
) -> None:
    """What the workbooks said, cell by cell, with the rev at which it was seen to stand."""
    revs: dict[tuple[str, str], int] = {}
    for change, result in zip(plan.changes, results, strict=True):
        for path in change.op.set or {}:
            # a value that became a sibling was not seen to stand: its cell keeps the base it had
            revs[change.wanted.id, path] = change.op.base if path in result.fields else result.rev
    rows = []
    for doc, said in plan.cells.items():
        cells = dict(known.cells.get(doc, {}))
        cells |= {path: (value, revs.get((doc, path), 0)) for path, value in said.items()}
        rows.append(
            {
                "school_id": known.school,
                "doc_id": doc,
                "kind": plan.kinds[doc],
                "cells": msgspec.json.encode(cells),
            }
        )
    if rows:
        await conn.execute(upsert(conn, imported), rows)
    numbers = [
        {
            "school_id": known.school,
            "student_id": pupil,
            "ident": ident or None,
            "enrolment_no": enrolment or None,
        }
        for pupil, ident, enrolment in linked.numbers
    ]
    if numbers:
        await conn.execute(upsert(conn, idents), numbers)


def _report(school: str, book: Book, linked: Linked, plan: Plan, results: list[Result]) -> Report:
    changed: set[tuple[str, str]] = set()
    siblings: set[tuple[str, str]] = set()
    for change, result in zip(plan.changes, results, strict=True):
        if change.wanted.new:
            continue
        stuck = {path for path in change.paths if path.partition("#")[0] in result.fields}
        for path, column in change.paths.items():
            if column and path not in stuck:
                changed.add((change.wanted.id, column))
        siblings |= {(change.wanted.id, change.wanted.cells.get(p, p)) for p in stuck if "#" not in p}
    changed -= siblings
    counts = {
        "added": plan.added,
        "changed": len(changed) + plan.idents_changed_alone(changed),
        "siblings": len(siblings),
    }
    report = Report(figures(school, book, linked, counts), book, linked, plan)
    report.students = {row.ident: pupil for pupil, row in linked.rows.items() if row.ident}
    report.people = {
        str(wanted.values["phone"]): wanted.id for wanted in linked.wanted if wanted.kind == "person"
    }
    return report


def figures(school: str, book: Book, linked: Linked, changes: dict[str, int]) -> dict[str, Any]:
    """The keys that `zoufang import --json` prints (`boarders` by the roster's own column, 寄宿)."""
    return {
        "school": school,
        "students": len(book.pupils),
        "flagged_ident": book.flagged,
        "duplicates": book.duplicates,
        "boarders": sum(1 for pupil in book.pupils if pupil.boards),
        "left_behind": sum(1 for pupil in book.pupils if pupil.left_behind),
        "helped": sum(1 for pupil in book.pupils if pupil.category not in (None, "", "无")),
        "staff": len(book.people),
        "pairs": len(linked.pairs),
        "dorm_rooms": len({(bed.building, bed.room) for bed in book.beds}),
        "by_category": book.by_category(),
        "problems": [problem.shown() for problem in book.notes.problems],
        "changes": changes,
    }


async def has_imports(conn: AsyncConnection, school: str) -> bool:
    """Whether anything was ever imported into a school."""
    query = select(imported.c.doc_id).where(imported.c.school_id == school).limit(1)
    return (await conn.execute(query)).first() is not None
