"""The rules of the machine: all that phones, the line, the office and the server do, in any order."""

import asyncio
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.phone import Refused
from tests.server.gateway.device import Device
from tests.server.gateway.entering import PICK, TEACHER, WHO, Entering
from tests.server.gateway.world import CLASS

LIMIT = st.sampled_from([1, 2, 1000])
FATES = st.sampled_from(["arrives", "arrives", "reply lost", "twice", "at once", "out of order", "late copy"])


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
        first, second = self.run(both(phone, body))
        for answer in (first, second):
            if isinstance(answer, dict):
                self.note(body, answer)
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
            self.ask(phone, phone.late.pop(0))

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
            self.run(phone.sign_in(self.world.school.phones[phone.role], "走访-test-1"))


class Machine(Line):
    """What happens to phones, at the office and to the server."""

    @rule(who=TEACHER, what=st.sampled_from(["clone", "clone", "wipe"]))
    def copy_or_lose_a_phone(self, who: int, what: str) -> None:
        phone = self.phones[who]
        if what == "clone" and len(self.phones) < 5:
            self.phones.append(phone.copy(*self.world.line()))
            self.counts["clones"] += 1
        elif what == "wipe" and phone.role not in self.revoked:
            self.phones[who] = self.run(self.world.phone(phone.role))
            self.counts["wipes"] += 1

    @rule(
        what=st.sampled_from(["class", "helper", "duty", "role"]),
        role=st.sampled_from(["class_teacher", "teacher"]),
        back=st.booleans(),
    )
    def change_who_sees_what(self, what: str, role: str, back: bool) -> None:
        """The pupil moves, is assigned or not; the duty is handed over; a role is revoked or given back."""
        ids, hand = self.world.school.ids, self.world.hand
        if what == "class":
            change: Any = {"class": CLASS if back else "五(1)班"}
            self.run(hand("edit", "student", self.about["pupil"], set=change))
        elif what == "helper":
            change = {"helpers": {"add" if back else "remove": [ids["teacher"]]}}
            self.run(hand("edit", "student", self.about["pupil"], set=change))
        elif what == "duty":
            self.run(hand("edit", "duty", self.about["duty"], set={"assignee": ids[role]}))
        else:
            self.run(self.world.revoke(role, back))
            (self.revoked.discard if back else self.revoked.add)(role)
        self.counts["scope changes"] += 1

    @rule(pick=PICK, event=st.sampled_from(["release", "release", "close"]))
    def decide(self, pick: int, event: str) -> None:
        """The office looks at what could not be taken."""
        office = self.phones[3]
        self.sync(office)
        waiting = [i for i in office.held() if i in {e.name for e in self.ledger.entries}]
        if waiting:
            more: dict[str, Any] = {"args": {"reason": self.word()}} if event == "close" else {}
            self.op(office, "event", "held", waiting[pick % len(waiting)], event=event, **more)
            self.sync(office)

    @rule(what=st.sampled_from(["back up", "back up", "restore", "restore", "new form"]))
    def do_something_to_the_server(self, what: str) -> None:
        if what == "new form":
            self.run(self.world.new_form())
            self.counts["new forms"] += 1
        elif what == "back up":
            self.run(self.world.back_up())
            self.backup = {**self.ledger.snapshot(), "revoked": set(self.revoked)}
        elif self.backup and self.restores < 2:  # dear, and a third says nothing new
            self.restores += 1
            self.run(self.world.restore())
            self.ledger.restore(self.backup)
            self.revoked = set(self.backup["revoked"])
            self.counts["restores"] += 1


async def both(phone: Device, body: dict[str, Any]) -> tuple[Any, Any]:
    """Two requests at the same time; a refusal is an answer here."""
    found = await asyncio.gather(phone.ask(body), phone.ask(body), return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, Refused):
            raise one
    return found[0], found[1]
