"""A phone of a few lines, written from sync/PROTOCOL.md alone: it imports nothing of the project."""

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

    def __init__(self, send: Send) -> None:
        self.send = send
        self.client = uuid7()
        self.csrf = ""
        self.delivery = ""
        self.user: dict[str, Any] = {}
        self.seq = 0
        self.queue: list[dict[str, Any]] = []
        self.kept: dict[int, dict[str, Any]] = {}
        self.durable = 0
        self.results: dict[int, dict[str, Any]] = {}
        self.docs: dict[str, dict[str, Any]] = {}
        self.cursor: str | None = None
        self.epoch: str | None = None

    async def sign_in(self, phone: str, password: str) -> None:
        """Get a token, then a session."""
        _, problem = await self.send("GET", "/session", {}, None)
        body = {"phone": phone, "password": password, "device": "test", "client": self.client}
        status, answer = await self.send("POST", "/session", {"X-CSRFToken": problem["csrf"]}, body)
        if status != 201:
            raise Refused(status, answer)
        self.csrf, self.user, self.delivery = answer["csrf"], answer["user"], answer["delivery"]

    def op(self, op: str, kind: str, doc: str, form: str, **rest: Any) -> dict[str, Any]:
        """Queue one op; `base` is the rev of the doc as it was last pulled."""
        self.seq += 1
        base = self.docs[doc]["rev"] if doc in self.docs and op != "create" else 0
        made = {"seq": self.seq, "op": op, "kind": kind, "doc": doc, "base": base, "form": form}
        made |= {"form_version": 1, "at": "2026-11-20T16:40:02+08:00", **rest}
        self.queue.append(made)
        self.kept[self.seq] = made
        return made

    async def exchange(self, push: list[dict[str, Any]], limit: int = 1000) -> dict[str, Any]:
        """One request, as it stands; changes nothing here."""
        body = {
            "protocol": 1,
            "epoch": self.epoch,
            "client": self.client,
            "push": push,
            "pull": {"cursor": self.cursor, "limit": limit},
        }
        status, answer = await self.send("POST", "/sync", {"X-CSRFToken": self.csrf}, body)
        if status != 200:
            raise Refused(status, answer)
        return answer

    def take(self, answer: dict[str, Any]) -> None:
        """Believe an answer: ops are done, docs are these."""
        self.results |= {r["seq"]: r for r in answer["results"]}
        self.queue = [op for op in self.queue if op["seq"] > answer["acked"]]
        self.durable = answer["durable"]
        self.kept = {seq: op for seq, op in self.kept.items() if seq > self.durable}
        self.docs |= {doc["id"]: doc for doc in answer["docs"]}
        for gone in answer["drop"]:
            self.docs.pop(gone["id"], None)
        self.cursor, self.epoch = answer["cursor"], answer["epoch"]

    async def sync(self, limit: int = 1000) -> None:
        """Push everything, then pull to the end."""
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
        """Do what a `gap` or a `resync` asks for; anything else is raised."""
        problem, name = refused.problem, refused.problem["type"].rsplit("/", 1)[-1]
        if name == "gap":
            self.send_again(problem["expected"])
        elif name == "resync":
            self.results |= {r["seq"]: r for r in problem["results"]}
            self.send_again(problem["acked"] + 1)
            self.docs, self.cursor, self.epoch = {}, None, problem["epoch"]
        else:
            raise refused

    def send_again(self, first: int) -> None:
        """Queue the ops from `first` on; bodies that are gone: what is left goes under a new client."""
        if first <= self.seq and first not in self.kept:
            self.client, self.durable = uuid7(), 0
            self.kept = {n: {**op, "seq": n} for n, op in enumerate(self.kept.values(), 1)}
            first, self.seq = 1, len(self.kept)
        self.queue = [self.kept[seq] for seq in range(first, self.seq + 1)]
