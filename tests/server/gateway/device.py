"""A phone of the machine: what it shows before the server has answered, and what the line still carries."""

from typing import Any

from httpx import AsyncClient

from tests.phone import Phone, Refused, Send
from tests.server.gateway.ledger import Entry, Op
from tests.server.vaults.sealing import moved, seal_op


class Device(Phone):
    """A phone of somebody in a role."""

    STORED = (*Phone.STORED, "texts", "made", "sight")

    def __init__(self, send: Send, http: AsyncClient, role: str) -> None:
        super().__init__(send)
        self.http, self.role = http, role
        self.pass_of = ""  # the client that its delivery token is for
        self.texts: dict[str, str] = {}  # texts as its page shows them, by doc, until they are pulled back
        self.made: list[Entry] = []  # all that was entered on it, or on the one that it is a copy of
        self.sight: dict[str, set[Entry]] = {}  # what went into its pulled docs
        self.late: list[dict[str, Any]] = []  # copies of requests that are still on their way
        self.homes: dict[int, tuple[str, Op, Op]] = {}  # by identity: as which op it was sealed

    def copy(self, send: Send, http: AsyncClient) -> "Device":
        """The same database on another phone, with a line of its own: neither knows of the other."""
        twin = Device(send, http, self.role)
        http.cookies = self.http.cookies
        twin.csrf, twin.delivery, twin.user, twin.at = self.csrf, self.delivery, self.user, self.at
        twin.pass_of, twin.homes = self.pass_of, dict(self.homes)
        twin.restart(self.stored())
        return twin

    async def sign_in(self, phone: str, password: str) -> None:
        """Get a session, and with it a pass for the client that it is now."""
        await super().sign_in(phone, password)
        self.pass_of = self.client

    def move(self, ops: list[Op], before: str = "") -> None:
        """Go on as another client; where each op was first is what it was sealed for."""
        before = before or self.client
        super().move(ops)
        for old, new in zip(ops, self.queue, strict=True):
            home, first, _ = self.homes.get(id(old), (before, old, old))
            self.homes[id(new)] = (home, first, new)

    def sealed(self, op: Op, key: dict[str, str]) -> dict[str, Any]:
        """An op as it lies there: as it was first sealed."""
        if id(op) not in self.homes:
            return seal_op(key, self.user["id"], self.client, op)
        home, first, _ = self.homes[id(op)]
        return moved(seal_op(key, self.user["id"], home, first), home, op["seq"])

    def seal(self, ops: list[Op], key: dict[str, str], *, readable: bool) -> dict[str, Any]:
        """What a locked phone has to send. `push` is what the server will have of it: ops that were sealed to
        a key that the server has not are only their bytes."""
        sealed = [self.sealed(op, key) for op in ops]
        key_id = key["id"] if readable else "0" * 16
        wire = {"client": self.client, "epoch": self.epoch, "key": key_id, "ops": sealed}
        push = list(ops) if readable else sealed
        return {
            "client": self.client,
            "push": push,
            "readable": readable,
            "wire": wire,
            "pass": self.delivery,
        }

    async def deliver_sealed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send that, by the pass of the time when it was made."""
        headers = {"Authorization": f"Delivery {body['pass']}"}
        status, answer = await self.send("POST", "/sync/sealed", headers, body["wire"])
        if status != 200:
            raise Refused(status, answer)
        return answer

    def has(self, doc: str) -> bool:
        """Whether its page can show the doc: pulled, or made here."""
        return doc in self.docs or any(op["doc"] == doc and op["op"] == "create" for op in self.queue)

    def fields(self, doc: str) -> dict[str, Any]:
        """The pulled fields."""
        return self.docs[doc]["fields"] if doc in self.docs else {}

    def text(self, doc: str) -> str:
        """The text that stands in its page."""
        return self.texts.get(doc) or self.fields(doc).get("home_fb") or ""

    def take(self, answer: dict[str, Any]) -> None:
        """What is pulled takes the place of what was entered, once all of that is answered."""
        super().take(answer)
        if not self.queue and not answer["more"]:
            for doc in answer["docs"]:
                self.texts.pop(doc["id"], None)

    def version(self, form: str) -> int:
        """The newest version of a form that it has."""
        known = [d["fields"]["definition"] for d in self.docs.values() if d["kind"] == "form"]
        return max((d["version"] for d in known if d["name"] == form), default=1)

    def held(self) -> list[str]:
        """The ops that wait for a decision, as it sees them."""
        return sorted(i for i, d in self.docs.items() if d["kind"] == "held" and d["state"] == "waiting")
