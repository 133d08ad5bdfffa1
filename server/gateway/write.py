"""Writing docs from inside the server: office, online forms, imports, the demo. The same ops as a phone's."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal, server_principal
from server.gateway.models import clients
from server.gateway.take import Incoming, take
from server.gateway.work import Env, Work, server_client
from server.prepared import run
from sync.ids import form_id
from sync.protocol import Op, Result
from sync.protocol import encode as encode_json

_CLIENT = (
    select(clients.c.user_id, clients.c.last_seq, clients.c.durable, clients.c.inherited, clients.c.since)
    .where(clients.c.id == bindparam("client"))
    .with_for_update()
)


class Standing(NamedTuple):
    """A client's last seq, the last that is backed up, the last that the database's life began with, and from
    which seq on its ops are surely one phone's."""

    last: int
    durable: int
    inherited: int
    since: int


async def ensure_client(conn: AsyncConnection, client: str, user: str, device: str, env: Env) -> int:
    """The client's last seq; a client that is not known yet begins at 0 and belongs to this user.

    Raises PermissionError if it is another user's.
    """
    return (await standing_of(conn, client, user, device, env)).last


async def standing_of(conn: AsyncConnection, client: str, user: str, device: str, env: Env) -> Standing:
    """Where a client stands; one that is not known yet begins at 0. Raises as `ensure_client` does."""
    row = (await run(conn, _CLIENT, {"client": client})).first()
    if row is None:
        new = {"id": client, "user_id": user, "last_seq": 0, "durable": 0, "device": device[:200]}
        await conn.execute(insert(clients).values(**new, seen=env.clock()))
        return Standing(0, 0, 0, 0)
    if row.user_id != user:
        raise PermissionError(client)
    return Standing(row.last_seq, row.durable, row.inherited, row.since)


async def submit(
    conn: AsyncConnection, env: Env, who: Principal, client: str, ops: Sequence[Op], device: str = ""
) -> list[Result]:
    """Apply ops of a client inside the server; their seqs follow the client's last one.

    One transaction's work: call it once in a `db.write()`, with everything. Raises PermissionError, NoSchool.
    """
    work = await Work.begin(conn, env, who.school)
    last = await ensure_client(conn, client, who.user, device, env)
    numbered = [msgspec.structs.replace(op, seq=last + n) for n, op in enumerate(ops, 1)]
    return await take(work, who, client, [Incoming(op.seq, encode_json(op), op) for op in numbered])


async def ensure_forms(conn: AsyncConnection, env: Env, school: str) -> None:
    """Bring every form definition that this release ships to the school, each as a doc of kind `form`."""
    ops = []
    for form in env.forms.all():
        definition = form.definition()
        op = Op(0, "create", "form", form_id(form.name, form.version), form="form", form_version=1)
        ops.append(msgspec.structs.replace(op, set={"definition": definition}, meta={"name": form.name}))
    work = await Work.begin(conn, env, school)
    await work.load(op.doc for op in ops)
    missing = [op for op in ops if _differs(work, op)]
    for op in missing:
        doc = work.get(op.doc)
        if doc is None:
            who, hand = server_principal(school), server_client(school)
            seq = await work.next_server_seq()
            op = msgspec.structs.replace(op, seq=seq, at=work.now.isoformat())
            work.server_ops.append((op, work.merge(op, who, hand)))
        else:
            await work.edit(doc, **(op.set or {}))
    await take(work, server_principal(school), server_client(school), [])


def _differs(work: Work, op: Op) -> bool:
    doc = work.get(op.doc)
    return doc is None or doc.values().get("definition") != (op.set or {})["definition"]
