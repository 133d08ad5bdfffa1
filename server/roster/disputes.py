"""Where a workbook and a person disagree: both values stand, and the office decides (名册里待裁定的)."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway import read, write
from server.gateway.work import DISPUTED, Env
from server.reviews.decisions import third
from server.reviews.disputes import other
from server.text import _, fmt
from server.when import moment
from sync.protocol import Op

KINDS = ("student", "household", "person", "building", "meal")
MOST = 200


async def count(conn: AsyncConnection, who: Principal) -> int:
    """How many register docs have values that disagree."""
    return await read.count(conn, who, kind=KINDS, ref=DISPUTED)


async def rows(conn: AsyncConnection, env: Env, who: Principal, zone: ZoneInfo) -> list[dict[str, Any]]:
    """One row a field: whose it is, the value that is shown and each other one, with who and when."""
    found = await read.many(conn, env, who, kind=KINDS, ref=DISPUTED, limit=MOST)
    people = {stamp["by"] for doc in found for stamp in doc.stamps.values()}
    people |= {one["by"] for doc in found for values in doc.siblings.values() for one in values}
    names = {
        doc.id: doc.fields.get("name") or ""
        for doc in await read.some(conn, env, who, sorted(people - {"", None}))
    }
    titles = await _titles(conn, env, who, found)

    def side(value: Any, by: str | None, at: str | None) -> dict[str, str]:
        author = names.get(by or "") or _("名册导入")
        return {"text": shown(value), "by": author, "at": moment(at, zone) if at else ""}

    made = []
    for doc in found:
        form = env.forms.get(doc.form, doc.form_version)
        for path, siblings in doc.siblings.items():
            question = form.question_for(path) if form else None
            stamp = doc.stamps.get(path, {})
            made.append(
                {
                    "doc": doc.id,
                    "path": path,
                    "title": titles[doc.id],
                    "label": question.label if question else path,
                    "other": other(question, str(doc.fields.get(path) or "")),
                    "now": side(doc.fields.get(path), stamp.get("by"), stamp.get("at")),
                    "others": [
                        side(one["value"], one["by"], one["at"]) | {"sibling": one["sibling"]}
                        for one in siblings
                    ],
                }
            )
    return made


async def settle(
    conn: AsyncConnection,
    env: Env,
    who: Principal,
    client: str,
    doc_id: str,
    path: str,
    pick: str,
    sees: list[str],
    typed: str = "",
) -> bool:
    """Close the named siblings of a field; `pick` is one of them, "shown", or "other" with what was `typed`.

    False where there are none. Raises Refused where what was typed can't be read.
    """
    doc = await read.one(conn, env, who, doc_id)
    siblings = {one["sibling"]: one["value"] for one in doc.siblings.get(path, [])} if doc else {}
    if doc is None or doc.kind not in KINDS or not siblings or pick not in ("shown", "other", *siblings):
        return False
    value = third(env, doc, path, typed, "+08:00") if pick == "other" else siblings.get(pick)
    op = Op(
        0,
        "settle",
        doc.kind,
        doc.id,
        base=doc.rev,
        form=doc.form,
        form_version=doc.form_version,
        set={} if pick == "shown" else {path: value},
        sees={path: [name for name in sees if name in siblings]},
        at=env.clock().isoformat(),
    )
    (result,) = await write.submit(conn, env, who, client, [op])
    return result.result != "held"


def shown(value: Any) -> str:
    """A register's value in words: a guardian as name, relation and number, a room as its beds."""
    if value in (None, "", []):
        return _("空着")
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, dict) and "beds" in value:
        taken = sum(1 for bed in value["beds"] or [] if bed.get("student"))
        return fmt(_("{room}室，住{n}人"), room=value.get("number") or "", n=taken)
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part not in (None, ""))
    return {"male": _("男"), "female": _("女")}.get(str(value), str(value))


async def _titles(
    conn: AsyncConnection, env: Env, who: Principal, found: list[read.VisibleDoc]
) -> dict[str, str]:
    """Each doc by a name that people know: a household by the pupils who live there."""
    titles = {}
    for doc in found:
        title = doc.fields.get("name") or doc.fields.get("date") or ""
        if doc.kind == "household":
            living = await read.many(conn, env, who, kind="student", ref=doc.id, limit=5)
            title = "、".join(f"{one.fields.get('name')} {one.fields.get('class') or ''}" for one in living)
        elif doc.kind == "student":
            title = f"{title} {doc.fields.get('class') or ''}"
        titles[doc.id] = title.strip()
    return titles
