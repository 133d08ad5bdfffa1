"""Requests and replies cut: at evenly spread bytes of one exchange, and at random under eight phones."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import httpx

from tests.faults.figures import Figures
from tests.faults.ground import Ground, make_ground
from tests.faults.ledger import audit, integrity
from tests.faults.line import Cut, Line
from tests.faults.load import Load

USUAL = 6_000  # bytes that a connection carries before it breaks, on average: a few exchanges
ROUND = 60  # cuts between two checks


async def sweep(load: Load, line: Line, times: int) -> int:
    """One exchange, broken at so many places of its request and as many of its reply. Returns the places."""
    hand = load.hands[0]
    hand.write(2)
    await hand.push()  # the records are made; from here on each exchange is alike
    await _alone(load, line, None)
    lengths = list(line.passed)
    places = 0
    for reply in (False, True):
        length = lengths[reply]
        for after in sorted({n * length // times for n in range(times)} | {0, length - 1}):
            await _alone(load, line, Cut(reply, after))
            await _alone(load, line, None, again=True)
            places += 1
    line.plan = lambda: None
    await load.check()
    return places


async def _alone(load: Load, line: Line, cut: Cut | None, again: bool = False) -> None:
    """One push on a connection of its own; only one that was cut may fail."""
    hand = load.hands[0]
    line.plan = lambda: cut
    if not again:
        hand.write(1)
    await hand.hang_up()
    try:
        await hand.push()
    except httpx.TransportError:
        if cut is None:
            hand.problems.append("a whole line broke")


async def storm(load: Load, line: Line, times: int) -> None:
    """All phones push over connections that all break somewhere, sooner or later."""
    rng = load.rng

    def plan() -> Cut:
        return Cut(rng.random() < 0.5, int(rng.expovariate(1 / USUAL)))

    until = line.cuts + times
    while line.cuts < until:
        load.turn()
        stop, reached = asyncio.Event(), min(line.cuts + ROUND, until)
        line.plan = plan
        for hand in load.hands:
            await hand.hang_up()
        pushing = asyncio.create_task(load.push(stop))
        await line.until(reached)
        stop.set()
        await pushing
        line.plan = lambda: None
        for hand in load.hands:
            await hand.hang_up()
        await load.check()


async def _run(load: Load, ground: Ground, line: Line, places: int, times: int) -> int:
    await line.open()
    await load.sign_in()
    swept = await sweep(load, line, places)
    await storm(load, line, times)
    await line.close()
    await load.close()
    await audit(load, ground.url)
    return swept


def replies_cut(folder: Path, times: int, seed: int) -> Figures:
    """A sweep of half as many places on each side, then so many random cuts."""
    ground = make_ground(folder)
    server = ground.server()
    server.start()
    line = Line(server.port)
    load = Load(ground, lambda: line.url, random.Random(seed))
    try:
        places = asyncio.run(_run(load, ground, line, max(2, times // 2), times))
    finally:
        server.kill()
    more = {"swept": places, "cuts": line.cuts}
    return Figures.of("requests and replies cut", load.sum(), more, integrity(folder / "zoufang.db"))
