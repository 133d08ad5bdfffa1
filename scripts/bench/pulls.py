"""Pulls over HTTP: a first sync, an empty one, and what one costs when much has happened before."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import AsyncExitStack
from statistics import median

import msgspec

from .figures import Figure, in_turn, number
from .history import cursor_before, lengthen
from .school import Phone, School, bare, make_school, scratch

DOCS = 5000


async def pull(rounds: int = 7, docs: int = DOCS) -> list[Figure]:
    """A first sync, page by page, to selecting the same docs and encoding them."""
    with scratch() as folder:
        school = await make_school(folder, 1, 40)
        await asyncio.to_thread(lengthen, school, docs, docs)
        conn = bare(school.file)
        async with school.phones(1) as (phone,):

            async def ours() -> float:
                began = time.perf_counter()
                came = await phone.pull_all()
                return came / (time.perf_counter() - began)

            async def other() -> float:
                return _select_and_encode(conn, school.id)

            pair = await in_turn(rounds, ours, other)
        conn.close()
    return [
        Figure(
            "Pulling everything, pages of 1,000",
            f"{number(pair.ours)} docs/s",
            f"{number(pair.bare)} docs/s, bare SELECT of their bodies, decoded and encoded",
            pair.ratio,
            0.6,
        )
    ]


def _select_and_encode(conn: sqlite3.Connection, school: str) -> float:
    """Docs a second, in pages by rev, each page encoded as one JSON text."""
    began, place, count = time.perf_counter(), (0, ""), 0
    query = (
        "SELECT rev, id, body FROM docs WHERE school_id = ? AND (rev, id) > (?, ?) "
        "ORDER BY rev, id LIMIT 1000"
    )
    while rows := conn.execute(query, (school, *place)).fetchall():
        msgspec.json.encode({"docs": [msgspec.json.decode(body) for _, _, body in rows]})
        place, count = rows[-1][:2], count + len(rows)
    return count / (time.perf_counter() - began)


async def empty(rounds: int = 9, count: int = 60) -> list[Figure]:
    """A sync with nothing to send and nothing to fetch, to asking who is signed in."""
    with scratch() as folder:
        school = await make_school(folder, 1, 10)
        async with school.phones(1) as (phone,):
            await phone.pull_all()
            sync = phone.line.packed("POST", "/sync", msgspec.json.encode(phone.request([], phone.cursor)))
            session = phone.line.packed("GET", "/session")

            async def ours() -> float:
                return await _typical(phone, sync, count)

            async def other() -> float:
                return await _typical(phone, session, count)

            pair = await in_turn(rounds, ours, other)
    return [
        Figure(
            "An empty sync",
            f"{number(pair.ours * 1000)} ms",
            f"{number(pair.bare * 1000)} ms: an authenticated GET /session",
            pair.ratio,
            1.5,
            at_most=True,
        )
    ]


async def _typical(phone: Phone, request: bytes, count: int) -> float:
    """The median of how long this request takes, in seconds."""
    times = []
    for _ in range(count):
        began = time.perf_counter()
        status, answer = await phone.line.exchange(request)
        times.append(time.perf_counter() - began)
        if status != 200:
            raise RuntimeError(answer[:400])
    return median(times)


SIZES = (10_000, 100_000, 1_000_000)
CHANGES = 10  # of a doc: drafts grow, are handed in and reviewed
NEW = 100


async def history(rounds: int = 15, sizes: tuple[int, ...] = SIZES) -> list[Figure]:
    """The latest hundred changes, when the school has seen 10⁴, 10⁵ and 10⁶ revs."""
    with scratch() as folder:
        schools: list[School] = []
        for size in sizes:
            home = folder / str(size)
            home.mkdir()
            schools.append(await make_school(home, 1, 40))
            await asyncio.to_thread(lengthen, schools[-1], size, size // CHANGES)
        times = await _in_turn(schools, rounds)
    first, *rest = (median(some) for some in times)
    return [
        Figure(
            f"Pulling the latest {NEW} changes of {number(size)} revs",
            f"{number(took * 1000)} ms",
            f"{number(first * 1000)} ms: the same of {number(sizes[0])} revs",
            took / first,
            1.5,
            at_most=True,
        )
        for size, took in zip(sizes[1:], rest, strict=True)
    ]


async def _in_turn(schools: list[School], rounds: int) -> list[list[float]]:
    """For each school, how long its pulls of the latest changes took; the schools in turn."""
    async with AsyncExitStack() as stack:
        asked = []
        for school in schools:
            (phone,) = await stack.enter_async_context(school.phones(1))
            body = phone.request([], cursor_before(school, NEW * CHANGES))
            asked.append((phone, phone.line.packed("POST", "/sync", msgspec.json.encode(body))))
        times: list[list[float]] = [[] for _ in schools]
        for _ in range(rounds):
            for (phone, request), some in zip(asked, times, strict=True):
                some.append(await _typical(phone, request, 3))
    return times
