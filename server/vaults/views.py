"""`/vault` and `/sync/sealed`: what a phone that is locked, signed out or revoked can ask for and send."""

from __future__ import annotations

import re
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import JSONBody

from server.accounts.caller import delivery_token, provide_delivery, provide_session
from server.accounts.sessions import Session, note_wiped
from server.gateway.views import caller_of, commit
from server.problems import Problem
from server.security import SESSION_COOKIE
from server.vaults.keys import current_key
from server.vaults.passes import give_pass
from server.vaults.seal import KeyPair, to_text
from server.vaults.sealed import BODY_BYTES, SealedPush, open_ops
from server.vaults.shares import lend

Req = Request[Any, Any, Any]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WIPE = {"Clear-Site-Data": '"cache", "cookies", "storage"'}


@get("/vault")
async def vault(request: Req) -> dict[str, Any]:
    """With a session: whose it is, the share of this user's key on `?device=`, how long it is lent, and with
    `&client=` a delivery token for that. With a delivery token: whether the device was revoked. Both: the key
    to seal to."""
    state = request.app.state
    now = state.clock()
    if delivery_token(request) is not None:
        async with state.db.read() as conn:
            allowed = await provide_delivery(conn, request, over=True)
        return {"revoked": allowed.revoked, "key": _wire(await current_key(state.db, now))}
    session = await provide_session(request)
    device = request.query_params.get("device", "")
    if not UUID.fullmatch(device):
        raise Problem(400, "bad_request", detail="device")
    client = request.query_params.get("client")
    if client is not None and not UUID.fullmatch(client):
        raise Problem(400, "bad_request", detail="client")
    given = await _pass(request, session, client) if client is not None else None
    lease = await lend(state.db, state.settings, session, device, now)
    answer = {
        "user": session.user,
        "share": to_text(lease.share),
        "until": lease.until.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "lease_days": lease.days,
        "key": _wire(await current_key(state.db, now)),
    }
    return answer | ({"delivery": given} if given else {})


async def _pass(request: Req, session: Session, client: str) -> str | None:
    state = request.app.state
    return await give_pass(state.db, state.settings, session, request.cookies.get(SESSION_COOKIE, ""), client)


def _wire(pair: KeyPair) -> dict[str, str]:
    return {"id": pair.id, "public": to_text(pair.public)}


@post("/sync/sealed", status_code=200, request_max_body_size=BODY_BYTES)
async def sync_sealed(request: Req, data: JSONBody[SealedPush]) -> dict[str, int]:
    """A push of sealed ops. What became of them the phone learns by pushing them again when it is open."""
    caller = await caller_of(request, data.client)
    sent = await open_ops(request.app.state.db, caller.who.user, data)
    pushed = await commit(request, caller, data.client, sent, data.epoch)
    return {"acked": pushed.acked, "durable": pushed.durable}


@post("/vault/wipe", status_code=204)
async def wipe(request: Req) -> Response[None]:
    """A revoked device has removed what it kept of its user: noted, and the browser is told to forget all of
    this site, unless `?others=yes` says that somebody else's vault is left on it."""
    state = request.app.state
    async with state.db.read() as conn:
        allowed = await provide_delivery(conn, request, over=True)
    if not allowed.revoked:
        raise Problem(409, "not_revoked")
    async with state.db.write() as conn:
        await note_wiped(conn, delivery_token(request) or "", state.clock())
    alone = request.query_params.get("others") != "yes"
    return Response(None, status_code=204, headers=WIPE if alone else None)


routes = [vault, sync_sealed, wipe]
