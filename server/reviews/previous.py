"""The visit before this one, of the same sort and about the same pupil: what "last time" means."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway import read
from server.reviews.subjects import about, occurred

HANDED_IN = ("submitted", "approved", "archived", "returned")


async def previous_visit(
    conn: AsyncConnection, env: Any, who: Principal, doc: read.VisibleDoc
) -> read.VisibleDoc | None:
    """The latest such visit that took place before this one; None where there is none in sight."""
    subjects = about(doc)
    if not subjects or doc.form.startswith("meal_audit"):
        return None
    day = occurred(doc)
    found = await read.many(
        conn,
        env,
        who,
        kind="visit",
        form=doc.form,
        ref=subjects[0],
        state=HANDED_IN,
        until=day or None,
        limit=10,
    )
    earlier = [one for one in found if one.id != doc.id and _before(one, doc)]
    return earlier[0] if earlier else None


def _before(one: read.VisibleDoc, doc: read.VisibleDoc) -> bool:
    if not doc.rev:  # about to begin: everything was before
        return True
    at, this = one.fields.get("occurred_at") or occurred(one), doc.fields.get("occurred_at") or occurred(doc)
    return (at, one.id) < (this, doc.id)
