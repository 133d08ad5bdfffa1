"""Random histories of an independent client, and each clause of the contract as it can be seen from outside.

It imports nothing of the project: the protocol's page, Python and an HTTP line are all it has.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from tests.contract.model import Mark, Model, Op
from tests.phone import Phone, Refused, uuid7

FORM = "home_visit"
SCALARS, ITEMS = ["phone_new", "next_date"], ["problems/a", "problems/b"]
TEXTS, SETS = {"home_fb"}, {"difficulty"}
WRONG = {  # what is wrong with an op, and the code under which it is held
    "bad_op": {"set": "nonsense"},
    "bad_value": {"set": {"no_such_field": 1}},
    "unknown_form": {"form": "no_such_form"},
    "unknown_doc": {"doc": "nowhere"},
    "illegal_event": {"op": "event", "event": "explode", "set": {}},
}


class History:
    """Three phones of two teachers, one at the office, and the records that they make."""

    def __init__(self, seed: int, phones: list[Phone], pupil: str, counts: Counter[str]) -> None:
        self.dice = random.Random(seed)
        self.phones, self.office, self.pupil, self.counts = phones[:3], phones[3], pupil, counts
        self.models: dict[str, Model] = {}
        self.revs: dict[tuple[Phone, str], list[int]] = {}  # the revs at which a phone has seen a record
        self.given: dict[tuple[str, int], dict[str, Any]] = {}  # results, those in lost replies too
        self.words = 0

    def clause(self, name: str, holds: object, *shown: object) -> None:
        """One clause of the contract was seen to hold; or was not."""
        self.counts["clauses"] += 1
        self.counts[f"· {name}"] += 1
        assert holds, (name, *shown)

    def word(self) -> str:
        """A word that nobody has used."""
        self.words += 1
        return f"词{self.words}。"

    async def begin(self) -> str:
        """A record of the first phone's, which all have."""
        phone, doc = self.phones[0], uuid7()
        teachers = sorted({p.user["id"] for p in self.phones})
        phone.op(
            *("create", "visit", doc, FORM),
            set={"visitors": {"add": teachers}},
            meta={"students": [self.pupil]},
        )
        await phone.sync()
        self.revs[phone, doc] = [phone.docs[doc]["rev"]]
        self.models[doc] = Model(TEXTS, {*SETS, "visitors"})
        self.models[doc].elements["visitors"] = {teacher: [Mark()] for teacher in teachers}
        for one in self.phones:
            await self.pull(one)
        return doc

    async def pull(self, phone: Phone) -> None:
        """Pull in pages of any size; the phone then knows what the model knows."""
        limit = self.dice.choice([1, 3, 1000])
        while True:
            answer = await phone.exchange([], limit)
            twice = await phone.exchange([], limit)
            same = {k: answer[k] for k in ("docs", "drop", "cursor", "more")}
            self.clause("the same page again", same == {k: twice[k] for k in same})
            self.clause("a page has at most limit docs", len(answer["docs"]) <= limit)
            self.clause("a page that is not the last says so", not answer["more"] or answer["docs"])
            self.take(phone, answer)
            if not answer["more"]:
                break
        for doc, model in self.models.items():
            self.compare(model, phone.docs.get(doc))

    def take(self, phone: Phone, answer: dict[str, Any]) -> None:
        """The phone believes an answer; its people may edit from what it shows then."""
        phone.take(answer)
        for doc in answer["docs"]:
            if doc["id"] in self.models:
                self.revs.setdefault((phone, doc["id"]), []).append(doc["rev"])

    def compare(self, model: Model, doc: dict[str, Any] | None) -> None:
        """A pulled doc is what the page says it must be."""
        self.counts["lost"] += (lost := model.lost(doc))
        self.clause("nothing is lost", doc is not None and not lost, lost, doc, model)
        assert doc is not None
        self.clause("shown values", doc["fields"] == model.fields(), doc["fields"], model.fields())
        found = {p: {s["sibling"]: (s["value"], s["at"]) for s in m} for p, m in doc["siblings"].items()}
        self.clause("open siblings", found == model.siblings(), found, model.siblings())

    def enter(self, phone: Phone, doc: str) -> None:
        """One op, from any rev at which this phone has seen the record."""
        base = self.dice.choice([*self.revs[phone, doc][-3:], self.revs[phone, doc][-1], 0, 2**50])
        path = self.dice.choice([*SCALARS, *TEXTS, *SETS, *ITEMS])
        if path in SETS:
            value: Any = {self.dice.choice(["add", "remove"]): [self.dice.choice("abc")]}
        else:
            self.words += 1
            date = f"{2000 + self.words // 336}-{self.words // 28 % 12 + 1:02}-{self.words % 28 + 1:02}"
            plain = date if path == "next_date" else self.word()
            whole = {"text": plain} if "/" in path else plain
            value = self.dice.choice([whole, whole, whole, None])
        pulled = phone.docs[doc]["siblings"].get(path, [])
        more: dict[str, Any] = {}
        if path in TEXTS:
            more["was"] = {path: phone.docs[doc]["fields"].get(path)}
        kind = "edit"
        if pulled and path not in SETS and self.dice.random() < 0.6:
            kind, more = "settle", {"sees": {path: [pulled[0]["sibling"], f"{uuid7()}:1"]}}
        op = phone.op(kind, "visit", doc, FORM, set={path: value}, **more)
        op["base"] = base

    async def push(self, phone: Phone) -> None:
        """Push some of the queue and hold the results to the model; then again, for exactly once.

        Where the reply is lost, the same ops go again later: alone, with new ones, or after other phones'.
        """
        sent = phone.queue[: self.dice.randint(1, 4)]
        answer = await phone.exchange(sent)
        self.clause(
            "one result for every op", [r["seq"] for r in answer["results"]] == [o["seq"] for o in sent]
        )
        self.clause("acked is the last seq", answer["acked"] == max(sent[-1]["seq"], self.reached(phone)))
        self.clause("durable is not beyond acked", answer["durable"] <= answer["acked"])
        for op, result in zip(sent, answer["results"], strict=True):
            self.judge(phone, op, result)
        if self.dice.random() < 0.3:
            self.counts["replies lost"] += 1
            return
        again = await phone.exchange(sent)
        self.clause("the stored results again", again["results"] == answer["results"])
        self.clause("nothing is applied again", again["docs"] == answer["docs"])
        self.take(phone, answer)
        await self.pull(phone)

    def reached(self, phone: Phone) -> int:
        """The last seq of the phone's that the server has answered, whether the phone knows it or not."""
        return max((seq for client, seq in self.given if client == phone.client), default=0)

    def judge(self, phone: Phone, op: Op, result: dict[str, Any]) -> None:
        """One result, by the model; or by the reply that was lost."""
        if (earlier := self.given.get((phone.client, op["seq"]))) is not None:
            self.clause("after a lost reply the same result", result == earlier, op, result, earlier)
            return
        self.given[phone.client, op["seq"]] = result
        word = result["result"]
        self.counts["ops"] += 1
        self.counts[word] += 1
        self.clause("a result's word", word in ("applied", "merged", "conflict"), op, result)
        # bases here are revs that were pulled, or 2**50: above any counter
        disputed = self.models[op["doc"]].apply(op, phone.client, result["rev"], 2**49)
        self.clause("conflict names the disputed fields", result["fields"] == disputed, op, result, disputed)
        self.clause("conflict where a sibling is open", (word == "conflict") == bool(disputed), op, result)

    async def step(self) -> None:
        """Something that people and lines do."""
        phone = self.dice.choice(self.phones)
        doc = self.dice.choice(list(self.models))
        for _ in range(self.dice.randint(1, 3)):
            self.enter(phone, doc)
        odd = [*([self.push] * 5), self.pull_first, self.gap, self.fork, self.wrong, self.resync]
        await self.dice.choice(odd)(phone)
        if phone.queue:
            await self.push(phone)

    async def pull_first(self, phone: Phone) -> None:
        """A pull while something waits to be pushed answers nothing of it."""
        waiting = list(phone.queue)
        await self.pull(phone)
        self.clause("a pull leaves the queue", phone.queue == waiting)

    async def refused(self, work: Awaitable[Any], status: int, name: str) -> dict[str, Any]:
        """A refusal of this name; its problem."""
        try:
            await work
        except Refused as refused:
            problem = refused.problem
            self.clause(
                f"{status} {name}", (refused.status, problem["type"].rsplit("/", 1)[-1]) == (status, name)
            )
            return problem
        raise AssertionError(f"not refused: {name}")

    async def gap(self, phone: Phone) -> None:
        """An op that comes too early: nothing is applied."""
        first = max(phone.queue[0]["seq"], self.reached(phone) + 1)
        problem = await self.refused(phone.exchange([{**phone.queue[0], "seq": first + 2}]), 409, "gap")
        self.clause("gap says what is expected", problem["expected"] == first)

    async def fork(self, phone: Phone) -> None:
        """Another body under a number that was taken: nothing is applied, and it says which differs."""
        if phone.seq > len(phone.queue):
            old = phone.queue[0]["seq"] - 1
            acked = max(old, self.reached(phone))
            # two ops that follow each other may say the very same: another time makes it another body
            push = [{**phone.queue[0], "seq": old, "at": "1999-12-31T23:59:59+08:00"}, *phone.queue]
            problem = await self.refused(phone.exchange(push), 409, "fork")
            self.clause("fork says what differs", (problem["differs"], problem["acked"]) == (old, acked))

    async def resync(self, phone: Phone) -> None:
        """A request of another life: the push is taken, the pull is not."""
        body = {**phone.request(phone.queue[:1]), "epoch": uuid7()}
        op = phone.queue[0]
        problem = await self.refused(phone.ask(body), 409, "resync")
        self.clause("resync says how far it took", problem["acked"] == max(op["seq"], self.reached(phone)))
        self.clause("resync names the life", problem["epoch"] == phone.epoch)
        self.judge(phone, op, problem["results"][0])
        phone.hear(problem["results"])
        await self.pull(phone)

    async def wrong(self, phone: Phone) -> None:
        """An op that can't be applied is held with its reason and kept whole; the queue goes on."""
        code = self.dice.choice(sorted(WRONG))
        while phone.queue:
            await self.push(phone)
        doc = next(iter(self.models))
        op = phone.op("edit", "visit", doc, FORM, set={"phone_new": self.word()})
        op.update(WRONG[code])
        answer = await phone.exchange([op])
        (result,) = answer["results"]
        self.clause(f"held {code}", (result["result"], result["code"]) == ("held", code), result)
        self.counts["ops"] += 1
        self.counts["held"] += 1
        self.take(phone, answer)
        kept = phone.docs[f"{phone.client}:{op['seq']}"]
        self.clause("held is kept whole", (kept["kind"], kept["fields"]["op"]) == ("held", op), kept)
        await self.pull(phone)

    async def end(self, new_phone: Callable[[int], Awaitable[Phone]]) -> None:
        """Everybody shows the same as a new phone of theirs; one more sync has nothing to say."""
        for number, phone in enumerate(self.phones):
            while phone.queue:
                await self.push(phone)
            await self.pull(phone)
            fresh = await new_phone(number)
            self.clause("an old phone shows what a new one does", phone.docs == fresh.docs)
        for phone in self.phones:
            await self.pull(phone)
            answer = await phone.exchange([])
            self.clause(
                "a second sync is empty", (answer["docs"], answer["drop"], answer["more"]) == ([], [], False)
            )
