"""A household with two pupils, a building, a meal, and visits: what the office's and forms' tests need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from litestar import Litestar

from server.access import load_principal, server_principal
from server.db import new_id
from server.gateway import write
from sync.protocol import Op, Result
from tests.conftest import People

ANSWERS: dict[str, Any] = {
    "result": "met_guardian",
    "reason": {"add": ["routine"]},
    "met": {"add": ["grandparent"]},
    "occurred_at": "2026-11-19T17:25:00+08:00",
    "carer": "one_away",
    "difficulty": {"add": ["study"]},
    "commute": 45,
    "home_fb": "先写作业再喂鸡。",
    "actions": "周三晚视频一次。",
    "danger": False,
}
"""A complete home visit, as an op sets it."""


@dataclass
class Village:
    """`pupil` is in 三(2)班, `sister` in 五(1)班 of the same household; `stranger` is in 四(1)班."""

    app: Litestar
    people: People
    ids: dict[str, str] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> str:
        try:
            return self.ids[name]
        except KeyError as error:
            raise AttributeError(name) from error

    async def ops(self, role: str, *ops: Op) -> list[Result]:
        """Ops of the person with this role, or of the server's own hand."""
        state = self.app.state
        async with state.db.write() as conn:
            if role == "server":
                who = server_principal(self.people.id)
            else:
                found = await load_principal(conn, self.people.ids[role], self.people.id)
                assert found
                who = found
            client = self.clients.setdefault(role, new_id())
            return await write.submit(conn, state.env, who, client, list(ops))

    async def make(self, kind: str, values: dict[str, Any], role: str = "server") -> str:
        """A doc of a kind that is no visit."""
        ident = new_id()
        results = await self.ops(
            role, Op(0, "create", kind, ident, form=kind, form_version=1, set=values, meta={})
        )
        assert results[0].result == "applied", results
        return ident

    async def visit(
        self, role: str = "class_teacher", *, pupil: str = "pupil", submit: bool = True, **changes: Any
    ) -> str:
        """A home visit, handed in; `changes` replace answers, None leaves one out."""
        ident = new_id()
        answers = {k: v for k, v in {**ANSWERS, **changes}.items() if v is not None}
        meta = {"students": [self.ids[pupil]], "household": self.ids["household"]}
        values = {"visitors": {"add": [self.people.ids[role]]}, **answers}
        at = str(answers["occurred_at"])
        form: dict[str, Any] = {"form": "home_visit", "form_version": 1}
        ops = [Op(0, "create", "visit", ident, **form, set=values, meta=meta, at=at)]
        if submit:
            ops.append(Op(0, "event", "visit", ident, **form, event="submit", from_="draft", at=at))
        results = await self.ops(role, *ops)
        assert [result.result for result in results if result.result == "held"] == [], results
        return ident

    async def disagree(self, visit: str, **values: Any) -> None:
        """The co-visitor's phone, which has seen nothing yet, sends other values."""
        op = Op(
            0,
            "edit",
            "visit",
            visit,
            form="home_visit",
            form_version=1,
            set=values,
            at="2026-11-19T16:40:00+08:00",
        )
        results = await self.ops("teacher", op)
        assert results[0].result == "conflict", results


async def make_village(app: Litestar, people: People) -> Village:
    """The village of a school."""
    village = Village(app, people)
    ids = village.ids
    guardian = {"name": "罗桂英", "relation": "奶奶", "phone": "13811112222"}
    home = {"village": "老鸦沟村", "group": "3组", "head": "杨大山", f"guardians/{new_id()}": guardian}
    ids["household"] = household = await village.make("household", home)
    for name, called, pinyin, class_ in (
        ("pupil", "杨思源", "yang si yuan", "三(2)班"),
        ("sister", "杨思雨", "yang si yu", "五(1)班"),
    ):
        pupil = {"name": called, "pinyin": pinyin, "class": class_, "household": household}
        ids[name] = await village.make("student", pupil)
    stranger = {"name": "于杰", "pinyin": "yu jie", "class": "四(1)班", "boards": True}
    ids["stranger"] = await village.make("student", stranger)
    room = {"number": "203", "beds": [{"bed": "1", "student": ids["stranger"]}]}
    ids["building"] = await village.make("building", {"name": "2号楼", "rooms/203": room})
    lunch = {"date": "2026-11-20", "sort": "lunch", "price": 5}
    dishes = {f"dishes/{new_id()}": {"name": "土豆烧鸡块"}}
    ids["meal"] = await village.make("meal", {**lunch, **dishes})
    return village
