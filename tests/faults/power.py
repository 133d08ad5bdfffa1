"""Power cuts: the server dies, and with it whatever the disk had not been told to keep."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from pathlib import Path

from tests.faults.disk import Disk, Fate, build
from tests.faults.figures import Figures
from tests.faults.ground import Ground, make_ground
from tests.faults.kill import LIVES
from tests.faults.ledger import audit, integrity, missing
from tests.faults.load import Load

FATES: tuple[Fate, ...] = ("nothing", "torn", "some", "some")
"""The database must be sound and complete after each. Which of them the next start finds is drawn, among
those that are sound: a careless server too has to start again, so that what it lost can be counted."""
SLOW = "4000"
"""Microseconds that each sync takes longer, so that cuts fall into them."""


class Cuts:
    """A server on a disk that forgets, and what was counted."""

    def __init__(self, ground: Ground, library: Path, rng: random.Random, careless: str) -> None:
        self.ground, self.rng = ground, rng
        self.journal = ground.folder / "powercut.journal"
        self.server = ground.server()
        self.library, self.careless = library, careless
        self.damage: list[str] = []
        self.failed: list[str] = []
        self.lost: set[str] = set()
        self.states = self.unsynced = self.syncs = 0
        self.before: dict[str, bytes] = {}

    def begin(self) -> None:
        """From here on the disk forgets; all that was done before is safe."""
        self.before = self._files()
        files = f"{self.ground.folder}/zoufang.db"
        watch = {"POWERCUT_FILES": files, "POWERCUT_JOURNAL": str(self.journal), "POWERCUT_SLOW": SLOW}
        self.server.preload(self.library, **watch)
        if self.careless:
            self.server.careless(self.careless)

    def _files(self) -> dict[str, bytes]:
        found = self.ground.folder.glob("zoufang.db*")
        return {path.name: path.read_bytes() for path in found if not path.name.endswith("-shm")}

    def cut(self, load: Load) -> None:
        """The power was lost and comes back: the folder has what a disk may have kept."""
        disk = Disk(self.before, self.journal)
        self.unsynced += disk.unsynced
        self.syncs += disk.syncs
        states = [(fate, disk.after(fate, self.rng)) for fate in FATES]
        sound = [files for fate, files in states if self._look(load, files, fate)]
        self._check_journal(load, disk)
        self.before = self.rng.choice(sound or [files for _, files in states])
        self._put(self.ground.folder, self.before)
        self.journal.unlink()

    def _look(self, load: Load, files: dict[str, bytes], fate: Fate) -> bool:
        """Whatever the disk kept: is the database sound? Acknowledged changes that it lacks are lost."""
        self.states += 1
        try:
            found = integrity(file := self._lay_out(files))
            self.lost |= missing(load, file)
        except sqlite3.DatabaseError as error:
            found = [str(error)]
        self.damage += [f"{fate}: {line}" for line in found]
        return not found

    def _check_journal(self, load: Load, disk: Disk) -> None:
        """Had the disk kept everything, nothing would be lost: a loss is the cut's, not the journal's."""
        file = self._lay_out(disk.after("everything", self.rng))
        if gone := missing(load, file):
            self.failed.append(f"the journal itself lacks {len(gone)} acknowledged")

    def _lay_out(self, files: dict[str, bytes]) -> Path:
        """The files in a folder beside the server's; returns the database's."""
        self._put(folder := self.ground.folder / "look", files)
        return folder / "zoufang.db"

    def _put(self, folder: Path, files: dict[str, bytes]) -> None:
        folder.mkdir(exist_ok=True)
        for old in folder.glob("zoufang.db*"):
            old.unlink()
        for name, content in files.items():
            (folder / name).write_bytes(content)


async def _run(cuts: Cuts, load: Load, times: int) -> None:
    cuts.server.start()
    await load.sign_in()
    cuts.server.kill()
    cuts.begin()
    cuts.server.start()
    for _ in range(times):
        stop = asyncio.Event()
        pushing = asyncio.create_task(load.push(stop))
        await asyncio.sleep(load.rng.uniform(*LIVES))
        cuts.server.kill()
        stop.set()
        await pushing
        cuts.cut(load)
        since = time.monotonic()
        cuts.server.spawn()
        load.tally.back.append(await load.back(since))
        await load.check()
        load.turn()
    cuts.server.kill()
    cuts.cut(load)
    await load.close()
    await audit(load, cuts.ground.url)


def power_cuts(folder: Path, times: int, seed: int, careless: str = "") -> Figures:
    """So many cuts on SQLite. Raises NoCompiler."""
    library = build(folder / "lib")
    ground = make_ground(folder / "var")
    rng = random.Random(seed)
    cuts = Cuts(ground, library, rng, careless)
    load = Load(ground, lambda: cuts.server.url, rng)
    try:
        asyncio.run(_run(cuts, load, times))
    except (TimeoutError, AssertionError) as error:
        cuts.failed.append(f"the server did not come back: {error}")
    finally:
        cuts.server.kill()
    load.tally.lost |= cuts.lost
    more = {"cuts": times + 1, "states": cuts.states, "syncs": cuts.syncs, "unsynced": cuts.unsynced}
    if not (cuts.unsynced if careless else cuts.syncs > times):
        cuts.failed.append("the library saw no writes or no syncs: it proves nothing")
    return Figures.of("power cuts, SQLite", load.sum(), more, cuts.damage, cuts.failed)
