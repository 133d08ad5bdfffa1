"""`zoufang import` and `zoufang demo` as somebody at a terminal sees them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from litestar import Litestar

from server import demo
from server.access import load_principal, server_principal
from server.cli import main
from server.gateway import read
from server.schools import all_schools
from sync.form_problems import problems
from tests.conftest import Client, Clock
from tests.server.roster.books import DATA

BOOKS = [str(path) for path in sorted(DATA.glob("*.xlsx"))]
KEYS = (
    "school students flagged_ident duplicates boarders left_behind helped staff pairs dorm_rooms by_category "
    "problems changes"
).split()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    """A terminal on an empty database."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'own.db'}")
    return CliRunner()


def test_import_prints_exactly_the_figures(terminal: CliRunner) -> None:
    expected = json.loads((DATA / "expected.json").read_text("utf-8"))
    for changes in (480, 0):
        done = terminal.invoke(main, ["import", *BOOKS, "--school", "石门乡中心小学", "--json"])
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        assert list(found) == KEYS
        assert {key: found[key] for key in expected} == expected
        assert found["changes"] == {"added": changes, "changed": 0, "siblings": 0}
        assert {"sheet", "row", "column", "was", "done"} <= found["problems"][0].keys()


def test_a_foreign_file_ends_with_1_and_nothing_is_written(terminal: CliRunner, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.xlsx"
    foreign.write_bytes(b"PK\x03\x04")
    done = terminal.invoke(main, ["import", *BOOKS, str(foreign), "--school", "石门乡中心小学", "--json"])
    assert done.exit_code == 1
    assert "foreign.xlsx" in done.stderr
    assert done.stdout == ""
    listed = terminal.invoke(main, ["user", "list"])
    assert "石门" not in listed.output


def test_the_demo_is_refused_where_real_children_are(
    terminal: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOUFANG_ENV", "production")
    monkeypatch.setenv("SECRET_KEY", "a-secret-that-is-long-enough-for-production")
    done = terminal.invoke(main, ["demo"])
    assert done.exit_code == 1
    assert "production" in done.output


async def test_the_demo_school_is_filled_once_and_is_of_this_week(
    app: Litestar, clock: Clock, client: Client
) -> None:
    clock.now = datetime(2027, 3, 10, 2, 0, tzinfo=UTC)
    state = app.state
    school = await demo.fill(state.db, state.env)
    assert await demo.fill(state.db, state.env) == school
    async with state.db.read() as conn:
        assert len(await all_schools(conn)) == 1
        who = server_principal(school)
        meals = await read.many(conn, state.env, who, kind="meal")
        visits = await read.many(conn, state.env, who, form="home_visit")
        duties = await read.many(conn, state.env, who, kind="duty")
        assert await read.count(conn, who, kind="student") == 304
    assert sorted(m.fields["date"] for m in meals)[0::4] == ["2027-03-08", "2027-03-12"]
    assert max(v.fields["occurred_at"] for v in visits if v.state == "approved") < "2027-02"
    assert {(d.fields["due"], d.state) for d in duties} == {("2027-03-14", "open")}
    assert 0 < len(duties) < 10

    clock.tick(days=7)
    await demo.fill(state.db, state.env)
    async with state.db.read() as conn:
        assert await read.count(conn, who, kind="meal") == 10
        assert await read.count(conn, who, kind="duty") == 2 * len(duties)
        assert await read.count(conn, who, form="home_visit") == len(visits)
    for phone, _name, _post in demo.PEOPLE:
        assert (await client.sign_in(phone, demo.PASSWORD)).status_code == 201, phone


async def test_the_demos_office_has_something_to_do(app: Litestar) -> None:
    school = await demo.fill(app.state.db, app.state.env)
    async with app.state.db.read() as conn:
        who = server_principal(school)
        visits = await read.many(conn, app.state.env, who, kind="visit", limit=100)
        people = await read.many(conn, app.state.env, who, kind="person", limit=100)
    waiting = [visit for visit in visits if visit.state == "submitted"]
    assert sorted({visit.form for visit in waiting}) == [
        "home_visit",
        "meal_audit_a",
        "meal_audit_b",
        "night_round",
    ]
    assert [list(visit.siblings) for visit in waiting if visit.siblings] == [["carer"]]
    phones = {person.id: person.fields["phone"] for person in people}
    (back,) = (visit for visit in visits if visit.state == "returned")
    assert back.author is not None
    assert phones[back.author] == demo.TEACHER
    assert set(back.notes["returned"]["fields"]) == {"opinion", "actions"}
    for visit in waiting:
        form = app.state.env.forms.get(visit.form, visit.form_version)
        assert not [each for each in problems(form, visit.fields, "2026-11-20") if each.level == "error"]


async def test_the_demos_people_are_what_they_are_said_to_be(app: Litestar) -> None:
    school = await demo.fill(app.state.db, app.state.env)
    async with app.state.db.read() as conn:
        found = await read.many(conn, app.state.env, server_principal(school), kind="person", limit=100)
        by_phone = {doc.fields.get("phone"): doc.id for doc in found}
        roles = {}
        for phone, name, _post in demo.PEOPLE:
            principal = await load_principal(conn, by_phone[phone], school)
            assert principal is not None
            roles[name] = principal.roles
            if name == "韩轩天":
                assert len(principal.buildings) == 1
    assert "class_teacher" in roles["戴达洛"]
    assert "committee" in roles["熊琪桂"]
    assert roles["雷娟"] == {"parent"}
    assert roles["贾丽"] == {"office"}
    assert roles["孙福怡"] == {"principal"}
