"""The history of a doc for a person: what stood there before, within what they may see of it."""

from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway.models import docs, ops
from server.gateway.scope import views_of
from server.gateway.visible import seer, server_views
from server.gateway.work import Env
from sync.doc import decode
from sync.history import Logged, Past, past
from sync.protocol import Result, decode_op

_result = msgspec.json.Decoder(Result).decode


async def history(conn: AsyncConnection, env: Env, who: Principal, doc_id: str) -> list[Past]:
    """Every value of the doc that was superseded or settled away, in the order in which they went.

    The audience of a field goes along with its history. Of a doc out of sight there is none.
    """
    row = (
        await conn.execute(select(docs.c.body).where(docs.c.school_id == who.school, docs.c.id == doc_id))
    ).scalar_one_or_none()
    views = server_views(who) or (await views_of(conn, who, [doc_id])).get(doc_id)
    if not row or not views:
        return []
    doc = decode(row)
    sees = seer(env.forms.get(doc.form, doc.form_version), views)
    log = await _log(conn, who.school, doc_id)
    return [one for one in past(log, env.forms.get, doc) if sees(one.path)]


async def _log(conn: AsyncConnection, school: str, doc_id: str) -> list[Logged]:
    """The ops that took effect, in the order in which they did; a released one at its release."""
    query = select(ops).where(ops.c.school_id == school, ops.c.doc_id == doc_id)
    rows = (await conn.execute(query)).all()
    held = [f"{row.client_id}:{row.seq}" for row in rows if _result(row.result).result == "held"]
    released = await _releases(conn, school, held)
    found = []
    for row in rows:
        name = f"{row.client_id}:{row.seq}"
        rev = released.get(name, 0) if name in held else row.rev
        if rev and (op := decode_op(row.body)) is not None:
            # of one commit, what phones and the office sent comes before what the server did about it
            key = (rev, row.user_id == "", row.client_id, row.seq)
            when = row.received.isoformat()
            found.append((key, Logged(op, row.client_id, row.user_id, rev, when, row.since)))
    return [logged for _, logged in sorted(found, key=lambda pair: pair[0])]


async def _releases(conn: AsyncConnection, school: str, held: list[str]) -> dict[str, int]:
    """Held op → the rev at which it was released and took effect."""
    query = select(docs.c.id).where(
        docs.c.school_id == school, docs.c.id.in_(held), docs.c.state == "released"
    )
    names = list((await conn.execute(query)).scalars()) if held else []
    events = select(ops.c.doc_id, ops.c.rev, ops.c.body).where(ops.c.school_id == school)
    found: dict[str, int] = {}
    if names:
        for row in await conn.execute(events.where(ops.c.doc_id.in_(names)).order_by(ops.c.rev)):
            op = decode_op(row.body)
            if op is not None and op.event == "release":
                found[row.doc_id] = row.rev
    return found


def kept_until(settings: dict[str, Any], kind: str, day: date) -> date | None:
    """The last day on which values of a doc of this kind and day are kept; None: no term is set.

    A school's setting `retention` has for each kind its terms, each from a day on:
    `{"visit": [{"from": "2026-09-01", "days": 1095}]}`. Nothing is deleted by it here.
    """
    terms = settings.get("retention", {}).get(kind, [])
    in_force = [term for term in terms if term["from"] <= day.isoformat()]
    if not in_force:
        return None
    return day + timedelta(days=max(in_force, key=lambda term: term["from"])["days"])
