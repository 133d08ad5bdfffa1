"""A phone under load: it writes, sends, believes only what was answered, and remembers all of it.

Nothing here knows the server's inside. What a phone wrote is unique, so that each op can be found again in
the records: a loss is a mark that is not there, an op applied twice is a mark too many or a sibling where
only one phone ever wrote.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import httpx

from tests.conftest import PASSWORD
from tests.faults.ground import Ground
from tests.phone import Phone, uuid7

PATIENCE = 30.0
AGAIN = 60  # ops that are sent a second time after a fault
WORDS = count(1)
NOON = datetime.fromisoformat("2026-11-20T12:00:00+08:00")


@dataclass
class Record:
    """What must be in one record, once everything that was written has been answered.

    Each mark has the name of the op that made it, `<client>:<seq>`.
    """

    values: dict[str, tuple[Any, str]] = field(default_factory=dict)
    elements: dict[str, str] = field(default_factory=dict)
    amendments: dict[str, str] = field(default_factory=dict)

    def lost(self, doc: dict[str, Any] | None) -> set[str]:
        """Ops whose marks the record lacks."""
        fields: dict[str, Any] = doc["fields"] if doc else {}
        changes = amended(doc) if doc else []
        found = {op for path, (value, op) in self.values.items() if fields.get(path) != value}
        found |= {op for mark, op in self.elements.items() if mark not in fields.get("difficulty", [])}
        return found | {op for mark, op in self.amendments.items() if mark not in changes}

    def doubled(self, doc: dict[str, Any] | None) -> set[str]:
        """Marks that are there once more than they were written."""
        if doc is None:
            return set()
        marks = [*fields_of(doc, "difficulty"), *amended(doc)]
        return {mark for mark in marks if marks.count(mark) > 1} | set(doc.get("siblings", {}))


def fields_of(doc: dict[str, Any], name: str) -> list[Any]:
    """A list of a record's, empty where it has none."""
    return doc["fields"].get(name) or []


def amended(doc: dict[str, Any]) -> list[str]:
    """Paths that a record's amendments change, with repetition."""
    return [path for change in doc.get("notes", {}).get("amendments", []) for path in change["set"]]


class Book:
    """All records of a run by id. A round has a record that all phones share; old ones stay to be checked."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.records: dict[str, Record] = {}
        self.round = 0
        self.turn()

    def turn(self) -> None:
        """Begin the next round: another shared record, another approved one."""
        self.shared = uuid7()
        self.approved = self.ground.approved[self.round % len(self.ground.approved)]
        self.round += 1

    def __getitem__(self, doc: str) -> Record:
        return self.records.setdefault(doc, Record())


class Hand:
    """One phone. `acked` has every result that it was ever given, by seq."""

    def __init__(self, book: Book, role: str, rng: random.Random, url: Callable[[], str]) -> None:
        self.book, self.role, self.rng, self.url = book, role, rng, url
        self.http = self._line()
        self.phone = Phone(self._send)
        self.acked: dict[int, dict[str, Any]] = {}
        self.skew = timedelta(0)
        self.problems: list[str] = []
        self.sent = 0
        self.turn()

    async def _send(
        self, method: str, path: str, headers: dict[str, str], body: Any
    ) -> tuple[int, dict[str, Any]]:
        data = json.dumps(body).encode() if body is not None else b""
        headers = {"Content-Type": "application/json", **headers}
        reply = await self.http.request(method, self.url() + path, headers=headers, content=data)
        answer = reply.json() if reply.content else {}
        if reply.status_code == 503 and "retry-after" not in reply.headers:
            self.problems.append("503 without Retry-After")
        if reply.status_code >= 500 and reply.status_code != 503:
            self.problems.append(f"{reply.status_code} at {path}: {answer.get('title')}")
        return reply.status_code, answer

    def _line(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=PATIENCE, trust_env=False)

    async def hang_up(self) -> None:
        """Close all connections; the cookies stay."""
        cookies = self.http.cookies
        await self.http.aclose()
        self.http = self._line()
        self.http.cookies = cookies

    async def sign_in(self) -> None:
        """Sign in and pull everything."""
        await self.phone.sign_in(self.book.ground.people.phones[self.role], PASSWORD)
        await self.phone.sync()

    async def renew(self) -> None:
        """Sign in once more, as the client that it was."""
        await self.phone.sign_in(self.book.ground.people.phones[self.role], PASSWORD)

    def turn(self) -> None:
        """A new round has new records: none grows without bound."""
        self.own, self.text, self.made = uuid7(), "", False
        self.joined = False

    def write(self, some: int) -> None:
        """Make some changes, as a person would; they wait in the queue."""
        for _ in range(some):
            if not self.made:
                self._create(self.own)
                self.made = True
            elif not self.joined:
                self._create(self.book.shared)
                self.joined = True
            else:
                change = self.rng.choice((self._scalar, self._text, self._element, self._item, self._amend))
                change()

    def write_long(self, characters: int) -> None:
        """A record of its own with a long text, which takes room; the server warns of it and keeps it."""
        doc, text = uuid7(), self._word() + "a" * characters
        self.book[doc].values["home_fb"] = (text, self._next)
        self._op("create", doc, set={"home_fb": text}, meta={"students": [self.book.ground.pupil]})

    def _op(self, op: str, doc: str, **rest: Any) -> None:
        at = (NOON + timedelta(seconds=self.phone.seq) + self.skew).isoformat()
        self.phone.op(op, "visit", doc, "home_visit", at=at, **rest)

    def _create(self, doc: str) -> None:
        ground, element = self.book.ground, self._word()
        visitors = [ground.people.ids[role] for role in ("class_teacher", "teacher")]
        values = {"visitors": {"add": visitors}, "difficulty": {"add": [element]}}
        self.book[doc].elements[element] = self._next
        self._op("create", doc, set=values, meta={"students": [ground.pupil]})

    def _scalar(self) -> None:
        self.book[self.own].values["phone_new"] = (value := self._word(), self._next)
        self._op("edit", self.own, set={"phone_new": value})

    def _text(self) -> None:
        was, self.text = self.text, f"{self._word()}。"
        self.book[self.own].values["home_fb"] = (self.text, self._next)
        self._op("edit", self.own, set={"home_fb": self.text}, was={"home_fb": was})

    def _element(self) -> None:
        element = self._word()
        self.book[self.book.shared].elements[element] = self._next
        self._op("edit", self.book.shared, set={"difficulty": {"add": [element]}})

    def _item(self) -> None:
        path, value = f"problems/{uuid7()}", {"text": self._word()}
        self.book[self.book.shared].values[path] = (value, self._next)
        self._op("edit", self.book.shared, set={path: value})

    def _amend(self) -> None:
        path = f"problems/{uuid7()}"
        self.book[self.book.approved].amendments[path] = self._next
        self._op("edit", self.book.approved, set={path: {"text": self._word()}})

    @property
    def _next(self) -> str:
        """The name of the op that is about to be made."""
        return f"{self.phone.client}:{self.phone.seq + 1}"

    def _word(self) -> str:
        return f"词{next(WORDS)}"

    async def push(self, limit: int = 200) -> None:
        """One exchange. What is not answered stays in the queue. Raises TransportError, Refused."""
        batch = self.phone.queue[:limit]
        self.sent += len(batch)
        answer = await self.phone.exchange(batch)
        self.hear(answer)

    def hear(self, answer: dict[str, Any]) -> None:
        """Believe an answer, unless it says something else than an earlier one."""
        for result in answer["results"]:
            known = self.acked.setdefault(result["seq"], result)
            if known != result:
                self.problems.append(f"op {result['seq']} was {known}, and now {result}")
            if result["result"] == "held" or result["result"] == "conflict":
                self.problems.append(f"op {result['seq']}: {result}")
        self.phone.take(answer)

    async def again(self) -> set[str]:
        """Ask where the server stands, then send once more what was acknowledged last, and what was not.

        Returns the acknowledged ops that the server no longer has; they are queued again, as a phone would.
        """
        standing = await self.phone.exchange([])
        lost = {f"{self.phone.client}:{seq}" for seq in self.acked if seq > standing["acked"]}
        if lost:
            self.acked = {seq: result for seq, result in self.acked.items() if seq <= standing["acked"]}
            self.phone.send_again(standing["acked"] + 1)
            self.phone.docs, self.phone.cursor = {}, None
        first = self.phone.queue[0]["seq"] if self.phone.queue else self.phone.seq + 1
        last = [self.phone.kept[seq] for seq in range(max(1, first - AGAIN), first)]
        waiting = self.phone.queue[:AGAIN]
        self.sent += len(waiting)
        self.hear(await self.phone.exchange([*last, *waiting]))
        while self.phone.queue:
            await self.push()
        await self.phone.sync()
        return lost
