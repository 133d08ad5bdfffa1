"""No commit that precedes a cursor is ever skipped, whoever writes at the same time."""

import asyncio

from tests.conftest import People
from tests.phone import Phone, uuid7
from tests.server.gateway.conftest import MakePhone

WRITERS, PUSHES = 12, 10
ROLES = ["class_teacher", "office", "admin"]


async def write(phone: Phone, made: set[str]) -> None:
    """One household a push; nobody else sees it before it is committed."""
    for _ in range(PUSHES):
        doc = uuid7()
        phone.op("create", "household", doc, "household", set={"village": "老鸦沟村"})
        answer = await phone.exchange(phone.queue)
        phone.queue.clear()
        assert [r["result"] for r in answer["results"]] == ["applied"]
        made.add(doc)


async def poll(reader: Phone, until: asyncio.Event, seen: list[str]) -> None:
    """Pull small pages for ever, then to the end."""
    while True:
        last = until.is_set()
        answer = await reader.exchange([], limit=3)
        reader.take(answer)
        seen += [d["id"] for d in answer["docs"] if d["kind"] == "household"]
        if last and not answer["more"]:
            return


async def test_a_polling_reader_misses_nothing_of_twelve_writers(phone_of: MakePhone, school: People) -> None:
    writers = [await phone_of(school.phones[ROLES[n % 3]]) for n in range(WRITERS)]
    reader = await phone_of(school.phones["office"])
    made: set[str] = set()
    seen: list[str] = []
    done = asyncio.Event()
    polling = asyncio.create_task(poll(reader, done, seen))
    await asyncio.gather(*(write(phone, made) for phone in writers))
    done.set()
    await polling
    assert len(made) == WRITERS * PUSHES
    assert made - set(seen) == set()
    revs = [reader.docs[doc]["rev"] for doc in made]
    assert len(set(revs)) == len(revs)  # one rev a commit: no two commits share one
