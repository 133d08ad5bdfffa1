"""The verbs of duties (应访): who is to visit which pupils until when."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import count
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal, load_principal
from server.db import new_id
from server.duties.due import Due, of_person
from server.gateway import read, write
from server.gateway.work import Env
from sync.ids import derived
from sync.protocol import Op, Result

HOME_VISIT = "home_visit"
MOST = 1000


async def assign(
    conn: AsyncConnection,
    env: Env,
    who: Principal,
    client: str,
    students: Iterable[str],
    assignee: str,
    due: date,
    *,
    form: str = HOME_VISIT,
    window_from: date | None = None,
    request: str = "",
    device: str = "",
) -> list[Result]:
    """Make one duty a pupil, for this person, until this day; a pupil who has that very duty open keeps it.

    `client` is the session's or the importer's own. `request` names this wish, so that the same one sent
    twice makes the same duties. A result is `held` where `who` may not do this.
    """
    wish = request or new_id()
    standing = await _has_already(conn, env, who, assignee, form, due)
    values = {"form": form, "due": due.isoformat(), "assignee": assignee}
    if window_from is not None:
        values["window_from"] = window_from.isoformat()
    ops = [
        _op(
            env,
            "create",
            derived("duty", wish, student),
            set={**values, "students": {"add": [student]}},
            meta={},
        )
        for student in dict.fromkeys(students)
        if student not in standing
    ]
    return await write.submit(conn, env, who, client, ops, device) if ops else []


async def postpone(
    conn: AsyncConnection, env: Env, who: Principal, client: str, duty: str, due: date, reason: str
) -> Result:
    """Another day for an open duty, with the reason why."""
    return await _event(conn, env, who, client, duty, "postpone", {"due": due.isoformat(), "reason": reason})


async def exempt(
    conn: AsyncConnection, env: Env, who: Principal, client: str, duty: str, reason: str
) -> Result:
    """The visit is not needed, and why."""
    return await _event(conn, env, who, client, duty, "exempt", {"reason": reason})


async def due_of(conn: AsyncConnection, env: Env, school: str, user: str) -> list[Due]:
    """This person's own open duties, as far as the person may see them now; none for who left the school."""
    who = await load_principal(conn, user, school)
    if who is None or not who.roles:
        return []
    found = await read.many(conn, env, who, kind="duty", state="open", limit=MOST, newest=False)
    return of_person(user, ((duty.id, duty.fields) for duty in found))


async def out_of_sight(
    conn: AsyncConnection, env: Env, school: str, assignee: str, students: Sequence[str]
) -> list[str]:
    """Those of the pupils whom this person could not visit: their records don't reach that phone."""
    who = await load_principal(conn, assignee, school)
    if who is None or not who.may("write.home_visit"):
        return list(students)
    found = await read.some(conn, env, who, students)
    seen = {doc.id for doc in found if doc.kind == "student"}
    return [student for student in students if student not in seen]


async def _has_already(
    conn: AsyncConnection, env: Env, who: Principal, assignee: str, form: str, due: date
) -> set[str]:
    day, standing = due.isoformat(), set[str]()
    for offset in count(0, MOST):
        found = await read.many(
            conn, env, who, kind="duty", state="open", since=day, until=day, limit=MOST, offset=offset
        )
        same = of_person(assignee, ((duty.id, duty.fields) for duty in found))
        standing |= {student for duty in same if duty.form == form for student in duty.students}
        if len(found) < MOST:
            break
    return standing


async def _event(
    conn: AsyncConnection, env: Env, who: Principal, client: str, duty: str, event: str, args: dict[str, str]
) -> Result:
    op = _op(env, "event", duty, event=event, args=args)
    return (await write.submit(conn, env, who, client, [op]))[0]


def _op(env: Env, op: str, duty: str, **more: Any) -> Op:
    form = env.forms.latest("duty")
    at = env.clock().isoformat()
    return Op(0, op, "duty", duty, form=form.name, form_version=form.version, at=at, **more)
