"""A small school on today's date for the journeys, made through the same gateway as everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from litestar import Litestar
from sqlalchemy import select

from server.access import server_principal
from server.accounts.models import users
from server.accounts.sessions import end_all_sessions
from server.app import create_app
from server.db import new_id
from server.gateway import read, write
from server.schools import schools
from server.settings import Settings
from sync.protocol import Op
from tests.conftest import PASSWORD, People, make_school
from tests.server.village import Village, make_village

T = TypeVar("T")

NAME = "石门乡中心小学"
ZONE = ZoneInfo("Asia/Shanghai")
__all__ = ["NAME", "PASSWORD", "People", "fill_school", "today"]

PUPILS = [
    ("龙䶮", "long yan", "老鸦沟村", "8组", "大坪"),
    ("覃佑建", "qin you jian", "羊角岭村", "5组", "岩脚"),
    ("阿依努尔·麦合木提", "a yi nu er mai he mu ti", "羊角岭村", "1组", "街上12号"),
    ("彭雨桐", "peng yu tong", "老鸦沟村", "3组", "老屋基"),
    ("邓洛福", "deng luo fu", "老鸦沟村", "2组", "桥头"),
    ("孟怡桑", "meng yi sang", "羊角岭村", "4组", "水井边"),
]
DISHES = [("土豆烧鸡块", "鸡肉"), ("蒜蓉青菜", "青菜"), ("番茄蛋汤", "鸡蛋")]


def today() -> datetime:
    """Now, on the school's clock."""
    return datetime.now(UTC).astimezone(ZONE)


def fill_school(folder: Path) -> People:
    """Fill the migrated database in `folder`: a class, a building, today's lunch, duties, a visit."""
    return _beside(lambda: _fill(folder))


def move_pupil(folder: Path, name: str, class_: str) -> None:
    """Put a pupil into another class, as a new roster would."""
    _change(folder, name, {"class": class_})


def pair(folder: Path, name: str, helper: str) -> None:
    """Make somebody a pupil's helper, who then has the pupil on the phone."""
    _change(folder, name, {"helpers": helper})


def dismiss(folder: Path, name: str) -> None:
    """Take a person's roles away, as when somebody leaves the school."""
    _change(folder, name, {"roles": {"add": [], "remove": ["class_teacher"]}}, kind="person")


def end_sessions(folder: Path, phone: str) -> None:
    """Let a person's sessions run out, as after weeks without a contact; no device is revoked by that."""
    _beside(lambda: _end(folder, phone))


async def _end(folder: Path, phone: str) -> None:
    app = _app(folder)
    try:
        async with app.state.db.write() as conn:
            person = (await conn.execute(select(users.c.id).where(users.c.phone == phone))).scalar_one()
            await end_all_sessions(conn, person, app.state.clock())
    finally:
        await app.state.db.close()


def _change(folder: Path, name: str, values: dict[str, Any], kind: str = "student") -> None:
    _beside(lambda: _edit(folder, kind, name, values))


def _beside(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run it in a thread of its own: Playwright's loop may be running in this one."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(lambda: asyncio.run(work())).result()


async def _edit(folder: Path, kind: str, name: str, values: dict[str, Any]) -> None:
    app = _app(folder)
    try:
        async with app.state.db.write() as conn:
            school = (await conn.execute(select(schools.c.id).where(schools.c.name == NAME))).scalar_one()
            server = server_principal(school)

            async def named(kind: str, name: str) -> read.VisibleDoc:
                found = await read.many(conn, app.state.env, server, kind=kind, limit=100)
                return next(doc for doc in found if doc.fields["name"] == name)

            doc = await named(kind, name)
            op = Op(0, "edit", kind, doc.id, base=doc.rev, form=kind, form_version=doc.form_version)
            changes = dict(values)
            if "helpers" in values:
                changes["helpers"] = {"add": [(await named("person", values["helpers"])).id]}
            op.set, op.at = changes, today().isoformat()
            await write.submit(conn, app.state.env, server, new_id(), [op])
    finally:
        await app.state.db.close()


def _app(folder: Path) -> Litestar:
    return create_app(Settings(var_dir=folder, database_url=f"sqlite:///{folder}/zoufang.db"))


async def _fill(folder: Path) -> People:
    app = _app(folder)
    try:
        people = await make_school(app, NAME, 13800000001)
        village = await make_village(app, people)
        pupils = [village.ids["pupil"], *[await _pupil(village, *row) for row in PUPILS]]
        await _building(village, pupils)
        await _lunch(village)
        await _duties(village, pupils)
        seen = (today() - timedelta(days=63)).replace(hour=17, minute=25, second=0, microsecond=0)
        await village.visit(occurred_at=seen.isoformat(), carer="both_away", commute=50)
        return people
    finally:
        await app.state.db.close()


async def _pupil(village: Village, name: str, pinyin: str, place: str, group: str, address: str) -> str:
    guardian = {"name": f"{name[0]}桂英", "relation": "奶奶", "phone": "13811112222"}
    household = await village.make(
        "household",
        {
            "village": place,
            "group": group,
            "address": address,
            "head": f"{name[0]}大山",
            f"guardians/{new_id()}": guardian,
        },
    )
    fields = {"class": "三(2)班", "grade": "三年级", "household": household, "boards": True}
    return await village.make("student", {"name": name, "pinyin": pinyin, **fields})


async def _building(village: Village, pupils: list[str]) -> None:
    rooms = {"203": pupils[1:4], "204": pupils[4:]}
    fields: dict[str, Any] = {
        f"rooms/{number}": {
            "number": number,
            "beds": [{"bed": str(n), "student": pupil} for n, pupil in enumerate(sleepers, 1)],
        }
        for number, sleepers in rooms.items()
    }
    await village.make("building", {"name": "1号楼", "sex": "女", **fields})


async def _lunch(village: Village) -> None:
    lines: dict[str, Any] = {f"dishes/{new_id()}": {"name": dish} for dish, _ in DISHES}
    lines |= {
        f"ingredients/{new_id()}": {"dish": dish, "name": thing, "amount": 80, "unit": "克"}
        for dish, thing in DISHES
    }
    served = {"date": today().date().isoformat(), "sort": "lunch", "price": 5, "entitled": 312}
    await village.make("meal", {**served, **lines})


async def _duties(village: Village, pupils: list[str]) -> None:
    day = today().date()
    for pupil, days in zip(pupils[:4], (1, -3, 1, 5), strict=True):
        await village.make(
            "duty",
            {
                "form": "home_visit",
                "assignee": village.people.ids["class_teacher"],
                "students": {"add": [pupil]},
                "window_from": (day - timedelta(days=7)).isoformat(),
                "due": (day + timedelta(days=days)).isoformat(),
            },
        )
