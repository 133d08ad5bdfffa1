"""Visits that an import may ask for: one this week for each assigned pupil."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import server_principal
from server.db import new_id
from server.duties.actions import assign
from server.gateway.work import Env


async def visits_this_week(
    conn: AsyncConnection,
    env: Env,
    school: str,
    pairs: Iterable[tuple[str, str]],
    today: date,
    request: str = "",
) -> int:
    """A home visit until Sunday for each pair of helper and pupil; how many duties were made.

    Whoever has that very duty open keeps it. `request` names the wish, see `duties.actions.assign`.
    """
    monday = today - timedelta(days=today.weekday())
    by_helper: dict[str, list[str]] = defaultdict(list)
    for helper, pupil in sorted(pairs):
        by_helper[helper].append(pupil)
    who, client, made = server_principal(school), new_id(), 0
    for helper, pupils in by_helper.items():
        wish = f"{request}/{helper}" if request else ""
        results = await assign(
            conn,
            env,
            who,
            client,
            pupils,
            helper,
            monday + timedelta(days=6),
            window_from=monday,
            request=wish,
        )
        made += sum(1 for result in results if result.result != "held")
    return made
