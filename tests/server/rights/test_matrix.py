"""Every route × every role × every sort of doc, own school and other: who must not see a thing never does.

The routes come from the application's own table. Each doc holds a word that occurs nowhere else; wherever a
reply has the word of a doc that its reader has no right to, something leaks. Who has a right is written down
here by hand, not asked of the code.
"""

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from litestar import Litestar
from sqlalchemy import select

from server.access import load_principal, server_principal
from server.db import new_id
from server.gateway import write
from server.gateway.models import docs
from server.schools import schools
from server.vaults import files
from server.vaults.file import UnsentFile
from server.vaults.models import unsent_files
from sync.protocol import Op
from tests.conftest import ROLES, Client, People, make_school
from tests.server.gateway.conftest import asgi_send

# the same rows on either database: one is enough here, test_scope.py runs on both
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OFFICE = {"office", "principal"}
ALLOWED = {
    "pupil of the class": {"class_teacher", "office", "principal", "admin"},
    "pupil with a helper": {"teacher", "office", "principal", "admin"},
    "pupil of nobody here": {"office", "principal", "admin"},
    "household of the class": {"class_teacher", "office", "principal", "admin"},
    "visit in the class": {"class_teacher", *OFFICE},
    "draft of the helper": {"teacher"},
    "night round": {"dorm", *OFFICE},
    "meal audit": {"committee", "parent", "general_affairs", *OFFICE},
    "duty of the helper": {"teacher", *OFFICE},
    "held op of the helper": {"teacher", *OFFICE},
}
SOURCE = Path(__file__).parents[3] / "server"
NAMES = re.compile(r'(?:\.get|\.getall|\.pop|text|field)\(\s*"(\w+)"|(?:form|query|params|asked)\["(\w+)"\]')


class Target(NamedTuple):
    """A doc and the word that only it holds."""

    id: str
    word: str


class Village:
    """Two schools with one doc of every sort each."""

    def __init__(self, app: Litestar) -> None:
        self.app = app
        self.here: dict[str, Target] = {}
        self.there: dict[str, Target] = {}

    async def fill(self) -> None:
        """Make both schools."""
        self.school = await make_school(self.app, "石门乡中心小学", 13800000001)
        self.other = await make_school(self.app, "清江小学", 13900000001)
        self.here = await self.docs(self.school, "此")
        self.there = await self.docs(self.other, "彼")

    async def send(self, school: People, role: str | None, *ops: Op) -> tuple[str, list[Any]]:
        """Ops by somebody, or by the server's own hand; the client's id and the results."""
        client = new_id()
        async with self.app.state.db.write() as conn:
            who = server_principal(school.id, "import")
            if role:
                who = await load_principal(conn, school.ids[role], school.id)
                assert who
            return client, await write.submit(conn, self.app.state.env, who, client, ops)

    async def docs(self, school: People, mark: str) -> dict[str, Target]:
        """One doc of every sort; `mark` begins its word."""
        targets = {sort: Target(new_id(), f"{mark}密{n}号") for n, sort in enumerate(ALLOWED)}
        building, meal = new_id(), new_id()
        _, results = await self.send(school, None, *_roster(school, targets, building, meal))
        assert {r.result for r in results} == {"applied"}
        await self.record(
            school, "class_teacher", "home_visit", targets, "visit in the class", "pupil of the class"
        )
        meta = {"building": building, "night": "2026-11-20"}
        await self.record(school, "dorm", "night_round", targets, "night round", meta)
        await self.record(
            school, "committee", "meal_audit_b", targets, "meal audit", {"meal": meal, "part": "b"}
        )
        await self.record(
            school,
            "teacher",
            "home_visit",
            targets,
            "draft of the helper",
            "pupil with a helper",
            submit=False,
        )
        broken = Op(0, "edit", "visit", targets["draft of the helper"].id, form="home_visit", form_version=1)
        broken.set = {"nonsense": targets["held op of the helper"].word}
        client, (held,) = await self.send(school, "teacher", broken)
        assert held.result == "held"
        word = targets["held op of the helper"].word
        return {**targets, "held op of the helper": Target(f"{client}:1", word)}

    async def record(
        self,
        school: People,
        role: str,
        form: str,
        targets: dict[str, Target],
        sort: str,
        about: str | dict[str, Any],
        submit: bool = True,
    ) -> None:
        """A record with its word in the note that every form has."""
        doc, word = targets[sort]
        meta = about if isinstance(about, dict) else {"students": [targets[about].id]}
        head: dict[str, Any] = {"form": form, "form_version": 1}
        ops = [Op(0, "create", "visit", doc, set={"note": word}, was={"note": None}, meta=meta, **head)]
        if submit:
            ops.append(Op(0, "event", "visit", doc, event="submit", **head))
        _, results = await self.send(school, role, *ops)
        assert {r.result for r in results} == {"applied"}, results


def _roster(school: People, targets: dict[str, Target], building: str, meal: str) -> list[Op]:
    def make(kind: str, doc: str, **values: Any) -> Op:
        fields = {k: {"add": v} if isinstance(v, list) else v for k, v in values.items()}
        return Op(0, "create", kind, doc, form=kind, form_version=1, set=fields)

    home = targets["household of the class"]
    first, second, third = (
        targets[f"pupil {s}"] for s in ("of the class", "with a helper", "of nobody here")
    )
    helper = school.ids["teacher"]
    duty = targets["duty of the helper"]
    return [
        make("household", home.id, village=home.word),
        make("student", first.id, name=first.word, household=home.id, **{"class": "三(2)班"}),
        make("student", second.id, name=second.word, helpers=[helper], **{"class": "一(1)班"}),
        make("student", third.id, name=third.word, **{"class": "一(1)班"}),
        make("building", building, name="1号楼"),
        make("meal", meal, date="2026-11-20", sort="lunch"),
        make("duty", duty.id, students=[second.id], assignee=helper, due="2026-11-22", reason=duty.word),
    ]


@pytest.fixture
async def village(app: Litestar) -> Village:
    made = Village(app)
    await made.fill()
    return made


@pytest.fixture
async def signed_in(clients: Any, village: Village) -> AsyncGenerator[dict[str, Client]]:
    """A browser for each role of the first school."""
    found = {}
    for role in ROLES:
        found[role] = await clients()
        assert (await found[role].sign_in(village.school.phones[role])).status_code == 201
    yield found


class Way(NamedTuple):
    """One method of one route, and the names of the parameters in its path."""

    method: str
    path: str
    names: tuple[str, ...]

    def to(self, target: str) -> str:
        """The address with every parameter set to this id."""
        return re.sub(r"\{[^}]*\}", target, self.path)


def ways(app: Litestar) -> list[Way]:
    """Every route that the application has."""
    found = set()
    for route in app.routes:
        methods = getattr(route, "methods", set()) - {"OPTIONS", "HEAD"}
        names = tuple(re.findall(r"\{(\w+)", route.path))
        found |= {Way(method, route.path, names) for method in methods}
    return sorted(found)


def parameter_names() -> list[str]:
    """Every name that the server reads from a query or a form anywhere in its source."""
    text = "\n".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    return sorted({name for pair in NAMES.findall(text) for name in pair if name})


def forbidden(village: Village, role: str) -> dict[str, Target]:
    """What this role of the first school has no right to."""
    own = {sort: t for sort, t in village.here.items() if role not in ALLOWED[sort]}
    return {**own, **{f"other school's {sort}": t for sort, t in village.there.items()}}


def leaks(text: str, secrets: dict[str, Target]) -> list[str]:
    """Sorts of docs whose word is in a text."""
    return [sort for sort, target in secrets.items() if target.word in text]


ENDS = {"/logout", "/session", "/account/end", "/account/school", "/login"}
"""What would end the session that looks; they take no id of a doc."""


async def test_no_page_shows_what_its_reader_may_not_see(
    app: Litestar, village: Village, signed_in: dict[str, Client]
) -> None:
    names = parameter_names()
    assert {"student", "record"} <= set(names)
    shown: set[tuple[str, str]] = set()
    for role, client in signed_in.items():
        secrets = forbidden(village, role)
        everything = [t.id for t in (*village.here.values(), *village.there.values())]
        for way in ways(app):
            if way.method != "GET" or way.path in ENDS:
                continue
            if way.names:
                asked = [way.to(i) for i in everything]
            else:
                asked = [
                    way.path,
                    *(f"{way.path}?" + "&".join(f"{n}={i}" for n in names) for i in everything),
                ]
            for address in asked:
                reply = await client.get(address)
                assert reply.status_code < 500, (role, address, reply.text[:300])
                assert leaks(reply.text, secrets) == [], (role, address)
                if reply.status_code == 200:
                    allowed = {s: t for s, t in village.here.items() if role in ALLOWED[s]}
                    shown |= {(way.path, sort) for sort in leaks(reply.text, allowed)}
    # the positive control: what leaks nothing to the others does show the docs to those who may see them
    pages = {re.sub(r"\{[^}]*\}", "*", path) for path, _ in shown}
    assert {"/office", "/office/records/*", "/office/students", "/fill/*"} <= pages
    assert {"visit in the class", "night round", "meal audit"} <= {sort for _, sort in shown}
    draft = village.here["draft of the helper"]
    sections = [s.name for s in app.state.forms.latest("home_visit").sections]
    pages_of_it = [await signed_in["teacher"].get(f"/fill/{draft.id}?s={name}") for name in sections]
    assert any(draft.word in page.text for page in pages_of_it)


async def test_nothing_is_changed_that_its_writer_may_not_see(
    app: Litestar, village: Village, signed_in: dict[str, Client]
) -> None:
    names = parameter_names()
    before = await revs(village)
    for role, client in signed_in.items():
        secrets = forbidden(village, role)
        for way in ways(app):
            if way.method == "GET" or way.path in ENDS:
                continue
            for target in secrets.values():
                form = dict.fromkeys(names, target.id) | {"csrf": client.csrf}
                reply = await client.request(way.method, way.to(target.id), data=form)
                assert reply.status_code < 500, (role, way, reply.text[:300])
                assert leaks(reply.text, secrets) == [], (role, way)
    after = await revs(village)
    assert after["other"] == before["other"]
    for sort, rev in before["docs"].items():
        assert after["docs"][sort] == rev, sort


async def revs(village: Village) -> dict[str, Any]:
    """The other school's counter, and the rev of each doc at the first."""
    async with village.app.state.db.read() as conn:
        other = (
            await conn.execute(select(schools.c.rev).where(schools.c.id == village.other.id))
        ).scalar_one()
        rows = await conn.execute(select(docs.c.id, docs.c.rev).where(docs.c.school_id == village.school.id))
        known = {row.id: row.rev for row in rows}
    return {"other": other, "docs": {sort: known[t.id] for sort, t in village.here.items()}}


async def test_no_phone_gets_what_its_user_may_not_see(
    app: Litestar, village: Village, signed_in: dict[str, Client]
) -> None:
    for role, client in signed_in.items():
        body = {"protocol": 1, "client": new_id(), "pull": {"cursor": None}}
        reply = await client.post("/sync", json=body)
        assert (reply.status_code, reply.json()["more"]) == (200, False)
        assert leaks(reply.text, forbidden(village, role)) == [], role
        mine = {sort for sort in ALLOWED if role in ALLOWED[sort]}
        own = {sort: village.here[sort] for sort in mine}
        assert set(leaks(reply.text, own)) == mine, role


async def test_an_op_on_a_foreign_doc_tells_nothing_of_it(
    app: Litestar, village: Village, signed_in: dict[str, Client]
) -> None:
    """The answer is the same as for a doc that does not exist, and the doc stays as it is."""
    for role, client in signed_in.items():
        before = await revs(village)
        kinds = {"visit": "home_visit", "student": "student", "household": "household"}
        secrets = [t.id for t in forbidden(village, role).values()]
        for kind, form in kinds.items():
            answers = set()
            for doc in [*secrets, new_id()]:
                body = {
                    "protocol": 1,
                    "client": new_id(),
                    "push": [
                        {"seq": 1, "op": "edit", "kind": kind, "doc": doc, "form": form, "form_version": 1}
                        | {"base": 1, "set": {"note": "x"}}
                    ],
                }
                (result,) = (await client.post("/sync", json=body)).json()["results"]
                answers.add((result["result"], result["code"]))
            assert answers == {("held", "unknown_doc")}, (role, kind)
        after = await revs(village)
        assert after == before


async def test_files_of_unsent_work_are_for_few(
    app: Litestar, village: Village, signed_in: dict[str, Client]
) -> None:
    """Each school has a brought file that waits: only three posts of that school get at it."""
    ours, theirs = [await brought(app, school) for school in (village.school, village.other)]
    asked = [way for way in ways(app) if way.path.startswith("/office/unsent")]
    assert {way.path.rsplit("/", 1)[-1] for way in asked} >= {"unsent", "take", "forget"}
    for role, client in signed_in.items():
        for way in sorted(asked, key=lambda way: way.path.endswith("forget")):
            for file in (theirs, ours):
                form = {"data": {"csrf": client.csrf}} if way.method == "POST" else {}
                reply = await client.request(way.method, way.to(file), **form)
                may = role in {"office", "principal", "admin"} and (file == ours or not way.names)
                assert (reply.status_code != 404) == may, (role, way, reply.status_code)
                if may and way.path.endswith("forget"):
                    ours = await brought(app, village.school)
    async with app.state.db.read() as conn:
        rows = (await conn.execute(select(unsent_files.c.id, unsent_files.c.taken))).all()
    assert {(row.id, row.taken) for row in rows} == {(ours, None), (theirs, None)}


async def brought(app: Litestar, school: People) -> str:
    """A file of the class teacher's that somebody brought; its id."""
    file = UnsentFile("zoufang-unsent", 1, school.id, school.ids["class_teacher"], new_id(), "", "", [])
    async with app.state.db.write() as conn:
        return await files.keep(conn, school.id, school.ids["office"], file, b"{}", 1, app.state.clock())


async def test_nobody_speaks_for_another_school(village: Village, signed_in: dict[str, Client]) -> None:
    for client in signed_in.values():
        headers = {"X-School": village.other.id}
        for method, path in (("GET", "/session"), ("GET", "/office")):
            reply = await client.request(method, path, headers=headers)
            assert reply.status_code in (403, 404)
        body = {"protocol": 1, "client": new_id(), "pull": {"cursor": None}}
        assert (await client.post("/sync", json=body, headers=headers)).status_code == 404


async def test_without_a_session_there_is_nothing(app: Litestar, village: Village) -> None:
    everything = {**{f"here {k}": t for k, t in village.here.items()}, **village.there}
    _, http = asgi_send(app)
    for way in ways(app):
        for target in everything.values():
            reply = await http.request(way.method, way.to(target.id), params={"record": target.id})
            assert reply.status_code < 500
            assert leaks(reply.text, everything) == []
    await http.aclose()
