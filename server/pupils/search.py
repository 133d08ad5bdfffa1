"""Finding pupils by class, name, or the initials of the name's pinyin."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway import read
from server.roster.classes import by_grade

PAGE = 50
MOST = 20_000


async def find(
    conn: AsyncConnection, env: Any, who: Principal, class_: str = "", q: str = ""
) -> list[read.VisibleDoc]:
    """Pupils in sight that match, by class and name."""
    found = await read.many(conn, env, who, kind="student", class_=class_ or None, limit=MOST)
    matching = [pupil for pupil in found if matches(pupil, q)]
    return sorted(matching, key=lambda p: (by_grade(p.fields.get("class") or ""), p.fields.get("name") or ""))


def matches(pupil: read.VisibleDoc, q: str) -> bool:
    """Whether the words are part of the name, or begin its pinyin or the initials of it; none match all."""
    wanted = q.strip().lower()
    if not wanted:
        return True
    pinyin = (pupil.fields.get("pinyin") or "").lower()
    syllables = pinyin.split()
    initials = "".join(syllable[0] for syllable in syllables)
    spelt = "".join(syllables)
    return (
        wanted in (pupil.fields.get("name") or "").lower()
        or initials.startswith(wanted)
        or spelt.startswith(wanted.replace(" ", ""))
        or wanted in syllables
    )


async def places(
    conn: AsyncConnection, env: Any, who: Principal, pupils: list[read.VisibleDoc]
) -> dict[str, dict[str, str]]:
    """Where each pupil lives and with whom, from the household: {pupil: {"place", "carer"}}."""
    wanted = {str(p.fields["household"]) for p in pupils if p.fields.get("household")}
    homes = {doc.id: doc.fields for doc in await read.some(conn, env, who, sorted(wanted))}
    found = {}
    for pupil in pupils:
        home = homes.get(pupil.fields.get("household") or "", {})
        carers = [
            value for path, value in home.items() if path.startswith("guardians/") and isinstance(value, dict)
        ]
        found[pupil.id] = {
            "place": f"{home.get('village') or ''}{home.get('group') or ''}",
            "carer": "，".join(_carer(one) for one in carers[:2]),
        }
    return found


def _carer(one: dict[str, Any]) -> str:
    return " ".join(str(part) for part in (one.get("relation"), one.get("name")) if part)
