"""Pushes over HTTP to the running server, beside bare SQLite that is no less durable."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from server.db import new_id

from .figures import Figure, in_turn, number, percentile
from .history import ANSWERS
from .school import Phone, School, bare, make_school, scratch

PUSHERS = 8
OPS = 30


def visit(phone: Phone, school: School, doc: str) -> dict[str, Any]:
    """A home visit with what is usually answered."""
    own = school.pupils[phone.number :: len(school.teachers)]
    pupil = own[phone.seq % len(own)]
    return phone.op("create", "visit", doc, "home_visit", set=ANSWERS, meta={"students": [pupil]})


Ops = list[dict[str, Any]]


async def send(phone: Phone, pushes: list[Ops]) -> list[float]:
    """Send pushes one after the other; how long each took, in seconds. Raises for one that was not taken.

    As a phone does, each asks for what came since the one before, which is what it brought itself.
    """
    times = []
    for ops in pushes:
        body = msgspec.json.encode(phone.request(ops, phone.cursor))
        request = phone.line.packed("POST", "/sync", body)
        began = time.perf_counter()
        status, raw = await phone.line.exchange(request)
        times.append(time.perf_counter() - began)
        answer = msgspec.json.decode(raw, type=Answer)
        if status != 200 or any(result.result == "held" for result in answer.results):
            raise RuntimeError(raw[:400])
        phone.cursor = answer.cursor
    return times


class Verdict(msgspec.Struct):
    """Of a result what matters here."""

    result: str


class Answer(msgspec.Struct):
    """Of an answer what matters here."""

    cursor: str = ""
    results: list[Verdict] = []


async def pushes(rounds: int = 7, count: int = 40) -> list[Figure]:
    """One op a push: throughput of eight phones to bare commits, and their p99 to the p50 of one."""
    with scratch() as folder:
        school = await make_school(folder, PUSHERS, 40)
        conn = _bare_table(folder / "bare.db")
        async with school.phones(PUSHERS) as phones:
            docs = [new_id() for _ in phones]
            for phone, doc in zip(phones, docs, strict=True):
                await phone.pull_all()
                await send(phone, [[visit(phone, school, doc)]])
            alone: list[float] = []
            together: list[float] = []

            def edits(n: int) -> list[Ops]:
                phone = phones[n]

                def edit() -> dict[str, Any]:
                    return phone.op("edit", "visit", docs[n], "home_visit", set={"commute": phone.seq % 120})

                return [[edit()] for _ in range(count)]

            async def ours() -> float:
                alone.extend(await send(phones[0], edits(0)))
                ready = [edits(n) for n in range(PUSHERS)]
                began = time.perf_counter()
                times = await asyncio.gather(*map(send, phones, ready))
                took = time.perf_counter() - began
                together.extend(t for some in times for t in some)
                return PUSHERS * count / took

            async def other() -> float:
                return _commits(conn, PUSHERS * count)

            pair = await in_turn(rounds, ours, other)
    slow, usual = percentile(together, 0.99), median(alone)
    return [
        Figure(
            f"Pushes of one op, {PUSHERS} phones at a time",
            f"{number(pair.ours)} pushes/s",
            f"{number(pair.bare)} commits/s of one row, bare SQLite",
            pair.ratio,
            0.2,
        ),
        Figure(
            f"p99 of a push with {PUSHERS} phones at a time",
            f"{number(slow * 1000)} ms",
            f"{number(usual * 1000)} ms: p50 with one phone",
            slow / usual,
            12,
            at_most=True,
        ),
    ]


def _bare_table(path: Path) -> sqlite3.Connection:
    conn = bare(path)
    conn.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, body BLOB)")
    return conn


def _commits(conn: sqlite3.Connection, count: int) -> float:
    """Transactions of one row a second."""
    body = os.urandom(400)
    began = time.perf_counter()
    for _ in range(count):
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("INSERT INTO bare (body) VALUES (?)", (body,))
        conn.execute("COMMIT")
    return count / (time.perf_counter() - began)


TABLES = ("docs", "ops", "doc_refs", "doc_tags")


async def bulk(rounds: int = 5, count: int = 4) -> list[Figure]:
    """Thirty new visits a push, to a bare executemany of the very rows that the server wrote for them."""
    with scratch() as folder:
        school = await make_school(folder, PUSHERS, 40)
        with_schema = bare(folder / "rows.db")
        source = bare(school.file)
        for (sql,) in source.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name IN (?, ?, ?, ?) AND sql NOT NULL "
            "ORDER BY type DESC",
            TABLES,
        ).fetchall():
            with_schema.execute(sql)
        async with school.phones(PUSHERS) as phones:
            made: list[list[str]] = []
            for phone in phones:
                await phone.pull_all()

            def ready(phone: Phone) -> list[Ops]:
                sets = [[new_id() for _ in range(OPS)] for _ in range(count)]
                made.extend(sets)
                return [[visit(phone, school, doc) for doc in some] for some in sets]

            async def ours() -> float:
                made.clear()
                sets = [ready(phone) for phone in phones]
                began = time.perf_counter()
                await asyncio.gather(*map(send, phones, sets))
                return OPS * count * PUSHERS / (time.perf_counter() - began)

            async def other() -> float:
                batches = [_rows_of(source, school.id, docs) for docs in made]
                return _bulk(with_schema, batches)

            pair = await in_turn(rounds, ours, other)
        source.close()
        with_schema.close()
    return [
        Figure(
            f"Records at {OPS} a push, {PUSHERS} phones at a time",
            f"{number(pair.ours)} records/s",
            f"{number(pair.bare)} records/s, bare executemany of the same rows, {OPS} records a commit",
            pair.ratio,
            0.35,
        )
    ]


Rows = dict[str, list[tuple[Any, ...]]]


def _rows_of(source: sqlite3.Connection, school: str, docs: list[str]) -> Rows:
    """What the server wrote for these docs, by table."""
    marks = ",".join("?" * len(docs))
    found = {}
    for table in TABLES:
        column = "id" if table == "docs" else "doc_id"
        query = f"SELECT * FROM {table} WHERE school_id = ? AND {column} IN ({marks})"  # noqa: S608 - names of our own
        found[table] = source.execute(query, (school, *docs)).fetchall()
    return found


def _bulk(conn: sqlite3.Connection, batches: list[Rows]) -> float:
    """Records a second, one commit for the rows of a push."""
    began = time.perf_counter()
    for batch in batches:
        conn.execute("BEGIN IMMEDIATE")
        for table, rows in batch.items():
            marks = ",".join("?" * len(rows[0])) if rows else ""
            conn.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - names of our own
        conn.execute("COMMIT")
    return OPS * len(batches) / (time.perf_counter() - began)
