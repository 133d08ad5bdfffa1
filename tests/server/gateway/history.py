"""What a history of the machine is made of: phones, their requests, and what must hold after each step."""

from collections import Counter
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant

from tests.conftest import PASSWORD
from tests.phone import Refused, uuid7
from tests.server.gateway.device import Device
from tests.server.gateway.ledger import Ledger, Op
from tests.server.gateway.world import Broke, World

ROLES = ("class_teacher", "class_teacher", "teacher", "office")


class History(RuleBasedStateMachine):
    """Two phones of a class teacher, one of a helper and one at the office, about one pupil."""

    world: World
    counts: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.about = self.run(self.world.begin())
        self.phones: list[Device] = [self.run(self.world.phone(role)) for role in ROLES]
        self.ledger = Ledger()
        self.ids = [self.about["household"], self.about["duty"]]
        self.revoked: set[str] = set()
        self.backups: list[dict[str, Any]] = []
        self.restores = 0
        self.counts["histories"] += 1
        self.begin(self.phones[0], self.about["pupil"])
        self.op(self.phones[0], "event", "visit", self.ids[-1], event="submit")  # the office sees it too
        for phone in self.phones:
            self.sync(phone)

    def run(self, work: Any) -> Any:
        """Run a coroutine to its end."""
        return self.world.run(work)

    def phone(self, who: int) -> Device:
        """One of the phones."""
        return self.phones[who % len(self.phones)]

    def word(self) -> str:
        """A word that nobody has used."""
        return f"词{next(self.world.words)}"

    def op(self, phone: Device, op: str, kind: str, doc: str, sight: str = "", **rest: Any) -> Op:
        """Something is entered and saved."""
        form = "home_visit" if kind == "visit" else kind
        made = phone.op(op, kind, doc, form, form_version=phone.version(form), **rest)
        pulled = phone.sight.get(doc, ()) if doc in phone.docs else ()
        phone.made = [*phone.made, self.ledger.add(phone.client, made, sight, [*phone.made, *pulled])]
        self.counts["ops"] += 1
        return made

    def begin(self, phone: Device, pupil: str) -> None:
        """Begin a visit of a pupil, together with the other teacher."""
        visitors = {"add": [self.world.school.ids[role] for role in ("class_teacher", "teacher")]}
        self.ids.append(uuid7())
        self.op(
            phone, "create", "visit", self.ids[-1], set={"visitors": visitors}, meta={"students": [pupil]}
        )

    def ask(self, phone: Device, body: dict[str, Any]) -> dict[str, Any] | Refused:
        """One request; the ledger learns what the server says, whether or not the phone will hear it."""
        self.counts["requests"] += 1
        try:
            answer = self.run(phone.ask(body))
        except Refused as refused:
            self.check_refusal(body, refused)
            return refused
        self.note(body, answer)
        return answer

    def note(self, body: dict[str, Any], answer: dict[str, Any]) -> None:
        """What the server took, and as what."""
        before = self.ledger.last.get(body["client"], 0)
        for result in answer["results"]:
            if result.get("code") == "internal":
                raise Broke(result)
        self.ledger.note(body["client"], body["push"], answer)
        if any(op["kind"] == "held" for op in body["push"]):
            self.ledger.hear_of_releases(self.truth())  # before the same answer shows what that has done
        for result in answer["results"]:
            self.counts["acked"] += result["seq"] > before
            self.counts[result["result"]] += result["seq"] > before

    def check_refusal(self, body: dict[str, Any], refused: Refused) -> None:
        """A refusal is what the contract says in this place, and says what the contract wants said."""
        problem, sent = refused.problem, body["push"]
        if refused.status >= 500:
            raise Broke(problem)  # a server that breaks is not a server that is caught
        name = problem["type"].rsplit("/", 1)[-1]
        self.counts[name] += 1
        last = self.ledger.last.get(body["client"], 0)
        if name == "resync":
            self.note(body, problem)
            assert self.backups
            return
        bodies = {op["seq"]: self.ledger.bodies.get((body["client"], op["seq"])) for op in sent}
        if name == "fork":
            others = [op["seq"] for op in sent if bodies[op["seq"]] not in (None, op)]
            assert (problem["acked"], problem["differs"]) == (last, min(others))
        elif name == "gap":
            assert problem["expected"] == first_lacking(sent, last), "another gap than there is"
        else:
            assert name in ("unauthenticated", "csrf"), refused

    def hear(self, phone: Device, answer: dict[str, Any] | Refused) -> bool:
        """The phone believes an answer, or does what a refusal asks for. Whether there was an answer."""
        if isinstance(answer, dict):
            phone.take(answer)
            phone.sight |= {doc["id"]: self.ledger.in_sight(doc) for doc in answer["docs"]}
        elif answer.status in (401, 403):  # signed out, or signed in anew by a copy of this phone
            self.sign_in(phone)
        else:
            phone.recover(answer)
        self.ledger.renumbered(phone.client, phone.moved)
        phone.moved.clear()
        return isinstance(answer, dict)

    def new_phone(self, role: str) -> Device:
        """A new phone of somebody's, with everything on it."""
        phone = self.run(self.world.phone(role))
        phone.sight = {doc["id"]: self.ledger.in_sight(doc) for doc in phone.docs.values()}
        return phone

    def sign_in(self, phone: Device) -> None:
        """Its person signs in on it once more."""
        self.run(phone.sign_in(self.world.school.phones[phone.role], PASSWORD))

    def bring(self, phone: Device) -> None:
        """What clients that the phone was had brought, and a restored server may lack, goes once more."""
        body = phone.earlier()
        answer = self.ask(phone, body)
        if isinstance(answer, dict):
            phone.hear_earlier(body, answer)
            self.counts["brought again"] += len(body["push"])
        elif answer.status in (401, 403):
            self.sign_in(phone)
        else:
            phone.recover_earlier(answer)
            self.ledger.renumbered(phone.client, phone.moved)
            phone.moved.clear()

    def sync(self, phone: Device) -> None:
        """Push everything and pull to the end, whatever the server has become in the meantime."""
        while True:
            while phone.again:
                self.bring(phone)
            answer = self.ask(phone, phone.request(phone.queue[:200]))
            self.hear(phone, answer)
            if isinstance(answer, dict) and not answer["more"] and not phone.queue and not phone.again:
                return

    def truth(self) -> dict[str, dict[str, Any]]:
        """Every doc of this history as the server has it, with the ops that it could not take."""
        held = [e.name for e in self.ledger.entries if e.held]
        decided = [e.op["doc"] for e in self.ledger.entries if e.op["kind"] == "held"]
        return self.run(self.world.truth([*self.ids, *held, *decided]))

    @invariant()
    def nothing_is_lost(self) -> None:
        """The invariant of the protocol."""
        missing = self.ledger.missing(self.truth())
        self.counts["lost"] += len(missing)
        assert not missing, "; ".join(missing)
        self.counts["steps"] += 1

    def teardown(self) -> None:
        """In the end every phone shows what a new one of the same person shows, and has nothing to say."""
        for role in sorted(self.revoked):
            self.run(self.world.revoke(role, back=True))
        for phone in [*self.phones, *self.phones]:
            self.sync(phone)
        self.nothing_is_lost()
        kept = [each for phone in self.phones for each in [(phone.client, phone.kept), *phone.former]]
        left = [
            (client, op) for client, ops in kept for op in ops.values() if not self.ledger.has(client, [op])
        ]
        assert left == [], "what is on a phone is taken"
        fresh = {role: self.run(self.world.phone(role)) for role in {p.role for p in self.phones}}
        for phone in self.phones:
            assert phone.docs == fresh[phone.role].docs
            answer = self.ask(phone, phone.request([]))
            assert isinstance(answer, dict)
            assert (answer["docs"], answer["drop"], answer["more"]) == ([], [], False)
        taken = [e.op for e in self.ledger.entries if e.rev > 0]
        self.counts["released"] += sum(op.get("event") == "release" for op in taken)
        self.counts["settled"] += sum(op["op"] == "settle" for op in taken)


def first_lacking(sent: list[Op], last: int) -> int:
    """Where a push to a server that has them up to `last` breaks off; AssertionError where it does not."""
    for op in sent:
        if op["seq"] > last + 1:
            return last + 1
        last = max(last, op["seq"])
    raise AssertionError("a gap, and there is none")
