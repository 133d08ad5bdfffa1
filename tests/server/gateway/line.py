"""The rules of the machine: what the line does to requests."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.phone import Refused
from tests.server.gateway.device import Device
from tests.server.gateway.entering import WHO, Entering

LIMIT = st.sampled_from([1, 2, 1000])


class Line(Entering):
    """What the line does to requests."""

    @rule(
        who=WHO,
        some=st.integers(1, 5),
        fate=st.sampled_from(
            ["arrives", "arrives", "reply lost", "twice", "at once", "out of order", "late copy"]
        ),
    )
    def push(self, who: int, some: int, fate: str) -> None:
        phone = self.phone(who)
        body = phone.request(phone.queue[:some])
        if fate == "out of order" and len(phone.queue) > some:
            self.ask(phone, phone.request(phone.queue[some : some + 2]))  # it overtakes the first: a gap
        elif fate == "at once" and body["push"]:
            self.at_once(phone, body)
        answer = self.ask(phone, body)
        if fate == "twice" and isinstance(answer, dict):
            self.arrives_again(phone, body, answer["results"])
        elif fate == "late copy":
            phone.late.append(body)
        if fate != "reply lost":
            self.hear(phone, answer)

    def at_once(self, phone: Device, body: dict[str, Any]) -> None:
        """The same request on two lines at the same moment."""
        first, second = self.run(both(phone.ask(body), phone.ask(body)))
        for answer in (first, second):
            if isinstance(answer, dict):
                self.note(body, answer)
        for answer in (first, second):
            if isinstance(answer, Refused):
                self.check_refusal(body, answer)
        if isinstance(first, dict) and isinstance(second, dict):
            assert first["results"] == second["results"]

    def arrives_again(self, phone: Device, body: dict[str, Any], results: list[dict[str, Any]]) -> None:
        """The same results, and nothing is done a second time."""
        before = self.truth()
        again = self.ask(phone, body)
        assert isinstance(again, dict)
        assert again["results"] == results
        assert self.truth() == before

    @rule(who=WHO)
    def a_late_copy_arrives(self, who: int) -> None:
        phone = self.phone(who)
        if phone.late:
            self.ask_again(phone, phone.late.pop(0))

    def ask_again(self, phone: Device, body: dict[str, Any]) -> None:
        """A copy of a request arrives; nobody waits for the answer."""
        self.ask(phone, body)

    @rule(who=WHO)
    def push_all(self, who: int) -> None:
        phone = self.phone(who)
        self.hear(phone, self.ask(phone, phone.request(phone.queue[:200])))

    @rule(who=WHO, limit=LIMIT)
    def pull(self, who: int, limit: int) -> None:
        phone = self.phone(who)
        self.hear(phone, self.ask(phone, phone.request([], limit)))

    @rule(who=WHO)
    def sync_all(self, who: int) -> None:
        self.sync(self.phone(who))

    @rule(who=WHO, limit=st.sampled_from([1, 2]), pages=st.integers(0, 3))
    def crash(self, who: int, limit: int, pages: int) -> None:
        """It dies after so many pages, between an answer and its being on the disk, and starts again."""
        phone = self.phone(who)
        for page in range(pages + 1):
            stored = phone.stored()
            answer = self.ask(phone, phone.request(phone.queue[:2], limit))
            if page == pages:
                phone.restart(stored)
            else:
                self.hear(phone, answer)
        self.counts["crashes"] += 1

    @rule(who=WHO)
    def deliver_signed_out(self, who: int) -> None:
        """The session has ended; what was entered goes by the delivery token."""
        phone = self.phone(who)
        if phone.role not in self.revoked:
            self.run(phone.send("DELETE", "/session", {"X-CSRFToken": phone.csrf}, None))
            body = phone.request(phone.queue[:3])
            try:
                self.note(body, self.run(phone.deliver(body["push"])))
            except Refused as refused:
                self.check_refusal(body, refused)
            self.sign_in(phone)


async def both(one: Awaitable[Any], other: Awaitable[Any]) -> tuple[Any, Any]:
    """Two requests at the same time; a refusal is an answer here."""
    found = await asyncio.gather(one, other, return_exceptions=True)
    for answer in found:
        if isinstance(answer, BaseException) and not isinstance(answer, Refused):
            raise answer
    return found[0], found[1]
