"""The contract of `POST /sync`, by a client that knows nothing but the contract."""

import gzip
import json
from typing import Any

import pytest

from tests.conftest import People
from tests.phone import Phone, Refused, uuid7
from tests.server.gateway.conftest import MakePhone

Pupils = dict[str, str]


def visit(phone: Phone, pupil: str, **values: Any) -> str:
    """Queue a new home visit."""
    doc = uuid7()
    phone.op("create", "visit", doc, "home_visit", set=values, meta={"students": [pupil]})
    return doc


async def test_the_same_push_twice_has_the_same_results(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    doc = visit(phone, pupils["龙䶮"], carer="one_away")
    sent = list(phone.queue)
    first = await phone.exchange(sent)
    again = await phone.exchange(sent)
    assert first["results"] == again["results"]
    assert first["results"][0]["result"] == "applied"
    assert again["acked"] == 1
    phone.take(again)
    assert phone.docs[doc]["fields"] == {"carer": "one_away"}
    assert phone.docs[doc]["state"] == "draft"


async def test_two_clients_change_the_same_field_and_both_values_are_there(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    one = await phone_of(school.phones["class_teacher"])
    two = await phone_of(school.phones["class_teacher"])
    doc = visit(one, pupils["龙䶮"], carer="single")
    await one.sync()
    await two.sync()
    one.op("edit", "visit", doc, "home_visit", set={"carer": "one_away"})
    two.op("edit", "visit", doc, "home_visit", set={"carer": "both_away"})
    await one.sync()
    await two.sync()
    await one.sync()
    assert two.results[two.seq]["result"] == "conflict"
    for phone in (one, two):
        assert phone.docs[doc]["fields"]["carer"] == "one_away"
        (sibling,) = phone.docs[doc]["siblings"]["carer"]
        assert (sibling["value"], sibling["by"]) == ("both_away", school.ids["class_teacher"])
        assert sibling["sibling"] == f"{two.client}:{two.seq}"
    sees = {"carer": [sibling["sibling"]]}
    one.op("settle", "visit", doc, "home_visit", set={"carer": "both_away"}, sees=sees)
    await one.sync()
    await two.sync()
    assert two.docs[doc]["fields"]["carer"] == "both_away"
    assert two.docs[doc]["siblings"] == {}


async def test_gap_and_fork_apply_nothing(phone_of: MakePhone, school: People, pupils: Pupils) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    doc = visit(phone, pupils["龙䶮"], carer="single")
    await phone.sync()
    op = phone.op("edit", "visit", doc, "home_visit", set={"carer": "one_away"})
    with pytest.raises(Refused) as gap:
        await phone.exchange([{**op, "seq": 4}])
    assert (gap.value.status, gap.value.problem["expected"]) == (409, 2)
    assert gap.value.problem["type"].endswith("/gap")
    with pytest.raises(Refused) as fork:
        await phone.exchange([{**op, "seq": 1}, op])
    assert (fork.value.status, fork.value.problem["differs"], fork.value.problem["acked"]) == (409, 1, 1)
    assert fork.value.problem["type"].endswith("/fork")
    await phone.sync()
    assert phone.docs[doc]["fields"]["carer"] == "one_away"


async def test_a_bad_op_is_held_and_the_rest_goes_on(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    doc = visit(phone, pupils["龙䶮"], carer="single")
    phone.queue.append({"seq": 2, "op": 7, "set": "nonsense"})
    phone.seq = 2
    phone.op("edit", "visit", doc, "home_visit", set={"carer": 3})
    phone.op("edit", "visit", uuid7(), "home_visit", set={"carer": "single"})
    phone.op("edit", "visit", doc, "home_visit", set={"commute": 40})
    await phone.sync()
    found = [(r["result"], r.get("code")) for _, r in sorted(phone.results.items())]
    held = [("held", code) for code in ("bad_op", "bad_value", "unknown_doc")]
    assert found == [("applied", None), *held, ("applied", None)]
    assert phone.docs[doc]["fields"] == {"carer": "single", "commute": 40}
    kept = phone.docs[f"{phone.client}:3"]
    assert (kept["kind"], kept["state"], kept["fields"]["code"]) == ("held", "waiting", "bad_value")
    assert kept["fields"]["op"]["set"] == {"carer": 3}


ODD = [
    rb'"\ud800"',  # a lone surrogate
    rb'"\u0000"',
    b'"\xff"',
    b"NaN",
    b"1e999",
    b"9" * 40,
    b"[" * 100 + b"]" * 100,
    b'{"add":{"x":[null]}}',
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
async def test_nothing_that_an_op_holds_stops_its_neighbours(
    phone_of: MakePhone, school: People, pupils: Pupils, odd: bytes
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    doc = visit(phone, pupils["龙䶮"], carer="single")
    phone.op("edit", "visit", doc, "home_visit", set={"carer": "ODD"})
    phone.op("edit", "visit", doc, "home_visit", set={"commute": 40})
    body = {"protocol": 1, "client": phone.client, "push": phone.queue, "pull": {"cursor": None}}
    raw = json.dumps(body).encode().replace(b'"ODD"', odd)
    first = await phone.send("POST", "/sync", {"X-CSRFToken": phone.csrf}, raw)
    again = await phone.send("POST", "/sync", {"X-CSRFToken": phone.csrf}, raw)
    status, answer = first
    assert (status, [r["result"] for r in answer["results"]]) == (200, ["applied", "held", "applied"])
    assert again[1]["results"] == answer["results"]
    (shown,) = [d for d in answer["docs"] if d["id"] == doc]
    assert shown["fields"] == {"carer": "single", "commute": 40}


async def test_limits_and_what_cannot_be_read(phone_of: MakePhone, school: People, pupils: Pupils) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    doc = visit(phone, pupils["龙䶮"])
    big = {**phone.queue[0], "set": {"home_fb": "长" * 30000}}
    many = [{**phone.queue[0], "seq": n, "doc": uuid7()} for n in range(1, 202)]
    for push, limit in (([big], 64 << 10), (many, 200)):
        with pytest.raises(Refused) as refused:
            await phone.exchange(push)
        assert (refused.value.status, refused.value.problem["limit"]) == (413, limit)
    with pytest.raises(Refused) as unreadable:
        await phone.exchange([{"op": "edit"}])
    assert unreadable.value.status == 400
    headers = {"X-CSRFToken": phone.csrf}
    for body in (b"{", b"[]", b'{"protocol":1}', b'{"protocol":1,"client":"' + b"[" * 999):
        status, problem = await phone.send("POST", "/sync", headers, body)
        assert (status, "type" in problem) == (400, True)
    assert (await phone.exchange([]))["acked"] == 0
    assert doc not in {d["id"] for d in (await phone.exchange([]))["docs"]}


async def test_a_gzipped_request_is_read(phone_of: MakePhone, school: People, pupils: Pupils) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    visit(phone, pupils["龙䶮"])
    body = {"protocol": 1, "client": phone.client, "push": phone.queue}
    packed = gzip.compress(json.dumps(body).encode())
    headers = {"X-CSRFToken": phone.csrf, "Content-Encoding": "gzip"}
    status, answer = await phone.send("POST", "/sync", headers, packed)
    assert (status, answer["acked"]) == (200, 1)


async def test_another_user_s_client_is_refused(phone_of: MakePhone, school: People) -> None:
    mine = await phone_of(school.phones["class_teacher"])
    mine.op("create", "household", uuid7(), "household", set={"village": "老鸦沟村"})
    await mine.sync()
    theirs = await phone_of(school.phones["office"])
    theirs.client = mine.client
    for push in ([], [{**theirs.op("create", "household", uuid7(), "household"), "seq": 2}]):
        with pytest.raises(Refused) as refused:
            await theirs.exchange(push)
        assert refused.value.status == 403


async def test_pages_may_be_cut_anywhere(phone_of: MakePhone, school: People, pupils: Pupils) -> None:
    whole = await phone_of(school.phones["office"])
    await whole.sync()
    paged = await phone_of(school.phones["office"])
    await paged.sync(limit=1)
    assert paged.docs == whole.docs
    assert {pupils[name] for name in pupils} <= paged.docs.keys()


async def test_another_life_of_the_database_asks_for_a_resync(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    phone = await phone_of(school.phones["class_teacher"])
    await phone.sync()
    doc = visit(phone, pupils["龙䶮"])
    phone.epoch = uuid7()
    with pytest.raises(Refused) as refused:
        await phone.sync()
    problem = refused.value.problem
    assert (refused.value.status, problem["type"].rsplit("/", 1)[1]) == (409, "resync")
    assert (problem["acked"], problem["results"][0]["result"]) == (1, "applied")
    phone.epoch, phone.cursor = problem["epoch"], None
    await phone.sync()
    assert doc in phone.docs
