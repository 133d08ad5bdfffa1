"""Several phones, one record, any order of events: nothing that anybody entered is lost (Hypothesis)."""

import asyncio
import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from litestar import Litestar

from server.access import load_principal
from server.gateway import read
from tests.conftest import PASSWORD, MakeApp, People, make_school
from tests.phone import Phone, uuid7
from tests.server.gateway.conftest import add_pupils, asgi_send
from tests.server.gateway.ledger import Entry, Ledger

SOAK = int(os.environ.get("SOAK", "1"))
WHO = st.integers(0, 2)


class World:
    """The server, a school and a loop, shared by all runs of the machine."""

    def __init__(self, app: Litestar) -> None:
        self.app = app
        self.runner = asyncio.Runner()
        self.words = count(1)
        self.run(self.fill())

    def run(self, work: Any) -> Any:
        """Run a coroutine to its end."""
        return self.runner.run(work)

    async def fill(self) -> None:
        """A pupil who has a class teacher and a helper."""
        self.school: People = await make_school(self.app, "石门乡中心小学", 13800000001)
        helper = self.school.ids["teacher"]
        pupils = await add_pupils(self.app, self.school, 龙䶮={"class": "三(2)班", "helpers": [helper]})
        self.pupil = pupils["龙䶮"]

    async def phone(self, role: str) -> Phone:
        """A new phone of somebody's, with everything on it."""
        send, _ = asgi_send(self.app)
        phone = Phone(send)
        await phone.sign_in(self.school.phones[role], PASSWORD)
        await phone.sync()
        return phone

    async def truth(self, doc: str) -> dict[str, Any]:
        """The record as the server has it."""
        async with self.app.state.db.read() as conn:
            who = await load_principal(conn, self.school.ids["class_teacher"], self.school.id)
            assert who
            found = await read.one(conn, self.app.state.env, who, doc)
            assert found
            return found.wire()

    def close(self) -> None:
        """Close the database and the loop."""
        self.run(self.app.state.db.close())
        self.runner.close()


class Phones(RuleBasedStateMachine):
    """Two phones of the class teacher and one of a co-visitor, on one home visit."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        run = self.world.run
        self.phones = [run(self.world.phone(role)) for role in ("class_teacher", "class_teacher", "teacher")]
        self.ledger = Ledger()
        self.texts: list[str | None] = [
            None,
            None,
            None,
        ]  # what a phone shows that it has not pulled back yet
        self.doc = uuid7()
        visitors = {"add": [self.world.school.ids["teacher"]]}
        meta = {"students": [self.world.pupil]}
        first = self.phones[0].op(
            "create", "visit", self.doc, "home_visit", set={"visitors": visitors}, meta=meta
        )
        assert first["seq"] == 1
        for phone in self.phones:
            run(phone.sync())

    def record(self, who: int) -> dict[str, Any]:
        """The record on a phone. It has been there since the beginning."""
        assert self.doc in self.phones[who].docs
        return self.phones[who].docs[self.doc]

    def word(self) -> str:
        return f"词{next(self.world.words)}"

    def op(self, who: int, **rest: Any) -> None:
        phone = self.phones[who]
        op = phone.op(rest.pop("op", "edit"), "visit", self.doc, "home_visit", **rest)
        self.ledger.entries.append(Entry(phone.client, op))

    @rule(who=WHO, name=st.sampled_from(["phone_new", "next_date"]), clear=st.integers(0, 5))
    def set_a_scalar(self, who: int, name: str, clear: int) -> None:
        days = next(self.world.words)
        value = (
            f"{2000 + days // 336}-{days // 28 % 12 + 1:02}-{days % 28 + 1:02}"
            if name == "next_date"
            else self.word()
        )
        self.op(who, set={name: value if clear else None})

    @rule(who=WHO, element=st.sampled_from("abc"), remove=st.booleans())
    def change_a_set(self, who: int, element: str, remove: bool) -> None:
        self.op(who, set={"difficulty": {"remove" if remove else "add": [element]}})

    @rule(who=WHO, item=st.sampled_from(["p1", "p2"]), remove=st.booleans())
    def change_a_list(self, who: int, item: str, remove: bool) -> None:
        self.op(who, set={f"problems/{item}": None if remove else {"text": self.word()}})

    @rule(who=WHO, at=st.integers(0, 5), cut=st.booleans())
    def write_text(self, who: int, at: int, cut: bool) -> None:
        before = self.texts[who]
        if before is None:
            before = self.record(who)["fields"].get("home_fb") or ""
        parts = [s + "。" for s in before.split("。") if s]
        at = min(at, len(parts))
        after = "".join([*parts[:at], self.word() + "。", *parts[at + (1 if cut else 0) :]])
        self.texts[who] = after
        self.op(who, set={"home_fb": after}, was={"home_fb": before})

    @rule(who=WHO, pick=st.integers(0, 3))
    def settle(self, who: int, pick: int) -> None:
        """Settle what this phone sees in dispute: with the shown value, a sibling, or a third."""
        doc = self.record(who)
        for path, siblings in sorted(doc["siblings"].items()):
            values = [doc["fields"].get(path), *(s["value"] for s in siblings)]
            third = {"text": self.word()} if path.startswith("problems/") else self.word() + "。"
            value = values[pick] if pick < len(values) else None if path == "next_date" else third
            sees = {path: [s["sibling"] for s in siblings]}
            if path == "home_fb":
                self.texts[who] = str(value or "")
            self.op(who, op="settle", set={path: value}, sees=sees)
            if path == "home_fb":
                # what the settler had in sight, for the ledger only
                entry = self.ledger.entries[-1]
                entry.op = {**entry.op, "sight": "".join(v or "" for v in values)}

    @rule(who=WHO, some=st.integers(1, 4), fate=st.sampled_from(["arrives", "reply lost", "sent twice"]))
    def push(self, who: int, some: int, fate: str) -> None:
        phone = self.phones[who]
        sent = phone.queue[:some]
        if not sent:
            return
        answer = self.world.run(phone.exchange(sent))
        if fate == "sent twice":
            again = self.world.run(phone.exchange(sent))
            assert again["results"] == answer["results"]
        self.note(phone, answer)
        if fate != "reply lost":
            self.take(who, answer)

    @rule(who=WHO, limit=st.sampled_from([1, 2, 1000]))
    def pull(self, who: int, limit: int) -> None:
        self.take(who, self.world.run(self.phones[who].exchange([], limit)))

    def take(self, who: int, answer: dict[str, Any]) -> None:
        phone = self.phones[who]
        phone.take(answer)
        if not phone.queue and not answer["more"] and any(d["id"] == self.doc for d in answer["docs"]):
            self.texts[who] = None

    def note(self, phone: Phone, answer: dict[str, Any]) -> None:
        """The ledger learns what the server said of each op."""
        mine = {e.op["seq"]: e for e in self.ledger.entries if e.client == phone.client}
        for result in answer["results"]:
            entry = mine.get(result["seq"])
            if entry:
                entry.held = result["result"] == "held"
                entry.rev = entry.rev or result["rev"]

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.ledger.missing(self.world.run(self.world.truth(self.doc))) == []

    def teardown(self) -> None:
        """In the end all phones agree with the server, and one more sync has nothing to say."""
        run = self.world.run
        for phone in self.phones:
            answer = run(phone.exchange(phone.queue[:200]))
            self.note(phone, answer)
            phone.take(answer)
        truth = run(self.world.truth(self.doc))
        assert self.ledger.missing(truth) == []
        for who, phone in enumerate(self.phones):
            run(phone.sync())
            shown = self.record(who)
            assert (shown["fields"], shown["siblings"]) == (truth["fields"], truth["siblings"])
            answer = run(phone.exchange([]))
            assert (answer["docs"], answer["drop"], answer["more"]) == ([], [], False)


@pytest.fixture
def world(make_app: MakeApp) -> Iterator[World]:
    made = World(make_app())
    yield made
    made.close()


def test_phones_lose_nothing(world: World) -> None:
    machine = type("Machine", (Phones,), {"world": world})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15 * SOAK,
            derandomize=SOAK == 1,  # the same histories at every test; SOAK=20 draws new ones
            stateful_step_count=25,
            phases=[Phase.generate, *([Phase.shrink] if SOAK > 1 else [])],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
