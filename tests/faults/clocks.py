"""Clocks that are days wrong: on the phones, and the server's jumping to and fro."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from litestar import Litestar

from server.app import create_app
from server.settings import Settings
from tests.conftest import PASSWORD, Clock
from tests.faults.disk import build
from tests.faults.figures import Figures
from tests.faults.ground import Ground, make_ground
from tests.faults.ledger import audit, integrity
from tests.faults.load import Load
from tests.phone import Phone, uuid7
from tests.server.gateway.conftest import asgi_send

ROLES = ("class_teacher", "class_teacher", "teacher")
STEPS = 40
WRONG_DAYS = 400  # of a phone's clock, either way
JUMP_DAYS = 6  # of the server's between two steps of a history: sessions live on
LEAP_DAYS = 40  # of the real server's: sessions end and are renewed
RIGHT = datetime.now(UTC)


class World:
    """A server in this process with a clock that can be set, and what happened there."""

    def __init__(self, ground: Ground, wrong: bool) -> None:
        self.ground, folder = ground, ground.folder
        self.clock, self.wrong = Clock(RIGHT), wrong
        settings = Settings(var_dir=folder, database_url=ground.url, media_url=f"file:{folder}/media")
        self.app: Litestar = create_app(settings, clock=self.clock)

    async def sign_in(self) -> None:
        """Three phones, used for all histories."""
        self.phones = [Phone(asgi_send(self.app)[0]) for _ in ROLES]
        for phone, role in zip(self.phones, ROLES, strict=True):
            await phone.sign_in(self.ground.people.phones[role], PASSWORD)
            await phone.sync()

    async def history(self, steps: list[tuple[Any, ...]], clocks: random.Random) -> str:
        """Let it happen to a new visit; what came of it, without ids and times."""
        doc = uuid7()
        visitors = {"add": [self.ground.people.ids[role] for role in ROLES[1:]]}
        meta = {"students": [self.ground.pupil]}
        self._op(0, doc, clocks, "create", set={"visitors": visitors}, meta=meta)
        for phone in self.phones:
            await phone.sync()
        for who, what, *rest in steps:
            if self.wrong:
                self.clock.now = RIGHT + timedelta(days=clocks.uniform(-JUMP_DAYS, JUMP_DAYS))
            if what == "write":
                path, value = rest
                shown = self.phones[who].docs[doc]["fields"].get(path) or ""
                was = {"was": {path: shown}} if path == "home_fb" else {}
                self._op(who, doc, clocks, "edit", set={path: value}, **was)
            elif what == "push":
                self.phones[who].take(await self.phones[who].exchange(self.phones[who].queue[: rest[0]]))
            else:
                await self.phones[who].sync()
        for phone in [*self.phones, *self.phones]:
            await phone.sync()
        return self._told([phone.docs[doc] for phone in self.phones])

    def _op(self, who: int, doc: str, clocks: random.Random, op: str, **rest: Any) -> None:
        days = clocks.uniform(-WRONG_DAYS, WRONG_DAYS) if self.wrong else 0
        at = (RIGHT + timedelta(days=days)).isoformat()
        self.phones[who].op(op, "visit", doc, "home_visit", at=at, **rest)

    def _told(self, docs: list[dict[str, Any]]) -> str:
        """Fields and siblings on all phones; clients by their place, times left out."""
        parts = [
            {"fields": doc["fields"], "siblings": doc["siblings"], "state": doc["state"]} for doc in docs
        ]
        for part in parts:
            part["fields"].pop("visitors", None)
            for siblings in part["siblings"].values():
                for sibling in siblings:
                    del sibling["at"], sibling["by"]
        told = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        for place, phone in enumerate(self.phones):
            told = told.replace(phone.client, f"phone {place}")
        return told


def draw(rng: random.Random, number: int) -> list[tuple[Any, ...]]:
    """A history: who does what, in which order."""
    steps: list[tuple[Any, ...]] = []
    for step in range(STEPS):
        who, word = rng.randrange(len(ROLES)), f"词{number}之{step}"
        write = rng.choice(
            [
                ("phone_new", word),
                ("home_fb", word + "。"),
                ("difficulty", {rng.choice(["add", "remove"]): [rng.choice("abc")]}),
                (f"problems/p{rng.randrange(3)}", rng.choice([None, {"text": word}])),
            ]
        )
        steps.append(rng.choice([(who, "write", *write), (who, "push", rng.randint(1, 3)), (who, "sync")]))
    return steps


async def compare(right: World, wrong: World, times: int, seed: int) -> tuple[int, int, list[str]]:
    """The same histories with right and with wrong clocks: ops, disputes, and where the two worlds differ."""
    rng, clocks, disputes, differ = random.Random(seed), random.Random(seed + 1), 0, []
    try:
        for world in (right, wrong):
            await world.sign_in()
        for number in range(times):
            steps = draw(rng, number)
            told = [await world.history(steps, clocks) for world in (right, wrong)]
            disputes += told[0].count('"sibling"')
            if told[0] != told[1]:
                differ.append(f"history {number}: {told[0]} became {told[1]}")
        return sum(p.seq for p in right.phones + wrong.phones), disputes, differ
    finally:
        for world in (right, wrong):
            await world.app.state.db.close()


def phones_wrong(folder: Path, times: int, seed: int) -> Figures:
    """No clock takes part in any merge: so many histories come out alike."""
    right, wrong = World(make_ground(folder / "right"), False), World(make_ground(folder / "wrong"), True)
    ops, disputes, differ = asyncio.run(compare(right, wrong, times, seed))
    figures = Figures("clocks wrong, in one process", {"histories": times, "ops": ops, "disputes": disputes})
    figures.counts["came out otherwise"] = len(differ)
    figures.broken += differ[:5]
    figures.promise(disputes > 0, "there was nothing to merge: it proves nothing")
    return figures


def server_jumps(folder: Path, times: int, seed: int) -> Figures:
    """The real server's wall clock leaps by weeks under eight pushing phones whose own are years wrong."""
    library = build(folder / "lib")
    ground = make_ground(folder / "var")
    server, clock = ground.server(), folder / "clock"
    clock.write_text("0")
    server.preload(library, POWERCUT_CLOCK=str(clock))
    server.start()
    rng = random.Random(seed)
    load = Load(ground, lambda: server.url, rng)
    for hand in load.hands:
        hand.skew = timedelta(days=rng.uniform(-WRONG_DAYS, WRONG_DAYS))
    try:
        asyncio.run(_leap(load, ground, clock, times))
    finally:
        server.kill()
    figures = Figures.of(
        "clocks wrong, real server", load.sum(), {"leaps": times}, integrity(folder / "var" / "zoufang.db")
    )
    figures.counts["signed in again"] = load.tally.signed_in_again
    figures.promise(load.tally.signed_in_again > 0, "no session ended: the clock did not leap")
    return figures


async def _leap(load: Load, ground: Ground, clock: Path, times: int) -> None:
    """The first time for longer than any session lasts unused; then wherever chance says."""
    await load.sign_in()
    for number in range(times):
        stop = asyncio.Event()
        pushing = asyncio.create_task(load.push(stop))
        for _ in range(3):
            await asyncio.sleep(load.rng.uniform(0.05, 0.2))
            _set(clock, load.rng.uniform(-LEAP_DAYS, LEAP_DAYS) if number else LEAP_DAYS)
        stop.set()
        await pushing
        await load.welcome()
        await load.check()
        load.turn()
    await load.close()
    await audit(load, ground.url)


def _set(clock: Path, days: float) -> None:
    """The server's wall clock is wrong by this much from now on."""
    clock.write_text(str(int(days * 86_400)))
