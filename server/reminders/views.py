"""`/push/…`: the key that a browser subscribes with, and its subscription."""

from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from server.accounts.sessions import Session
from server.problems import Problem
from server.reminders.keys import vapid_keys
from server.reminders.subscriptions import BadSubscription, Subscription, check, subscribe, unsubscribe


class Endpoint(msgspec.Struct):
    """Which subscription is meant."""

    endpoint: str


@get("/push/key")
async def show_key(request: Request[Any, Any, Any], session: NamedDependency[Session]) -> dict[str, str]:
    """The server's public key, as `pushManager.subscribe()` wants it: {"key"}."""
    keys = await vapid_keys(request.app.state.db, request.app.state.clock())
    return {"key": keys.public}


@post("/push/subscription", status_code=204)
async def create_subscription(
    request: Request[Any, Any, Any], data: JSONBody[Subscription], session: NamedDependency[Session]
) -> None:
    """This browser wants reminders for whoever is signed in. 422 for what is no browser's push address."""
    state = request.app.state
    try:
        check(data, state.settings.push_hosts)
    except BadSubscription as error:
        raise Problem(422, "unprocessable", field=error.reason) from error
    async with state.db.write() as conn:
        await subscribe(conn, session.user, session.id, data, state.clock())


@delete("/push/subscription", status_code=204)
async def delete_subscription(
    request: Request[Any, Any, Any], data: JSONBody[Endpoint], session: NamedDependency[Session]
) -> None:
    """No more reminders for this browser; the same answer whether there were any or not."""
    async with request.app.state.db.write() as conn:
        await unsubscribe(conn, session.user, data.endpoint)


routes = [show_key, create_subscription, delete_subscription]
