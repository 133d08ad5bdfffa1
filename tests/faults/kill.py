"""`kill -9` of the server at random moments while eight phones push."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

from tests.faults.figures import Figures
from tests.faults.ground import Service, make_ground
from tests.faults.ledger import audit, integrity
from tests.faults.load import Load

LIVES = (0.0, 0.6)
"""How long the phones push before the kill, in seconds: drawn evenly, so that it hits anything."""
PATIENCE = 5
"""How many times as many kills a careless server gets, at most, until one shows what it does."""


async def kills(load: Load, server: Service, times: int, *, careless: bool = False) -> int:
    """Kill and start again so many times; after each, everything acknowledged must be there.

    Returns how often. A careless server, of which chance may show nothing, is killed until it is caught.
    """
    server.start()
    await load.sign_in()
    done, most = 0, times * PATIENCE if careless else times
    while done < times or (done < most and not (load.tally.lost or load.tally.doubled)):
        stop = asyncio.Event()
        pushing = asyncio.create_task(load.push(stop))
        await asyncio.sleep(load.rng.uniform(*LIVES))
        since = time.monotonic()
        server.kill()
        server.spawn()
        stop.set()
        await pushing
        load.tally.back.append(await load.back(since))
        await load.check()
        load.turn()
        done += 1
    server.kill()
    return done


def on_sqlite(folder: Path, times: int, seed: int, careless: str = "") -> Figures:
    """The embedded database. `careless` makes the server one that must be caught."""
    ground = make_ground(folder)
    server = ground.server()
    if careless:
        server.careless(careless)
    load = Load(ground, lambda: server.url, random.Random(seed))
    try:
        done = asyncio.run(_run(load, server, times, ground.url, careless=bool(careless)))
    finally:
        server.kill()
    damage = integrity(folder / "zoufang.db")
    return Figures.of("server killed, SQLite", load.sum(), {"kills": done}, damage)


async def _run(load: Load, server: Service, times: int, url: str, *, careless: bool) -> int:
    done = await kills(load, server, times, careless=careless)
    await load.close()
    await audit(load, url)
    return done
