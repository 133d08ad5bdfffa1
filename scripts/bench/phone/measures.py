"""Bulk writes and a first sync in Chromium, which holds as much as a small school has."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Page, Route, async_playwright

from tests.journeys.browser import FLAGS
from tests.journeys.server import ROOT, free_port
from tests.needs import chromium, node

from ..figures import Figure, in_turn, number
from ..history import lengthen
from ..line import Line
from ..school import FIRST_PHONE, PASSWORD, Phone, School, make_school, scratch

POUCH = ROOT / "scripts" / "bench" / "pouch"
DOCS = 1000


@asynccontextmanager
async def browser(bundles: Path) -> AsyncGenerator[Any]:
    """`await page(origin, bundle)`: a page at an address with a bundle in it; each has own stores."""
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = node()
    command = [node(), str(POUCH.parent / "phone" / "build.mjs"), str(bundles)]
    await asyncio.to_thread(subprocess.run, command, check=True, cwd=ROOT)
    async with async_playwright() as driver:
        opened = await driver.chromium.launch_persistent_context(
            bundles / "profile", executable_path=chromium(), args=FLAGS
        )

        async def page(origin: str, bundle: str) -> Page:
            made = await opened.new_page()
            made.set_default_timeout(120_000)
            blank = "<!doctype html><title>bench</title>"

            async def answer(route: Route) -> None:
                await route.fulfill(body=blank, content_type="text/html")

            await made.route(f"{origin}/bench.html", answer)
            await made.goto(f"{origin}/bench.html")
            await made.add_script_tag(content=(bundles / bundle).read_text("utf-8"))
            return made

        try:
            yield page
        finally:
            await opened.close()


@asynccontextmanager
async def pouchdb_server(folder: Path) -> AsyncGenerator[str]:
    """pouchdb-server with its data in a folder (LevelDB, as it comes); its address."""
    port = free_port()
    command = [node(), str(POUCH / "node_modules" / "pouchdb-server" / "bin" / "pouchdb-server")]
    settings = ["--port", str(port), "--dir", str(folder), "--no-stdout-logs"]
    settings += ["--config", str(folder / "config.json")]
    await asyncio.to_thread(folder.mkdir)
    process = await asyncio.create_subprocess_exec(
        *command, *settings, cwd=folder, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            try:
                line = await Line.open(port)
                break
            except OSError:
                await asyncio.sleep(0.1)
        else:
            raise RuntimeError("pouchdb-server does not answer")
        await line.close()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()


async def first_sync(page: Page, school: School) -> tuple[float, list[dict[str, Any]]]:
    """Milliseconds of a first sync of the first teacher's, and what came."""
    signing_in = """async ([phone, password]) => {
      const { csrf } = await (await fetch("/session")).json();
      const body = JSON.stringify({ phone, password, device: "bench" });
      const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf };
      return (await (await fetch("/session", { method: "POST", headers, body })).json()).csrf;
    }"""
    csrf = await page.evaluate(
        "async () => { const r = await fetch('/session'); return r.ok ? (await r.json()).csrf : null }"
    ) or await page.evaluate(signing_in, [str(FIRST_PHONE), PASSWORD])
    return await page.evaluate("(asked) => bench.sync(...asked)", [school.teachers[0], school.id, csrf])


async def vault(rounds: int = 9, docs: int = DOCS) -> list[Figure]:
    """Writing docs through the phone's store under its key, to the same in the clear."""
    with scratch() as folder:
        school = await make_school(folder, 1, 10)
        await asyncio.to_thread(lengthen, school, docs, docs)
        async with school.phones(1) as (phone,), browser(folder / "bundles") as page:
            found = await page(_origin(phone), "bench.js")
            _, pulled = await first_sync(found, school)
            await found.evaluate("(docs) => { self.docs = docs }", pulled[:docs])

            async def ours() -> float:
                return await found.evaluate("() => bench.write(self.docs, true)")

            async def other() -> float:
                return await found.evaluate("() => bench.write(self.docs, false)")

            pair = await in_turn(rounds, ours, other)
    return [
        Figure(
            f"Chromium: {docs:,} docs into the store, encrypted",
            f"{number(pair.ours)} ms",
            f"{number(pair.bare)} ms: the same in the clear",
            pair.ratio,
            1.3,
            at_most=True,
        )
    ]


async def pouch(rounds: int = 5, docs: int = DOCS) -> list[Figure]:
    """A first sync into a new store of Chromium's, to PouchDB's replication of the same docs."""
    with scratch() as folder:
        school = await make_school(folder, 1, 10)
        await asyncio.to_thread(lengthen, school, docs - 10, docs - 10)
        async with (
            school.phones(1) as (phone,),
            pouchdb_server(folder / "pouch") as address,
            browser(folder / "bundles") as page,
        ):
            mine, theirs = await page(_origin(phone), "bench.js"), await page(address, "pouch.js")
            _, pulled = await first_sync(mine, school)
            await theirs.evaluate("(docs) => bench.fill(docs)", pulled)

            async def ours() -> float:
                took, came = await first_sync(mine, school)
                return _all(took, len(came), len(pulled))

            async def other() -> float:
                took, came = await theirs.evaluate("() => bench.pull()")
                return _all(took, came, len(pulled))

            pair = await in_turn(rounds, ours, other)
    return [
        Figure(
            f"Chromium: a first sync of {len(pulled):,} docs, encrypted store",
            f"{number(pair.ours)} ms",
            f"{number(pair.bare)} ms: PouchDB from pouchdb-server",
            pair.ratio,
            1 / 3,
            at_most=True,
        )
    ]


def _origin(phone: Phone) -> str:
    return f"http://127.0.0.1:{phone.line.port}"


def _all(took: float, came: int, expected: int) -> float:
    """The time, of a sync that brought everything."""
    if came != expected:
        raise RuntimeError(f"{came} docs came instead of {expected}")
    return took
