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
