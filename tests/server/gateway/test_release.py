"""What a release does not bring: rights that neither hand has, and a verdict that nobody gave."""

import pytest

from tests.conftest import People
from tests.phone import Phone, uuid7
from tests.server.gateway.conftest import MakePhone
from tests.server.gateway.test_held import held_visit

Pupils = dict[str, str]
PRINCIPAL = {"roles": {"add": ["principal"]}}


async def release(office: Phone, held: str) -> str | None:
    """Release by this person's phone: the code under which that very op was held, None if it took effect."""
    await office.sync()
    made = office.op("event", "held", held, "held", event="release")
    await office.sync()
    return office.results[made["seq"]]["code"]


def stands(phone: Phone, held: str) -> tuple[str, str | None]:
    """The state of a held op, and why it waits again."""
    doc = phone.docs[held]
    events = doc.get("notes", {}).get("events", [])
    return doc["state"], events[-1]["args"].get("code") if events else None


def roles_of(phone: Phone, person: str) -> list[str]:
    """The roles that somebody is shown to have."""
    return phone.docs[person]["fields"]["roles"]


async def test_nobody_releases_what_they_sent_themselves(phone_of: MakePhone, school: People) -> None:
    office, principal = [await phone_of(school.phones[role]) for role in ("office", "principal")]
    me = school.ids["office"]
    await office.sync()
    office.op("edit", "person", me, "person", set=PRINCIPAL)
    await office.sync()
    held = f"{office.client}:1"
    assert office.results[1]["code"] == "forbidden"
    assert await release(office, held) == "forbidden"
    assert (stands(office, held), roles_of(office, me)) == (("waiting", None), ["office"])
    # that release was held as well: releasing it changes nothing. Who may give roles can release the op
    await release(principal, f"{office.client}:2")
    assert stands(principal, f"{office.client}:2") == ("waiting", "forbidden")
    assert stands(principal, held) == ("waiting", None)
    assert await release(principal, held) is None
    assert (stands(principal, held)[0], roles_of(principal, me)) == ("released", ["office", "principal"])


@pytest.mark.parametrize("op", ["edit", "create"])
async def test_roles_are_given_by_nobody_who_may_not_give_them(
    phone_of: MakePhone, school: People, op: str
) -> None:
    teacher, office = [await phone_of(school.phones[role]) for role in ("class_teacher", "office")]
    person = school.ids["class_teacher"] if op == "edit" else uuid7()
    await teacher.sync()
    teacher.op(op, "person", person, "person", set={"name": "王芳", **PRINCIPAL}, meta={})
    await teacher.sync()
    held = f"{teacher.client}:1"
    assert teacher.results[1]["code"] == "forbidden"
    assert await release(office, held) is None, "the office decided; it did not help"
    assert stands(office, held) == ("waiting", "forbidden")
    assert op == "create" or roles_of(office, person) == ["class_teacher"]
    assert op == "edit" or person not in office.docs


async def test_a_create_does_not_bring_its_author_s_own_verdict(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    teacher, office = [await phone_of(school.phones[role]) for role in ("class_teacher", "office")]
    await teacher.sync()
    doc = await held_visit(teacher, pupils["石桐国"])
    teacher.op("event", "visit", doc, "home_visit", event="approve")
    await teacher.sync()
    verdict = f"{teacher.client}:4"
    assert await release(office, f"{teacher.client}:1") is None
    assert (office.docs[doc]["state"], stands(office, verdict)) == ("submitted", ("waiting", None))
    await release(office, verdict)
    assert (office.docs[doc]["state"], stands(office, verdict)) == ("submitted", ("waiting", "forbidden"))


async def test_a_reviewer_s_verdict_waits_for_what_is_held(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    roles = ("class_teacher", "office", "principal")
    teacher, office, principal = [await phone_of(school.phones[role]) for role in roles]
    doc = uuid7()
    await teacher.sync()
    teacher.op("create", "visit", doc, "home_visit", set={}, meta={"students": [pupils["龙䶮"]]})
    teacher.op("event", "visit", doc, "home_visit", event="submit")
    teacher.op("edit", "visit", doc, "home_visit", set={"carer": 7})
    await teacher.sync()
    await office.sync()
    office.op("event", "visit", doc, "home_visit", event="approve")
    await office.sync()
    verdict = f"{office.client}:1"
    await release(principal, verdict)
    assert stands(principal, verdict) == ("waiting", "illegal_event")
    principal.op("event", "held", f"{teacher.client}:3", "held", event="close", args={"reason": "重填"})
    await release(principal, verdict)
    assert (principal.docs[doc]["state"], stands(principal, verdict)[0]) == ("approved", "released")


async def test_what_followed_comes_along_from_another_client_of_its_author_s_in_its_order(
    phone_of: MakePhone, school: People, pupils: Pupils
) -> None:
    first, second = [await phone_of(school.phones["class_teacher"]) for _ in range(2)]
    other, office = [await phone_of(school.phones[role]) for role in ("teacher", "office")]
    await first.sync()
    doc = await held_visit(first, pupils["石桐国"])
    second.op("event", "visit", doc, "home_visit", event="withdraw")  # its 1 came after the first's 3
    second.op("edit", "visit", doc, "home_visit", set={"commute": 40})
    second.op("event", "visit", doc, "home_visit", event="submit")
    other.op("edit", "visit", doc, "home_visit", set={"commute": 90})
    for phone in (second, other):
        await phone.sync()
        assert {result["code"] for result in phone.results.values()} == {"unknown_doc"}
    assert await release(office, f"{first.client}:1") is None
    names = [f"{phone.client}:{n}" for phone in (first, second) for n in (1, 2, 3)]
    assert {stands(office, name)[0] for name in names} == {"released"}
    assert office.docs[doc]["state"] == "submitted"
    assert office.docs[doc]["fields"] == {"carer": "one_away", "commute": 40}
    assert stands(office, f"{other.client}:1") == ("waiting", None), (
        "somebody else's waits for its own decision"
    )
