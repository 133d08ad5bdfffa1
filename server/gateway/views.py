"""`POST /sync`: push, then pull (sync/PROTOCOL.md)."""

from typing import Any, NamedTuple

from litestar import Request, Response, post
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal, load_principal
from server.accounts.caller import (
    SCHOOL_HEADER,
    delivery_token,
    note_seen,
    provide_delivery,
    school_asked_for,
    session_of,
)
from server.accounts.sessions import Delivery
from server.gateway.models import docs, ops
from server.gateway.pull import BadCursor, Cursor, Page, pull, pull_all, read_cursor
from server.gateway.push import Pushed, push, read_ops, standing
from server.gateway.take import Incoming
from server.problems import Problem, not_found
from server.schools import epoch_and_rev
from sync.protocol import (
    MAX_PAGE,
    MAX_PUSH_BYTES,
    VERSION,
    BadEnvelope,
    SyncReply,
    SyncRequest,
    decode_request,
    encode,
)

BODY_BYTES = MAX_PUSH_BYTES + (64 << 10)  # the ops and the envelope around them


class Caller(NamedTuple):
    """Who syncs; `one_way`: by a delivery token, which may push but not pull: its cursor stays as it was."""

    who: Principal
    one_way: bool
    device: str


# one op nested too deep is held like any other that can't be read, and must not stop its neighbours
@post("/sync", status_code=200, request_max_body_size=BODY_BYTES, nesting=500)
async def sync(request: Request[Any, Any, Any]) -> Response[bytes]:
    """One request of a phone. The push commits first; the pull is then read in a snapshot of its own."""
    try:
        body = decode_request(await request.body())
    except BadEnvelope:
        raise Problem(400, "bad_json") from None
    if body.protocol < 1 or body.protocol > VERSION:
        raise Problem(400, "bad_request", detail="protocol", versions=list(range(1, VERSION + 1)))
    sent = read_ops([bytes(raw) for raw in body.push])
    caller = await caller_of(request, body.client)
    cursor = _cursor(body)
    epoch = body.epoch or (cursor.epoch if cursor else None)
    taken = await commit(request, caller, body.client, sent, epoch) if sent else None
    life, pushed, page = await _pull(request, caller, body, cursor, taken)
    reply = SyncReply(
        epoch=life,
        now=request.app.state.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        acked=pushed.acked,
        durable=pushed.durable,
        results=pushed.results,
        docs=page.docs,
        drop=page.drop,
        cursor=page.cursor,
        more=page.more,
    )
    headers = {"Cache-Control": "no-store"}
    return Response(encode(reply), media_type="application/json", headers=headers)


async def caller_of(request: Request[Any, Any, Any], client: str) -> Caller:
    """The session's person; without a live one, whoever the delivery token stands for."""
    if delivery_token(request) is not None:
        return await delivery_caller(request, client)
    async with request.app.state.db.glance() as conn:
        session = await session_of(conn, request)
        if session is None:
            raise Problem(401, "unauthenticated")
        school = await school_asked_for(conn, request, session) or await _last_school(conn, session.user)
        who = await load_principal(conn, session.user, school)
    await note_seen(request, session)
    if who is None:
        raise not_found()
    # someone whose roles were revoked may still sync: what they push is held, what they have is dropped
    return Caller(who, False, session.device)


async def delivery_caller(request: Request[Any, Any, Any], client: str) -> Caller:
    """Whoever the request's delivery token stands for. Raises Problem 401 without one for this client, 400
    where nothing says which of the user's schools is meant."""
    async with request.app.state.db.glance() as conn:
        allowed = await provide_delivery(conn, request)
        if allowed.client != client:
            raise Problem(401, "unauthenticated")
        school = request.headers.get(SCHOOL_HEADER) or await _delivery_school(conn, allowed)
        who = await load_principal(conn, allowed.user, school)
    if who is None:
        raise not_found()
    return Caller(who, True, "")


async def _delivery_school(conn: AsyncConnection, allowed: Delivery) -> str:
    """The school that a one-way push without X-School is about: where the client's last op went, else the
    user's only one. Of several none is guessed: ops that went astray would be held where nobody expects them.
    """
    before = select(ops.c.school_id).where(ops.c.client_id == allowed.client).order_by(ops.c.seq.desc())
    if found := (await conn.execute(before.limit(1))).scalar():
        return found
    own = select(docs.c.school_id).where(docs.c.id == allowed.user, docs.c.kind == "person").limit(2)
    schools = list((await conn.execute(own)).scalars())
    if len(schools) > 1:
        raise Problem(400, "bad_request", detail="X-School", header="X-School")
    return next(iter(schools), "")


async def _last_school(conn: AsyncConnection, user: str) -> str:
    """The first school where this user has a person doc, with or without a role left in it."""
    query = select(docs.c.school_id).where(docs.c.id == user, docs.c.kind == "person").order_by(docs.c.rev)
    return (await conn.execute(query.limit(1))).scalar() or ""


def _cursor(body: SyncRequest) -> Cursor | None:
    word = body.pull.cursor if body.pull else None
    if word is None:
        return None
    try:
        return read_cursor(word)
    except BadCursor:
        raise Problem(400, "bad_request", detail="cursor") from None


async def commit(
    request: Request[Any, Any, Any], caller: Caller, client: str, sent: list[Incoming], epoch: str | None
) -> Pushed:
    """Take what was pushed, durable when this returns; nothing pushed is an answer too. `epoch`: the life of
    the database that the phone knows."""
    state = request.app.state
    if not sent:
        async with state.db.glance() as conn:
            return await standing(conn, caller.who, client)

    async def take(conn: AsyncConnection) -> Pushed:
        return await push(conn, state.env, caller.who, client, sent, caller.device, epoch=epoch)

    return await state.db.write_together(caller.who.school, take)


async def _pull(
    request: Request[Any, Any, Any],
    caller: Caller,
    body: SyncRequest,
    cursor: Cursor | None,
    taken: Pushed | None,
) -> tuple[str, Pushed, Page]:
    """The database's epoch, where the client stands and a page, of one moment: at a glance for a phone that
    was in step lately. `taken`: what was pushed, None where nothing was."""
    state, who = request.app.state, caller.who
    limit = body.pull.limit if body.pull else MAX_PAGE
    async with state.db.glance() as conn:
        pushed = await standing(conn, who, body.client) if taken is None else taken
        life, counter = await _same_life(conn, who.school, body, cursor, pushed)
        if caller.one_way:
            return life, pushed, Page([], [], body.pull.cursor if body.pull else None, False)
        since = cursor if cursor and cursor.school == who.school else Cursor(life, who.school, 0, "")
        page = await pull(conn, state.env, who, since, limit, counter)
    if page is None:
        async with state.db.read() as conn:
            life, counter = await _same_life(conn, who.school, body, cursor, pushed)
            page = await pull_all(conn, state.env, who, since._replace(epoch=life), limit, counter)
    return life, pushed, page


async def _same_life(
    conn: AsyncConnection, school: str, body: SyncRequest, cursor: Cursor | None, pushed: Pushed
) -> tuple[str, int]:
    """The database's epoch and the school's last rev. Raises Problem 409 `resync` for a phone that knows
    another epoch."""
    life, counter = await epoch_and_rev(conn, school)
    if body.epoch not in (None, life) or (cursor and cursor.epoch != life):
        acked, inherited = pushed.acked, pushed.inherited
        raise Problem(409, "resync", epoch=life, acked=acked, inherited=inherited, results=pushed.results)
    return life, counter


routes = [sync]
