"""Where the faults happen: a migrated database with one school, and the server on it as a real process."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from server.app import create_app
from server.db import new_id
from server.migrations import migrate
from server.settings import Settings
from sync.protocol import Op
from tests.conftest import People, make_school
from tests.journeys.server import Server
from tests.server.gateway.conftest import add_pupils
from tests.server.village import ANSWERS, Village

APPROVED = 40
"""Approved visits: whatever is changed in one becomes an amendment, and twice would be two of them."""
CARELESS = "ZOUFANG_FAULTS_CARELESS"


@dataclass(frozen=True)
class Ground:
    """What there is before the fault: `folder` is VAR_DIR, `pupil` and `approved` are ids of docs."""

    folder: Path
    url: str
    people: People
    pupil: str
    approved: tuple[str, ...]

    def at(self, folder: Path) -> Ground:
        """A copy of a SQLite ground in another folder."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return replace(self, folder=folder, url=sqlite_url(folder))

    def server(self) -> Service:
        """The real server on it, not yet started."""
        service = Service(self.folder)
        service.env["DATABASE_URL"] = self.url
        return service


class Service(Server):
    """`zoufang serve` that can be made careless on purpose, for the controls (see careless.py)."""

    def careless(self, how: str) -> Service:
        """From the next start on it makes this mistake."""
        self.module = "tests.faults.careless"
        self.env[CARELESS] = how
        return self

    def preload(self, library: Path, **env: str) -> Service:
        """From the next start on it runs with this library."""
        self.env |= {"LD_PRELOAD": str(library), **env}
        return self


def sqlite_url(folder: Path) -> str:
    """The address of a folder's SQLite database."""
    return f"sqlite:///{folder}/zoufang.db"


def make_ground(folder: Path, url: str = "") -> Ground:
    """Fill an empty database: a school, a pupil with a class teacher and a helper, approved visits."""
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_fill(folder, url or sqlite_url(folder)))


async def _fill(folder: Path, url: str) -> Ground:
    app = create_app(Settings(var_dir=folder, database_url=url, media_url=f"file:{folder}/media"))
    try:
        await migrate(app.state.db)
        people = await make_school(app, "石门乡中心小学", 13800000001)
        teacher, helper = people.ids["class_teacher"], people.ids["teacher"]
        pupils = await add_pupils(app, people, 龙䶮={"class": "三(2)班", "helpers": [helper]})
        approved = await _approved(Village(app, people), pupils["龙䶮"], [teacher, helper])
        return Ground(folder, url, people, pupils["龙䶮"], tuple(approved))
    finally:
        await app.state.db.close()


async def _approved(village: Village, pupil: str, visitors: list[str]) -> list[str]:
    """Visits that the class teacher handed in and the office approved."""
    made = [new_id() for _ in range(APPROVED)]
    form: dict[str, Any] = {"form": "home_visit", "form_version": 1, "at": "2026-11-20T08:00:00+08:00"}
    meta = {"students": [pupil]}
    values = {**ANSWERS, "visitors": {"add": visitors}}
    ops = [Op(0, "create", "visit", doc, set=values, meta=meta, **form) for doc in made]
    submits = [Op(0, "event", "visit", doc, event="submit", from_="draft", **form) for doc in made]
    results = await village.ops("class_teacher", *ops, *submits)
    approve = [Op(0, "event", "visit", doc, event="approve", from_="submitted", **form) for doc in made]
    results += await village.ops("office", *approve)
    assert {result.result for result in results} <= {"applied", "merged"}, results
    return made


@contextmanager
def workshop() -> Generator[Path]:
    """A folder on the machine's own disk for one run, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="zoufang-faults-") as folder:
        yield Path(folder)


def elapsed(since: float) -> float:
    """Seconds since a `time.monotonic()`."""
    return time.monotonic() - since
