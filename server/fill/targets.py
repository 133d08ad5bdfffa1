"""Which record an address of `/fill/` means, and whether this person may still write in it."""

from __future__ import annotations

from typing import Any

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from server.fill.actions import Target
from server.fill.begin import begin
from server.gateway import read
from server.office import Desk, today_of
from server.problems import not_found

OPEN = ("draft", "returned")


async def target_of(
    conn: AsyncConnection, request: Request[Any, Any, Any], desk: Desk, record: str
) -> tuple[Target, str]:
    """The record that an address means, stored or about to begin; 404 for whatever is not this person's.

    With it the query that says what a new record is about, "" for one that is stored.
    """
    env, query = request.app.state.env, request.query_params
    doc = await read.one(conn, env, desk.principal, record)
    if doc is not None:
        form = env.forms.get(doc.form, doc.form_version)
        if doc.kind != "visit" or form is None or not (is_own(doc, desk) or doc.state not in OPEN):
            raise not_found()
        return Target(record, form, doc, doc.meta), ""
    if "form" not in query or not _is_uuid(record):
        raise not_found()
    today = await today_of(conn, request, desk)
    beginning = await begin(conn, env, desk.principal, str(query["form"]), query, today)
    return Target(record, beginning.form, None, beginning.meta), beginning.query


def _is_uuid(text: str) -> bool:
    return len(text) == 36 and text.replace("-", "").isalnum() and text.isascii() and text == text.lower()


def is_own(doc: read.VisibleDoc, desk: Desk) -> bool:
    """Whether this person wrote it or came along."""
    return desk.principal.user in (doc.author, *(doc.fields.get("visitors") or []))


def is_open(target: Target, desk: Desk) -> bool:
    """Whether this person may still write in it."""
    return target.doc is None or (is_own(target.doc, desk) and target.doc.state in OPEN)
