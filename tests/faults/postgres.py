"""The same on PostgreSQL: the server is killed, one of the database's processes, or the whole cluster."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from tests.faults.figures import Figures
from tests.faults.ground import Ground, Service, make_ground
from tests.faults.kill import LIVES
from tests.faults.ledger import audit
from tests.faults.load import Load
from tests.postgres import Postgres

RECOVERS_WITHIN = 60.0


class Durable(Postgres):
    """A cluster with PostgreSQL's own settings: what it has committed is meant to last."""

    careless = ""

    def kill_one(self, rng: random.Random, database: str) -> None:
        """`kill -9` of one of the processes that serve this database; PostgreSQL then restarts them all."""
        backends = [int(entry.parent.name) for entry in self._processes() if database in _title(entry)]
        if backends:
            os.kill(rng.choice(backends), signal.SIGKILL)

    def _processes(self) -> list[Path]:
        return [
            entry for entry in Path("/proc").glob("[0-9]*/cmdline") if _title(entry).startswith("postgres:")
        ]

    def wait(self) -> None:
        """Wait until it takes connections again: how long it recovers is PostgreSQL's own affair."""
        until = time.monotonic() + RECOVERS_WITHIN
        while True:
            try:
                return self.sql("SELECT 1")
            except subprocess.CalledProcessError:
                if time.monotonic() > until:
                    raise

    def fall(self) -> None:
        """Stop it without a checkpoint, and start it again: it recovers from its log."""
        self.stop()
        self.begin()


def _title(entry: Path) -> str:
    try:
        return entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


async def _run(load: Load, server: Service, cluster: Durable, ground: Ground, times: int) -> dict[str, int]:
    """In turns: the server, a process of the database's, the server, the cluster."""
    database = ground.url.rsplit("/", 1)[-1]
    strokes: dict[str, Callable[[], None]] = {
        "server": server.kill,
        "backend": lambda: cluster.kill_one(load.rng, database),
        "cluster": cluster.fall,
    }
    counts = dict.fromkeys(strokes, 0)
    await load.sign_in()
    for _, what in zip(range(times), cycle(("server", "backend", "server", "cluster")), strict=False):
        stop = asyncio.Event()
        pushing = asyncio.create_task(load.push(stop))
        await asyncio.sleep(load.rng.uniform(*LIVES))
        since = time.monotonic()
        await asyncio.to_thread(strokes[what])
        counts[what] += 1
        if what == "server":
            server.spawn()
        stop.set()
        await pushing
        if what != "server":
            await asyncio.to_thread(cluster.wait)
            since = time.monotonic()
        load.tally.back.append(await load.back(since))
        await load.check()
        load.turn()
    await load.close()
    return counts


def on_postgres(folder: Path, times: int, seed: int) -> Figures:
    """So many strokes. Raises pytest's skip or failure where PostgreSQL is not installed."""
    with tempfile.TemporaryDirectory(prefix="zoufang-pg-") as cluster_folder:
        cluster = Durable(Path(cluster_folder))
        cluster.start()
        try:
            with cluster.database() as url:
                return _strokes(cluster, make_ground(folder, url), times, seed)
        finally:
            cluster.stop()


def _strokes(cluster: Durable, ground: Ground, times: int, seed: int) -> Figures:
    server = ground.server()
    load = Load(ground, lambda: server.url, random.Random(seed))
    try:
        server.start()
        counts = asyncio.run(_run(load, server, cluster, ground, times))
    finally:
        server.kill()
    asyncio.run(audit(load, ground.url))
    killed = {f"{what} killed": times for what, times in counts.items()}
    return Figures.of("server or database killed, PostgreSQL", load.sum(), killed, [])
