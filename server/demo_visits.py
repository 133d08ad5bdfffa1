"""Home visits that the demo school's teacher made earlier in the term, so that forms can show "last time"."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import load_principal
from server.db import new_id
from server.gateway import write
from server.gateway.work import Env
from server.roster.actions import Report
from server.schools import ZONE
from sync.protocol import Op

WEEKS_AGO = 9
VISITS: tuple[dict[str, Any], ...] = (
    {
        "result": "met_guardian",
        "reason": ["new_class", "routine"],
        "met": ["grandparent", "pupil"],
        "carer": "both_away",
        "difficulty": ["study"],
        "commute": 40,
        "home_fb": "奶奶说孩子放学先帮着喂鸡，写作业常到天黑，灯有点暗。爸妈在广东，一个月打两三次电话。",
        "school_fb": "在校听话，数学跟得上，语文写字要多练。",
        "actions": "每周三下午留下来练字半小时，跟同村的高年级学生一起回家。",
    },
    {
        "result": "met_guardian",
        "reason": ["routine"],
        "met": ["mother", "pupil"],
        "carer": "parents_home",
        "difficulty": ["none"],
        "commute": 15,
        "home_fb": "妈妈在家种茶，孩子作息好，希望老师多让他发言。",
        "school_fb": "上课专心，胆子小。",
    },
    {
        "result": "met_guardian",
        "reason": ["routine", "hardship"],
        "met": ["father"],
        "carer": "one_away",
        "difficulty": ["money", "transport"],
        "commute": 70,
        "home_fb": "爸爸腿伤在家休养，说冬天天黑得早，孩子一个人走山路不放心。",
        "actions": "和总务处商量住校，先安排同路的两个孩子结伴。",
        "policy": ["living", "meals"],
        "aid_ok": "yes_arrived",
    },
    {
        "result": "nobody_home",
        "reason": ["routine"],
        "note": "邻居说一家去县城看病，改天再来。",
    },
)


async def earlier_visits(
    conn: AsyncConnection, env: Env, school: str, report: Report, teacher: str, office: str, today: date
) -> None:
    """An approved visit each for pupils whom this teacher (a phone number) helps, and some of the class."""
    author = await load_principal(conn, report.people[teacher], school)
    reviewer = await load_principal(conn, report.people[office], school)
    if author is None or reviewer is None:
        raise LookupError("the demo's teacher and office are not in its workbook")
    helped = [pupil for helper, pupil in sorted(report.linked.pairs) if helper == author.user]
    classmates = [pupil for pupil, row in report.linked.rows.items() if row.class_ in author.classes]
    homes = {w.id: w.values.get("household") for w in report.linked.wanted if w.kind == "student"}
    pupils = [pupil for pupil in dict.fromkeys([*helped, *classmates[:6]]) if homes.get(pupil)]
    first = today - timedelta(weeks=WEEKS_AGO, days=today.weekday())
    made, approved = [], []
    for number, pupil in enumerate(pupils):
        answers = VISITS[number % len(VISITS)]
        at = datetime.combine(first + timedelta(days=number % 5), time(16, 10 + number), ZoneInfo(ZONE))
        visit = new_id()
        meta = {"students": [pupil], "household": homes[pupil]}
        values = _set(answers, author.user, at)
        made.append(_op(env, "create", visit, at, set=values, meta=meta))
        made.append(_op(env, "event", visit, at, event="submit", from_="draft"))
        approved.append(_op(env, "event", visit, at + timedelta(days=2), event="approve", from_="submitted"))
    results = await write.submit(conn, env, author, new_id(), made, "demo")
    seen = max(result.rev for result in results)
    approved = [msgspec.structs.replace(op, base=seen) for op in approved]
    results += await write.submit(conn, env, reviewer, new_id(), approved, "demo")
    if any(result.result == "held" for result in results):
        raise RuntimeError(f"the demo's visits were not taken: {results}")


def _set(answers: dict[str, Any], author: str, at: datetime) -> dict[str, Any]:
    """Answers as an op carries them: sets as what they add."""
    shaped = {name: {"add": value} if isinstance(value, list) else value for name, value in answers.items()}
    if answers["result"] == "nobody_home":
        shaped["next_date"] = (at.date() + timedelta(days=14)).isoformat()
    return shaped | {"visitors": {"add": [author]}, "occurred_at": at.isoformat(), "danger": False}


def _op(env: Env, op: str, visit: str, at: datetime, **more: Any) -> Op:
    form = env.forms.latest("home_visit")
    return Op(0, op, "visit", visit, form=form.name, form_version=form.version, at=at.isoformat(), **more)
