"""A phone of a few lines, written from sync/PROTOCOL.md alone: it imports nothing of the project."""

import copy
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

Send = Callable[[str, str, dict[str, str], Any], Awaitable[tuple[int, dict[str, Any]]]]
"""`await send(method, path, headers, body)` → status and parsed JSON; keeps cookies between calls."""


def uuid7() -> str:
    """A UUIDv7."""
    millis = int(time.time() * 1000)
    raw = bytearray(millis.to_bytes(6, "big") + os.urandom(10))
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    h = raw.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


class Refused(Exception):
    """The server answered with a problem."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(status, problem)
        self.status, self.problem = status, problem


class Phone:
    """One client: its docs, its queue, its place in the pull."""

    STORED = (
        *("client", "seq", "queue", "kept", "durable", "results"),
        *("docs", "leaving", "cursor", "epoch", "former", "again", "told"),
    )
    """What is on the disk. An answer is taken in whole: after a crash it is there, or it is not."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.client = uuid7()
        self.csrf = ""
        self.delivery = ""
        self.user: dict[str, Any] = {}
        self.at = "2026-11-20T16:40:02+08:00"
        self.seq = 0
        self.queue: list[dict[str, Any]] = []
        self.kept: dict[int, dict[str, Any]] = {}
        self.durable = 0
        self.results: dict[int, dict[str, Any]] = {}
        self.docs: dict[str, dict[str, Any]] = {}
        self.leaving: set[str] = set()
        self.cursor: str | None = None
        self.epoch: str | None = None
        self.moved: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.former: list[tuple[str, dict[int, dict[str, Any]]]] = []  # what it kept of clients that it was
        self.again: list[tuple[str, list[dict[str, Any]]]] = []  # what of that a restored server may lack

        self.told: set[int] = set()  # ops that a restored server took before it said that it was

    async def sign_in(self, phone: str, password: str) -> None:
        """Get a token, then a session."""
        _, problem = await self.send("GET", "/session", {}, None)
        body = {"phone": phone, "password": password, "device": "test", "client": self.client}
        status, answer = await self.send("POST", "/session", {"X-CSRFToken": problem["csrf"]}, body)
        if status != 201:
            raise Refused(status, answer)
        self.csrf, self.user, self.delivery = answer["csrf"], answer["user"], answer.get("delivery", "")

    def op(self, op: str, kind: str, doc: str, form: str, **rest: Any) -> dict[str, Any]:
        """Queue one op; `base` is the rev of the doc as it was last pulled."""
        self.seq += 1
        base = self.docs[doc]["rev"] if doc in self.docs and op != "create" else 0
        made = {"seq": self.seq, "op": op, "kind": kind, "doc": doc, "base": base, "form": form}
        made |= {"form_version": 1, "at": self.at, **rest}
        self.queue.append(made)
        self.kept[self.seq] = made
        return made

    async def exchange(self, push: list[dict[str, Any]], limit: int = 1000) -> dict[str, Any]:
        """One request, as it stands; changes nothing here."""
        return await self.ask(self.request(push, limit))

    def request(self, push: list[dict[str, Any]], limit: int = 1000) -> dict[str, Any]:
        """The body of a request."""
        pull = {"cursor": self.cursor, "limit": limit}
        return {"protocol": 1, "epoch": self.epoch, "client": self.client, "push": push, "pull": pull}

    async def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request; the answer, or Refused."""
        status, answer = await self.send("POST", "/sync", {"X-CSRFToken": self.csrf}, body)
        if status != 200:
            raise Refused(status, answer)
        return answer

    async def deliver(self, push: list[dict[str, Any]]) -> dict[str, Any]:
        """Push without a session, by the delivery token."""
        headers = {"Authorization": f"Delivery {self.delivery}"}
        status, answer = await self.send("POST", "/sync", headers, self.request(push))
        if status != 200:
            raise Refused(status, answer)
        return answer

    def take(self, answer: dict[str, Any]) -> None:
        """Believe an answer: ops that have a result are done, docs are these."""
        self.hear(answer["results"])
        self.durable = answer["durable"]
        waiting = {op["seq"] for op in self.queue}
        self.kept = {seq: op for seq, op in self.kept.items() if seq > self.durable or seq in waiting}
        self.docs |= {doc["id"]: doc for doc in answer["docs"]}
        self.leaving |= {gone["id"] for gone in answer["drop"]}
        self.leaving -= {doc["id"] for doc in answer["docs"]}
        self.let_go()
        self.cursor, self.epoch = answer["cursor"], answer["epoch"]
        if answer["acked"] > self.seq and not self.queue:
            self.move([])  # a copy of this database went on: from now on this is another client

    def hear(self, results: list[dict[str, Any]]) -> None:
        """Ops with a result are answered. `acked` alone answers nothing: it may be a copy's."""
        self.results |= {result["seq"]: result for result in results}
        answered = {result["seq"] for result in results}
        self.queue = [op for op in self.queue if op["seq"] not in answered]

    def let_go(self) -> None:
        """Drop what left the scope, once its last op has been answered."""
        waiting = {op["doc"] for op in self.queue}
        for doc in self.leaving - waiting:
            self.docs.pop(doc, None)
        self.leaving &= waiting

    async def sync(self, limit: int = 1000) -> None:
        """Push everything, then pull to the end."""
        while self.again:
            body = self.earlier()
            try:
                self.hear_earlier(body, await self.ask(body))
            except Refused as refused:
                self.recover_earlier(refused)
        answer = await self.exchange(self.queue[:200], limit)
        self.take(answer)
        while answer["more"] or self.queue:
            answer = await self.exchange(self.queue[:200], limit)
            self.take(answer)

    async def sync_through(self, limit: int = 1000) -> None:
        """Sync with a server that may have been restored: what it lacks is sent again, all is pulled anew."""
        while True:
            try:
                return await self.sync(limit)
            except Refused as refused:
                self.recover(refused)

    def recover(self, refused: Refused) -> None:
        """Do what a `gap`, a `fork` or a `resync` asks for; anything else is raised."""
        problem, name = refused.problem, refused.problem["type"].rsplit("/", 1)[-1]
        if name == "gap":
            self.send_again(problem["expected"])
        elif name == "fork":
            here = {seq for seq in self.kept if seq < problem["differs"]} | self.told
            self.move([op for seq, op in sorted(self.kept.items()) if seq not in here])
        elif name == "resync":
            self.hear(problem["results"])
            # what was answered in the lost life may be a copy's by now: only results from this one prove it
            self.begin_anew(problem["epoch"], min(problem["acked"], self.durable) + 1)
            self.told = {result["seq"] for result in problem["results"]}
            self.queue = [op for op in self.queue if op["seq"] not in self.told]
            if self.durable > problem.get("inherited", self.durable):
                self.move(self.queue)  # an older backup: nothing shows that what follows is not a copy's next
        else:
            raise refused

    def begin_anew(self, epoch: str, first: int) -> None:
        """The server is in another life: all is pulled anew, and what was kept goes again, of itself from
        `first` on and everything of clients that it was."""
        self.send_again(first)
        self.docs, self.leaving, self.cursor, self.epoch, self.told = {}, set(), None, epoch, set()
        self.again = [(client, [kept[n] for n in sorted(kept)]) for client, kept in self.former]

    def earlier(self) -> dict[str, Any]:
        """The body of a request of a client that this phone was: what it brought goes once more."""
        client, ops = self.again[0]
        return {"protocol": 1, "epoch": self.epoch, "client": client, "push": ops[:200]}

    def hear_earlier(self, body: dict[str, Any], answer: dict[str, Any]) -> None:
        """That has its results, the same as before or the first in this life. What it pulls comes again."""
        left = self.again[0][1][len(body["push"]) :]
        self.again[:1] = [(body["client"], left)] if left else []

    def recover_earlier(self, refused: Refused) -> None:
        """The server lacks it for good under that name: from there on it is this client's."""
        problem, name = refused.problem, refused.problem["type"].rsplit("/", 1)[-1]
        if name == "resync":
            return self.begin_anew(problem["epoch"], self.durable + 1)
        if name not in ("fork", "gap"):
            raise refused
        first = problem["differs" if name == "fork" else "expected"]
        client, ops = self.again[0]
        stays = [op for op in ops if op["seq"] < first]
        kept = {op["seq"]: op for op in stays}
        self.former = [(c, kept if c == client else k) for c, k in self.former]
        self.again[:1] = [(client, stays)] if stays else []
        if self.queue:  # under the same client what is older would pass for what came later
            self.again.append((self.client, self.queue))
        self.move(ops[len(stays) :], client)
        return None

    def send_again(self, first: int) -> None:
        """Queue the ops from `first` on; bodies that are gone: what is left goes under a new client."""
        if first <= self.seq and first not in self.kept:
            self.move([op for _, op in sorted(self.kept.items())])
        else:
            again = {seq: op for seq, op in self.kept.items() if seq >= first}
            again |= {op["seq"]: op for op in self.queue}
            self.queue = [op for _, op in sorted(again.items())]

    def move(self, ops: list[dict[str, Any]], before: str = "") -> None:
        """Go on as another client, these ops numbered anew; `moved` tells which became which. `before`: the
        client that they were of, if not the one that this phone is."""
        going = {id(op) for op in ops}
        if rest := {seq: op for seq, op in self.kept.items() if id(op) not in going}:
            self.former = [*self.former, (self.client, rest)]
        self.client, self.durable, self.seq, self.told = uuid7(), 0, len(ops), set()
        self.queue = [{**op, "seq": n} for n, op in enumerate(ops, 1)]
        self.kept = {op["seq"]: op for op in self.queue}
        self.moved += zip(ops, self.queue, strict=True)

    def stored(self) -> dict[str, Any]:
        """The database as it is on the disk."""
        return {name: copy.copy(getattr(self, name)) for name in self.STORED}

    def restart(self, stored: dict[str, Any]) -> None:
        """Come back with this database."""
        for name, value in stored.items():
            setattr(self, name, copy.copy(value))
