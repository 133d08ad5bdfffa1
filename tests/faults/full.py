"""A disk of 20 MB that fills up while phones push, and room that is made again."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.disk import build
from tests.faults.figures import Figures
from tests.faults.ground import Ground, Service, make_ground
from tests.faults.hand import Hand
from tests.faults.ledger import audit, integrity
from tests.faults.load import Load
from tests.phone import Refused

MEGABYTE = 1 << 20
SIZE = 20 * MEGABYTE
FILLER = 8 * MEGABYTE  # somebody else's file on the same disk; deleting it makes room
LONG = 45_000  # characters of a long text, under the limit of one op
SMALL_TRIES = 40


class Watch:
    """What was seen while the disk was full."""

    def __init__(self) -> None:
        self.refused = self.taken_while_full = self.reads = 0


@contextmanager
def small_disk(folder: Path) -> Generator[bool]:
    """A file system of 20 MB at `folder`; False where this user may mount none."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


async def fill(load: Load, watch: Watch) -> None:
    """Every phone sends long texts until it is told that there is no room."""

    async def one(hand: Hand) -> None:
        while True:
            hand.write_long(LONG)
            try:
                await hand.push()
            except Refused as refused:
                if refused.status != 503:
                    raise
                watch.refused += 1
                return

    await asyncio.gather(*(one(hand) for hand in load.hands))


async def full(load: Load, watch: Watch) -> None:
    """While there is no room: pushes are refused whole, reads go on."""
    for hand in load.hands:
        for _ in range(SMALL_TRIES):
            standing = await hand.phone.exchange([])
            watch.reads += 1
            if standing["acked"] != max(hand.acked, default=0):
                hand.problems.append(f"refused, and yet taken up to {standing['acked']}")
            try:
                await hand.push()
            except Refused as refused:
                if refused.status != 503:
                    raise
                watch.refused += 1
                break
            watch.taken_while_full += 1
            hand.write(1)


async def _run(load: Load, server: Service, ground: Ground, make_room: Callable[[], None]) -> Watch:
    watch = Watch()
    await load.sign_in()
    for hand in load.hands:
        hand.write(3)
        await hand.push()
    await fill(load, watch)
    await full(load, watch)
    server.kill()  # a full disk must not keep a server from starting again
    since = time.monotonic()
    server.spawn()
    load.tally.back.append(await load.answered(since))
    await full(load, watch)
    make_room()
    await load.answered(time.monotonic())
    await load.check()
    await load.close()
    await audit(load, ground.url)
    return watch


def disk_full(folder: Path, _times: int, seed: int) -> Figures:
    """Fill it once. Where no file system may be mounted, the library of the power cuts sets the limit."""
    base = make_ground(folder / "base")
    with small_disk(folder / "small") as mounted:
        ground = base.at(folder / "small")
        server = ground.server()
        server.env["SQLITE_TMPDIR"] = str(folder)
        filler = ground.folder / "filler"
        if mounted:
            filler.write_bytes(bytes(FILLER))
        else:
            _limit(server, build(folder / "lib"), SIZE - FILLER)
        load = Load(ground, lambda: server.url, random.Random(seed))

        def make_room() -> None:
            if mounted:
                filler.unlink()
                return
            _limit(server, folder / "lib" / "powercut.so", SIZE)
            server.kill()
            server.spawn()

        try:
            server.start()
            watch = asyncio.run(_run(load, server, ground, make_room))
        finally:
            server.kill()
        damage = integrity(ground.folder / "zoufang.db")
        shutil.copy(ground.folder / "server.log", folder / "server.log")
    more = {"refused": watch.refused, "reads while full": watch.reads}
    figures = Figures.of(
        "a full disk" if mounted else "a full disk (a limit set by the library)", load.sum(), more, damage
    )
    figures.promise(watch.refused >= len(load.hands), "the disk was never full: it proves nothing")
    return figures


def _limit(server: Service, library: Path, room: int) -> None:
    files = f"{server.folder}/zoufang.db"
    server.preload(library, POWERCUT_FILES=files, POWERCUT_ROOM=str(room))
