"""`/healthz`: whether this process can do its work."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from sqlalchemy import select

from server.schools import life


@get("/healthz")
async def healthz(request: Request[Any, Any, Any]) -> dict[str, str]:
    """200 when the database answers and has its tables; otherwise the 503 or 500 that this raises."""
    async with request.app.state.db.read() as conn:
        await conn.execute(select(life.c.epoch))
    return {"status": "ok"}


routes = [healthz]
