"""A unit of work: the docs that one transaction touches, held in memory and written once, at its end.

Merging is pure, so an op that fails simply leaves the docs as they were; no savepoints are needed. The
school's row is locked first and its next rev belongs to this work: revs follow commits, whoever runs beside.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal, server_principal
from server.gateway.models import clients, doc_refs, docs
from server.prepared import run
from server.schools import LIFE_STEP, life, schools
from sync.doc import Doc, decode
from sync.forms import Forms
from sync.merge import Context, merge
from sync.protocol import Op, Result

CHUNK = 500  # ids in one IN (…): both databases take it, and it reads fast


class Env(NamedTuple):
    """What writing needs besides a connection: the form definitions and a clock."""

    forms: Forms
    clock: Callable[[], datetime]


# Run for every push: made once, as building a statement costs more than running it.
_HERE = docs.c.school_id == bindparam("school")
_IDS = bindparam("ids", expanding=True)
_LOCK = (
    select(schools.c.rev, schools.c.inherited, schools.c.born, life.c.epoch, life.c.before)
    .join_from(schools, life, life.c.id == 1)
    .where(schools.c.id == bindparam("school"))
    .with_for_update(of=schools)
)
_BODIES = select(docs.c.id, docs.c.body).where(_HERE, docs.c.id.in_(_IDS))
_REFERRING = (
    select(doc_refs.c.doc_id)
    .join(docs, (docs.c.school_id == doc_refs.c.school_id) & (docs.c.id == doc_refs.c.doc_id))
    .where(
        doc_refs.c.school_id == bindparam("school"),
        doc_refs.c.ref.in_(_IDS),
        docs.c.kind == bindparam("kind"),
    )
)
_OF_KIND = select(docs.c.id).where(_HERE, docs.c.kind == bindparam("kind"))
_LAST_SEQ = select(clients.c.last_seq).where(clients.c.id == bindparam("client"))


class Life(NamedTuple):
    """The database's epoch, the one that its backup was made in, and the revs that no life has had which it
    comes from: a base among them is of another restore's."""

    epoch: str
    before: str | None
    strange: range


class NoSchool(Exception):
    """There is no such school."""


def chunks(ids: Iterable[str]) -> Iterable[list[str]]:
    """The ids, without doubles, in portions that fit into one query."""
    known = list(dict.fromkeys(ids))
    return (known[i : i + CHUNK] for i in range(0, len(known), CHUNK))


class Work:
    """Docs as this transaction sees them. `before` is how they were found; `docs` how they are now."""

    def __init__(self, conn: AsyncConnection, env: Env, school: str, counter: int, life: Life) -> None:
        self.conn, self.env, self.school, self.life = conn, env, school, life
        self.counter = counter
        self.rev = counter + 1
        self.now = env.clock()
        self.before: dict[str, Doc | None] = {}
        self.docs: dict[str, Doc | None] = {}
        self._server_seq: int | None = None
        self.server_ops: list[tuple[Op, Result]] = []

    @classmethod
    async def begin(cls, conn: AsyncConnection, env: Env, school: str) -> "Work":
        """Lock the school's counter. Raises NoSchool."""
        row = (await run(conn, _LOCK, {"school": school})).first()
        if row is None:
            raise NoSchool(school)
        return cls(
            conn,
            env,
            school,
            row.rev,
            Life(row.epoch, row.before, range(row.inherited + LIFE_STEP, row.born)),
        )

    async def load(self, ids: Iterable[str]) -> None:
        """Bring docs in, those that are not in yet."""
        for part in chunks(i for i in ids if i not in self.docs):
            rows = await run(self.conn, _BODIES, {"school": self.school, "ids": part})
            # an empty body: of an erased doc only the row is left, which tells phones that it is gone
            found = {row.id: decode(row.body) for row in rows if row.body}
            for doc_id in part:
                self.before[doc_id] = self.docs[doc_id] = found.get(doc_id)

    def get(self, doc_id: str) -> Doc | None:
        """A doc that was loaded, as it is now."""
        return self.docs.get(doc_id)

    def put(self, doc: Doc) -> None:
        """The doc is now this."""
        self.before.setdefault(doc.id, None)
        self.docs[doc.id] = doc

    def snapshot(self) -> tuple[dict[str, Doc | None], int | None, int]:
        """This moment, to come back to: docs never change in place, so it is cheap."""
        return dict(self.docs), self._server_seq, len(self.server_ops)

    def restore(self, found: tuple[dict[str, Doc | None], int | None, int]) -> None:
        """Come back to a snapshot; what was loaded since stays loaded, as it was found."""
        docs, self._server_seq, count = found
        self.docs = {i: docs.get(i, self.before[i]) for i in self.docs}
        del self.server_ops[count:]

    def changed(self) -> list[Doc]:
        """The docs that differ from how they were found."""
        return [doc for i, doc in self.docs.items() if doc is not None and doc is not self.before[i]]

    async def referring(self, ids: Iterable[str], kind: str) -> list[Doc]:
        """Docs of a kind that are about any of these (pupils, households …), as they are now."""
        wanted, found = set(ids), set()
        for part in chunks(wanted):
            about = {"school": self.school, "ids": part, "kind": kind}
            found |= set((await run(self.conn, _REFERRING, about)).scalars())
        await self.load(sorted(found))
        now = [doc for doc in self.docs.values() if doc is not None and doc.kind == kind]
        return [doc for doc in now if wanted & refs_of(doc)]

    async def of_kind(self, kind: str) -> list[Doc]:
        """All docs of a kind; only for kinds of which a school has few (buildings)."""
        found = await run(self.conn, _OF_KIND, {"school": self.school, "kind": kind})
        await self.load(found.scalars())
        return [doc for doc in self.docs.values() if doc is not None and doc.kind == kind]

    def merge(self, op: Op, who: Principal, client: str, since: int = 0) -> Result:
        """Let one op meet its doc; a result of `held` left the docs as they were. `since`: as in Stamp."""
        before = self.docs.get(op.doc)
        form = self._form(op, before)
        context = Context(client, who.user, self.rev, self.counter, since, self.life.strange)
        outcome = merge(before, op, form, context)
        if outcome.doc is not None and outcome.doc is not before:
            self.put(outcome.doc)
        return outcome.result

    def _form(self, op: Op, doc: Doc | None) -> Any:
        if op.form is None and doc is not None:
            return self.env.forms.get(doc.form, doc.form_version)
        return self.env.forms.get(op.form, op.form_version)

    async def raise_event(self, doc: Doc, event: str, **args: Any) -> Result:
        """An event of the server's own: a duty met, a duty open again."""
        return await self.server_op(doc, Op(0, "event", doc.kind, doc.id, event=event, args=args or None))

    async def edit(self, doc: Doc, **values: Any) -> Result:
        """An edit of the server's own; `values` shaped as in an op's `set`."""
        return await self.server_op(doc, Op(0, "edit", doc.kind, doc.id, set=values))

    async def server_op(self, doc: Doc, op: Op) -> Result:
        """Apply an op by the server's own client of this school and remember it for the log."""
        seq = await self.next_server_seq()
        base = min(doc.rev, self.counter)
        op = msgspec.structs.replace(
            op, seq=seq, base=base, form=doc.form, form_version=doc.form_version, at=self.now.isoformat()
        )
        result = self.merge(op, server_principal(self.school), server_client(self.school))
        self.server_ops.append((op, result))
        return result

    async def next_server_seq(self) -> int:
        """The next seq of the server's own client."""
        if self._server_seq is None:
            found = await run(self.conn, _LAST_SEQ, {"client": server_client(self.school)})
            self._server_seq = found[0].last_seq if found else 0
        self._server_seq += 1
        return self._server_seq


def server_client(school: str) -> str:
    """The client id of the server's own hand at a school."""
    return f"server-{school}"


DISPUTED = "disputed"
"""What a doc with open siblings refers to, so that lists find those that need a decision."""


def refs_of(doc: Doc) -> set[str]:
    """Ids of what a doc is about: pupils, household, building, meal, duty; for a held op, its doc."""
    named: list[Any] = [doc.meta.get(k) for k in ("students", "household", "building", "meal", "duty")]
    if doc.kind == "duty":
        named += doc.some("students").values()
    elif doc.kind in ("student", "leave"):
        named += doc.some("household", "student").values()
    elif doc.kind == "held" and isinstance(op := doc.some("op").get("op"), dict):
        named += [op.get("doc")]
    if doc.is_disputed():
        named += [DISPUTED]
    flat = [i for n in named for i in (n if isinstance(n, list) else [n])]
    return {i for i in flat if isinstance(i, str) and 0 < len(i) <= 80}


Effect = Callable[[Work, Doc | None, Doc], Awaitable[None]]
