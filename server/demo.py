"""`zoufang demo`: a school to try everything with, out of workbooks that come with the program.

The first run fills it; a later one only adds this week's menu and visits. All its people are fictional.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import server_principal
from server.accounts.models import users
from server.accounts.people import ensure_school, set_password
from server.command import read_settings
from server.db import Database, new_id, utcnow
from server.demo_visits import earlier_visits
from server.demo_waiting import Desk, waiting
from server.gateway import write
from server.gateway.work import Env
from server.migrations import migrate
from server.render import TEMPLATES
from server.roster.actions import Report, carry_out, read_book
from server.roster.duties import visits_this_week
from server.roster.records import Meal
from server.schools import ZONE, change_settings, get_school
from sync.forms import load_forms
from sync.protocol import Op

DATA = Path(__file__).parent / "demo_data"
SCHOOL = "石门乡中心小学（演示）"
PASSWORD = "zoufang-demo"  # noqa: S105 - printed for everyone to see; refused in production
TEACHER, SUPERVISOR, COMMITTEE, OFFICE = "15701581560", "15998020637", "19065010966", "18034303938"
OTHER_SUPERVISOR, GENERAL = "18995095745", "13276609205"
DESK = {"teacher": TEACHER, "office": OFFICE, "supervisor": OTHER_SUPERVISOR, "general": GENERAL}
PEOPLE = (
    (TEACHER, "戴达洛", "班主任，一(1)班，本周有家访要做"),
    (SUPERVISOR, "韩轩天", "宿管，1号楼"),
    (COMMITTEE, "熊琪桂", "教师，膳食委员"),
    (GENERAL, "李强博", "总务处"),
    ("17505010475", "雷娟", "家长委员"),
    (OFFICE, "贾丽", "资助办，审核与导入（/office/）"),
    ("15539433169", "孙福怡", "校长（/office/）"),
)


@click.command("demo")
def demo() -> None:
    """Fill a demo school, once, and say who can sign in.

    Later runs add what a new week needs: its menu and its visits. Its password is no secret, so it is refused
    with ZOUFANG_ENV=production.
    """
    settings = read_settings()
    if settings.production:
        raise click.ClickException("the demo school has a password that everybody knows: not in production.")
    asyncio.run(_fill(settings.database_url))
    click.echo(f"演示学校：{SCHOOL}")
    click.echo(f"密码都是：{PASSWORD}")
    for phone, name, post in PEOPLE:
        click.echo(f"  {phone}  {name}  {post}")


async def _fill(database_url: str) -> None:
    db = Database(database_url)
    try:
        await migrate(db)
        await fill(db, Env(load_forms(TEMPLATES / "forms"), utcnow))
    finally:
        await db.close()


async def fill(db: Database, env: Env) -> str:
    """The demo school's id; whatever of it is missing for the week of `env.clock()` is made."""
    school = await ensure_school(db, env, SCHOOL)
    today = env.clock().astimezone(ZoneInfo(ZONE)).date()
    book = read_book([(path.name, path.read_bytes()) for path in sorted(DATA.glob("*.xlsx"))], today)
    book.meals = this_week(book.meals, today)
    async with db.write() as conn:
        found = await get_school(conn, school)
        first = found is not None and not found.settings.get("demo")
        report = await carry_out(conn, env, school, SCHOOL, book)
        if first:
            await _arrange(conn, env, school, report)
            await change_settings(conn, school, {"demo": True})
    if first:
        async with db.write() as conn:
            await earlier_visits(conn, env, school, report, TEACHER, OFFICE, today)
            people = {
                "teacher": TEACHER,
                "office": OFFICE,
                "supervisor": OTHER_SUPERVISOR,
                "general": GENERAL,
            }
            busy = {phone for phone, _name, _post in PEOPLE}
            await waiting(Desk(conn, env, school, report, today), people, busy)
    async with db.write() as conn:
        teacher = report.people[TEACHER]
        own = [pair for pair in report.linked.pairs if pair[0] == teacher]
        monday = today - timedelta(days=today.weekday())
        await visits_this_week(conn, env, school, own, today, request=f"demo {school} {monday}")
    await _passwords(db, env.clock)
    return school


def this_week(meals: list[Meal], today: date) -> list[Meal]:
    """A week's menu moved by whole weeks into the week of today."""
    if not meals:
        return []
    first = min(date.fromisoformat(meal.date) for meal in meals)
    monday = today - timedelta(days=today.weekday())
    shift = monday - (first - timedelta(days=first.weekday()))
    return [replace(meal, date=(date.fromisoformat(meal.date) + shift).isoformat()) for meal in meals]


async def _arrange(conn: AsyncConnection, env: Env, school: str, report: Report) -> None:
    """What an office would settle after an import: the supervisors' buildings, a teacher on the committee."""
    houses = {str(w.values["name"]): w.id for w in report.linked.wanted if w.kind == "building"}
    changes = (
        (SUPERVISOR, {"buildings": {"add": [houses["1号楼"]]}}),
        (OTHER_SUPERVISOR, {"buildings": {"add": [houses["2号楼"]]}}),
        (COMMITTEE, {"roles": {"add": ["committee"]}}),
    )
    form = env.forms.latest("person")
    ops = [
        Op(
            0,
            "edit",
            "person",
            report.people[phone],
            form=form.name,
            form_version=form.version,
            set=values,
            at=env.clock().isoformat(),
        )
        for phone, values in changes
    ]
    await write.submit(conn, env, server_principal(school), new_id(), ops, "demo")


async def _passwords(db: Database, clock: Callable[[], datetime]) -> None:
    """The demo's password for those who have none yet; who chose another keeps it."""
    async with db.write() as conn:
        for phone, _name, _post in PEOPLE:
            query = select(users.c.password_hash).where(users.c.phone == phone)
            if (await conn.execute(query)).scalar_one() is None:
                await set_password(conn, phone, PASSWORD, clock())
