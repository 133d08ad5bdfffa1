"""What lies on the demo office's desk: visits, a night round and a meal audit that other people handed in.

One visit has two values that disagree, one was sent back to the demo's teacher with marked fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal, load_principal
from server.db import new_id
from server.demo_answers import ABSENT, COUNTS, DEGREES, HYGIENE, SAMPLED, SEEN, SENT_BACK, WAITING
from server.gateway import write
from server.gateway.work import Env
from server.roster.actions import Report
from server.roster.wanted import Wanted
from server.schools import ZONE
from sync.protocol import Op


@dataclass
class Desk:
    """The demo school while its records are made."""

    conn: AsyncConnection
    env: Env
    school: str
    report: Report
    today: date

    async def person(self, phone: str) -> Principal:
        """Whoever has this phone number in the workbook."""
        found = await load_principal(self.conn, self.report.people[phone], self.school)
        if found is None:
            raise LookupError(f"the demo's {phone} is not in its workbook")
        return found

    def wanted(self, kind: str) -> list[Wanted]:
        """The docs of a kind as the workbooks have them."""
        return [each for each in self.report.linked.wanted if each.kind == kind]

    def at(self, days_ago: int, hour: int, minute: int) -> datetime:
        """A time of a day before today."""
        return datetime.combine(self.today - timedelta(days=days_ago), time(hour, minute), ZoneInfo(ZONE))

    async def send(self, who: Principal, ops: Iterable[Op]) -> int:
        """Ops from a device of this person; the latest revision that they made."""
        results = await write.submit(self.conn, self.env, who, new_id(), list(ops), "demo")
        if any(result.result == "held" for result in results):
            raise RuntimeError(f"the demo's records were not taken: {results}")
        return max(result.rev for result in results)

    def op(self, form: str, op: str, doc: str, at: datetime, **more: Any) -> Op:
        """An op on a record of this form."""
        latest = self.env.forms.latest(form)
        return Op(0, op, "visit", doc, form=form, form_version=latest.version, at=at.isoformat(), **more)

    async def hand_in(
        self, who: Principal, form: str, at: datetime, meta: Any, answers: Any
    ) -> tuple[str, int]:
        """A record made and submitted; its id and revision."""
        doc = new_id()
        values = _shaped(answers, at) | {"visitors": {"add": [who.user]}, "occurred_at": at.isoformat()}
        made = self.op(form, "create", doc, at, set=values, meta=meta)
        return doc, await self.send(
            who, [made, self.op(form, "event", doc, at, event="submit", from_="draft")]
        )


def _shaped(answers: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Answers as an op carries them: sets as what they add, lists item by item."""
    values: dict[str, Any] = {}
    for name, value in answers.items():
        if name == "next_in_days":
            values["next_date"] = (at.date() + timedelta(days=value)).isoformat()
        elif isinstance(value, list) and isinstance(value[0], dict):
            values |= {f"{name}/{new_id()}": item for item in value}
        else:
            values[name] = {"add": value} if isinstance(value, list) else value
    return values


async def waiting(desk: Desk, people: dict[str, str], busy: set[str]) -> None:
    """Everything that waits.

    ``people``: phones of the ``teacher``, ``office``, ``supervisor`` and ``general`` affairs who made them;
    ``busy``: phones of those who have their own work to try the demo with.
    """
    homes = {each.id: str(each.values.get("household") or "") for each in desk.wanted("student")}
    others = [await desk.person(phone) for phone in sorted(desk.report.people) if phone not in busy]
    leads = [who for who in others if "class_teacher" in who.roles and who.classes]
    for number, (lead, answers) in enumerate(zip(leads, WAITING, strict=False)):
        about = _about(desk, lead, homes, 0)
        at = desk.at(number + 1, 16, 20 + 7 * number)
        doc, rev = await desk.hand_in(lead, "home_visit", at, about, answers)
        if number == 0:
            await _disagree(desk, doc, rev, (lead, leads[-1]), at)
    teacher = await desk.person(people["teacher"])
    about = _about(desk, teacher, homes, -1)
    await _sent_back(desk, teacher, await desk.person(people["office"]), about)
    await _round(desk, await desk.person(people["supervisor"]))
    parent = next(who for who in others if "parent" in who.roles)
    await _meal(desk, await desk.person(people["general"]), parent)


def _about(desk: Desk, teacher: Principal, homes: dict[str, str], which: int) -> dict[str, Any]:
    """The meta of a visit to one pupil of a class teacher."""
    rows = desk.report.linked.rows.items()
    pupils = [pupil for pupil, row in rows if row.class_ in teacher.classes and homes.get(pupil)]
    return {"students": [pupils[which]], "household": homes[pupils[which]]}


async def _disagree(desk: Desk, doc: str, rev: int, two: tuple[Principal, Principal], at: datetime) -> None:
    """Both who went answer the same question without having seen each other's answer."""
    first, second = two
    joined = desk.op("home_visit", "edit", doc, at, base=rev, set={"visitors": {"add": [second.user]}})
    seen = await desk.send(first, [joined])
    for who, carer, minutes in ((first, "one_away", 20), (second, "both_away", 45)):
        later = at + timedelta(minutes=minutes)
        await desk.send(who, [desk.op("home_visit", "edit", doc, later, base=seen, set={"carer": carer})])


async def _sent_back(desk: Desk, author: Principal, office: Principal, about: dict[str, Any]) -> None:
    at = desk.at(3, 17, 5)
    doc, rev = await desk.hand_in(author, "home_visit", at, about, SENT_BACK)
    asked = {
        "reason": "",
        "fields": {"opinion": "奶奶怎么说？一两句就行。", "actions": "写清谁来做、哪天开始。"},
        "until": (desk.today + timedelta(days=4)).isoformat(),
    }
    later = at + timedelta(days=1)
    back = desk.op("home_visit", "event", doc, later, base=rev, event="return", from_="submitted", args=asked)
    await desk.send(office, [back])


async def _round(desk: Desk, supervisor: Principal) -> None:
    """Last night's round of a building, one pupil at home."""
    house = next(each for each in desk.wanted("building") if each.id in supervisor.buildings)
    rooms = {path: room for path, room in house.values.items() if path.startswith("rooms/")}
    first = next(iter(rooms))
    pupils = [bed["student"] for bed in rooms[first]["beds"] if bed.get("student")]
    answers: dict[str, Any] = {path: {"all": True} for path in rooms}
    answers |= {first: {"present": len(pupils) - 1}, f"absent/{pupils[0]}": ABSENT, "water": "enough"}
    night = desk.at(1, 21, 15)
    meta = {"building": house.id, "night": night.date().isoformat()}
    await desk.hand_in(supervisor, "night_round", night, meta, answers)


async def _meal(desk: Desk, general: Principal, parent: Principal) -> None:
    """The week's first meal in both parts: the parent counted fewer than general affairs reported."""
    meal = min(desk.wanted("meal"), key=lambda each: str(each.values["date"]))
    dishes = [item["name"] for path, item in sorted(meal.values.items()) if path.startswith("dishes/")]
    day = date.fromisoformat(str(meal.values["date"]))
    noon = datetime.combine(day, time(12, 20), ZoneInfo(ZONE))
    at = min(noon, desk.env.clock().astimezone(ZoneInfo(ZONE)))
    menu = [{"dish": dish, "grams": 120} for dish in dishes]
    about = {"meal": meal.id, "part": "a"}
    await desk.hand_in(general, "meal_audit_a", at, about, COUNTS | {"menu": menu})
    temp = [{"dish": dish, "degrees": n} for dish, n in zip(dishes, DEGREES, strict=False)]
    kept = {"time": "11:40", "keeper": general.name, "locked": True, "hours48": True}
    sample = [{"dish": dish, "grams": n} | kept for dish, n in zip(dishes, SAMPLED, strict=False)]
    asked = desk.env.forms.latest("meal_audit_b").question_for("hygiene")
    rows = asked.rows if asked else []
    hygiene = {f"hygiene/{row.name}": HYGIENE.get(row.name, "pass") for row in rows}
    answers = SEEN | {"temp": temp, "sample": sample} | hygiene
    await desk.hand_in(parent, "meal_audit_b", at, about | {"part": "b"}, answers)
