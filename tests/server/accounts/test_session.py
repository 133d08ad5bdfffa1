"""`/session` as the sync protocol has it."""

from __future__ import annotations

from tests.conftest import PASSWORD, Client, Clock, People

CLIENT = "01936b2e-0000-7000-8000-000000000001"


async def test_signing_in_tells_who_and_where(client: Client, school: People) -> None:
    reply = await client.sign_in(school.phones["class_teacher"], device="Redmi 9A", client=CLIENT)

    assert reply.status_code == 201
    answer = reply.json()
    assert answer.keys() == {"user", "school", "schools", "csrf", "delivery"}
    assert answer["user"] == {"id": school.ids["class_teacher"], "name": "王芳", "roles": ["class_teacher"]}
    assert answer["school"] == school.id
    assert answer["schools"] == [{"id": school.id, "name": school.name}]

    again = await client.get("/session")
    assert again.status_code == 200
    assert again.json() == {key: value for key, value in answer.items() if key != "delivery"}
