"""An independent client, written from the protocol's page, against a real server over HTTP."""

import ast
import gzip
import json
import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import Site
from tests.contract.history import FORM, History
from tests.needs import ROOT
from tests.phone import Phone, Refused, uuid7

SOAK = float(os.environ.get("SOAK", "0"))
"""Minutes that each of the random runs takes, with histories of their own; without it one short one."""
NUMBERS = ["13800000001", "13800000001", "13800000002", "13800000007"]
STEPS = 60
TOLD = ("histories", "ops", "applied", "merged", "conflict", "held", "replies lost", "lost")


@pytest.mark.parametrize("file", ["phone.py", "contract/model.py", "contract/history.py"])
def test_the_client_knows_nothing_of_the_project(file: str) -> None:
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    modules = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    modules |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    ours = {m for m in modules if m.split(".")[0] in ("server", "sync", "scripts", "tests")}
    assert ours <= {"tests.phone", "tests.contract.model"}


async def test_random_histories_break_no_clause(site: Site, figures: dict[str, int]) -> None:
    phones = [await site.phone(number) for number in NUMBERS]
    counts: Counter[str] = Counter()
    until, seed = time.monotonic() + SOAK * 60, random.getrandbits(32) if SOAK else 1
    try:
        while True:
            pupil = await site.pupil(phones[3], phones[2].user["id"])
            history = History(seed, phones, pupil, counts)
            print("seed", seed)  # shown where a clause is broken
            await history.begin()
            await history.begin()
            for _ in range(STEPS):
                await history.step()
            await history.end(lambda number: site.phone(NUMBERS[number]))
            counts["histories"] += 1
            seed += 1
            if time.monotonic() >= until:
                break
    finally:
        seen = [name for name in counts if name.startswith("· ")]
        figures |= {name: counts[name] for name in TOLD}
        figures |= {"clauses": len(seen), "checks of them": counts["clauses"]}
    assert counts["lost"] == 0
    assert [name for name in TOLD if not counts[name]] == ["lost"], "a history must have had each of these"
    assert counts["· after a lost reply the same result"], "what was lost was sent again"


async def begun(phone: Phone, pupil: str, **values: Any) -> str:
    """A visit on a phone."""
    doc = uuid7()
    phone.op("create", "visit", doc, FORM, set=values, meta={"students": [pupil]})
    await phone.sync()
    return doc


async def refused(work: Any) -> tuple[int, str, dict[str, Any]]:
    """Status, name and problem of a refusal."""
    with pytest.raises(Refused) as found:
        await work
    problem = found.value.problem
    return found.value.status, problem["type"].rsplit("/", 1)[-1], problem


async def limits_tokens_and_schools(site: Site) -> None:
    """What is too much, whose it is, and by which right."""
    teacher, helper, office = [await site.phone(NUMBERS[n]) for n in (0, 2, 3)]
    pupil = await site.pupil(office, helper.user["id"])
    await teacher.sync()
    doc = await begun(teacher, pupil, phone_new="词")
    op = {**teacher.op("edit", "visit", doc, FORM, set={"phone_new": "二"})}

    large = {**op, "set": {"home_fb": "长" * 30_000}}
    status, name, problem = await refused(teacher.exchange([large]))
    assert (status, problem["limit"]) == (413, 64 << 10)
    many = [{**op, "seq": op["seq"] + n} for n in range(201)]
    status, name, problem = await refused(teacher.exchange(many))
    assert (status, problem["limit"]) == (413, 200)
    packed = gzip.compress(json.dumps(teacher.request(many)).encode() + b" " * (8 << 20))
    headers = {"X-CSRFToken": teacher.csrf, "Content-Encoding": "gzip"}
    assert (await teacher.send("POST", "/sync", headers, packed))[0] == 413
    assert (await refused(teacher.exchange([{"op": "edit"}])))[0] == 400
    status, name, _ = await refused(teacher.exchange([{**op, "seq": 0}]))
    assert status == 400
    assert (await teacher.exchange([]))["acked"] == 1, "nothing of all that was applied"

    assert (await teacher.send("POST", "/sync", {}, teacher.request([])))[0] == 403
    school = {"X-CSRFToken": teacher.csrf, "X-School": "no-such-school"}
    assert (await teacher.send("POST", "/sync", school, teacher.request([])))[0] in (403, 404)
    stranger = await site.phone(NUMBERS[2])
    stranger.client = teacher.client
    status, name, _ = await refused(stranger.exchange([]))
    assert (status, name) == (403, "client")

    await teacher.send("DELETE", "/session", {"X-CSRFToken": teacher.csrf}, None)
    assert (await refused(teacher.exchange([op])))[0] in (401, 403)
    answer = await teacher.deliver([op])
    assert (answer["results"][0]["result"], answer["acked"], answer["docs"]) == ("applied", 2, [])
    token = {"Authorization": f"Delivery {teacher.delivery}"}
    status, _ = await teacher.send("POST", "/sync", token, {**teacher.request([]), "client": uuid7()})
    assert status == 401


async def leaving_and_entering(site: Site) -> None:
    """What leaves the scope is dropped, what enters comes though its rev is old."""
    teacher, helper, office = [await site.phone(NUMBERS[n]) for n in (0, 2, 3)]
    pupil = await site.pupil(office, helper.user["id"])
    await teacher.sync()
    doc = await begun(teacher, pupil)
    teacher.op("event", "visit", doc, FORM, event="submit")
    await teacher.sync()
    await helper.sync()
    assert {doc, pupil} <= helper.docs.keys()
    for change in ("remove", "add"):
        change_helpers = {"helpers": {change: [helper.user["id"]]}}
        office.op("edit", "student", pupil, "student", set=change_helpers)
        await office.sync()
        answer = await helper.exchange([])
        came, gone = {d["id"] for d in answer["docs"]}, {d["id"] for d in answer["drop"]}
        assert {doc, pupil} <= (gone if change == "remove" else came)
        helper.take(answer)


async def backup_and_restore(site: Site, tmp_path: Path) -> None:
    """A finished backup makes durable; a restore begins another life."""
    teacher, helper, office = [await site.phone(NUMBERS[n]) for n in (0, 2, 3)]
    pupil = await site.pupil(office, helper.user["id"])
    await teacher.sync()
    doc = await begun(teacher, pupil, phone_new="一")
    assert (await teacher.exchange([]))["durable"] == 0
    site.server.zoufang("backup", str(tmp_path / "copy"))
    await teacher.sync()
    assert teacher.durable == teacher.seq
    teacher.op("edit", "visit", doc, FORM, set={"phone_new": "二"})
    await teacher.sync()
    before = teacher.docs[doc]

    site.server.kill()
    site.server.zoufang("restore", str(tmp_path / "copy"), "--replace")
    site.server.start()
    status, name, problem = await refused(teacher.exchange([]))
    assert (status, name, problem["acked"]) == (409, "resync", 1)
    assert problem["epoch"] != teacher.epoch
    await teacher.sync_through()
    after = teacher.docs[doc]
    assert after["fields"] == before["fields"] == {"phone_new": "二"}
    assert after["rev"] > before["rev"] + 2**31, "no rev of the lost life comes again"
    assert (await teacher.exchange([]))["docs"] == []


async def test_what_else_the_page_promises(site: Site, tmp_path: Path) -> None:
    await limits_tokens_and_schools(site)
    await leaving_and_entering(site)
    await backup_and_restore(site, tmp_path)
