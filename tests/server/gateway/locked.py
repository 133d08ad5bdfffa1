"""The rules of the machine: what phones do that are locked."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.phone import Refused
from tests.server.gateway.device import Device
from tests.server.gateway.entering import WHO
from tests.server.gateway.line import Line, both

SEALED_FATES = st.sampled_from(
    ["arrives", "arrives", "arrives", "reply lost", "twice", "at once", "late copy", "unreadable"]
)


class Locked(Line):
    """They send sealed what they can't read, and ask later what became of it."""

    @rule(who=WHO, some=st.integers(1, 5), fate=SEALED_FATES, signed_out=st.booleans())
    def deliver_sealed(self, who: int, some: int, fate: str, signed_out: bool) -> None:
        phone = self.phone(who)
        if not phone.queue:
            self.edit(who, some, "visit", set={"phone_new": self.word()})
        if phone.pass_of != phone.client and phone.role not in self.revoked:
            self.sign_in(phone)  # it goes on as another client, and got a pass for that
        if signed_out := signed_out and phone.role not in self.revoked:
            self.run(phone.send("DELETE", "/session", {"X-CSRFToken": phone.csrf}, None))
        body = phone.seal(
            phone.queue[:some],
            self.world.key,
            readable=fate != "unreadable" or self.ledger.has(phone.client, phone.queue[:some]),
        )
        if fate == "at once" and body["push"] and not signed_out:
            self.beside_a_push(phone, body)
        answer = self.ask_sealed(phone, body)
        if fate == "twice":
            before = self.truth()
            assert isinstance(self.ask_sealed(phone, body), type(answer))
            assert self.truth() == before
        elif fate == "late copy":
            phone.late.append(body)
        if signed_out:
            self.sign_in(phone)
        if isinstance(answer, Refused) and fate != "reply lost":
            self.hear(phone, answer)  # what was taken stays in the queue: it has no results yet

    def ask_sealed(self, phone: Device, body: dict[str, Any]) -> dict[str, Any] | Refused:
        """One request of a locked phone; the ledger learns at once what its owner will hear later."""
        self.counts["requests"] += 1
        try:
            answer = self.run(phone.deliver_sealed(body))
        except Refused as refused:
            self.check_refusal(body, refused)
            return refused
        self.note_sealed(body, answer)
        return answer

    def note_sealed(self, body: dict[str, Any], answer: dict[str, Any]) -> None:
        """What the server took; its answers are read from its log: when asked, it must give the same."""
        before = self.ledger.last.get(body["client"], 0)
        if body["readable"]:
            seqs = [op["seq"] for op in body["push"]]
            self.note(body, {**answer, "results": self.run(self.world.results(body["client"], seqs))})
            self.counts["sealed"] += self.ledger.last.get(body["client"], 0) - before
            self.counts["moved sealed"] += sum(
                op["seq"] > before and "from" in op for op in body["wire"]["ops"]
            )
        else:
            self.ledger.note_unread(body["client"], body["push"], answer["acked"])
            self.counts["unread"] += self.ledger.last.get(body["client"], 0) - before

    def beside_a_push(self, phone: Device, body: dict[str, Any]) -> None:
        """The worker sends what is sealed while a page that was just unlocked pushes the same."""
        plain = phone.request(body["push"])
        pushed, sealed = self.run(both(phone.ask(plain), phone.deliver_sealed(body)))
        for answer, note, sent in ((pushed, self.note, plain), (sealed, self.note_sealed, body)):
            if isinstance(answer, Refused):
                self.check_refusal(sent, answer)
            else:
                note(sent, answer)

    def ask_again(self, phone: Device, body: dict[str, Any]) -> None:
        (self.ask_sealed if "wire" in body else self.ask)(phone, body)
