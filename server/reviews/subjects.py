"""What a record is about, in words: 家访 杨思源, 晚点名 2号楼, 营养餐审核 11月20日午餐."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway import read
from server.text import _
from server.when import day

Docs = dict[str, read.VisibleDoc]
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def about(doc: read.VisibleDoc) -> list[str]:
    """The ids of the pupils, building, meal or household that a visit is about, in the order of its title."""
    meta = doc.meta
    pupils = [one for one in meta.get("students") or [] if isinstance(one, str)]
    others = [meta.get(key) for key in ("building", "meal")]
    found = pupils + [one for one in others if isinstance(one, str)]
    return found or [one for one in [meta.get("household")] if isinstance(one, str)]


def occurred(doc: read.VisibleDoc) -> str:
    """The day that a record is about, as ISO text."""
    found = (doc.fields.get("occurred_at"), doc.meta.get("night"), doc.created_at)
    return next((text[:10] for text in found if isinstance(text, str)), "")


def people_of(doc: read.VisibleDoc) -> list[str]:
    """Who visited: the author, and who came along."""
    others = [one for one in doc.fields.get("visitors") or [] if one != doc.author]
    return [one for one in [doc.author, *others] if one]


async def neighbours(
    conn: AsyncConnection,
    env: Any,
    who: Principal,
    docs: Iterable[read.VisibleDoc],
    also: Iterable[str | None] = (),
) -> Docs:
    """The docs that records refer to (pupils, buildings, meals, people), by id; only those in sight."""
    wanted = {ident for ident in also if ident}
    for doc in docs:
        wanted.update(about(doc), people_of(doc), *(mentioned(item) for item in doc.fields.items()))
        wanted.update(one for one in [doc.meta.get("household")] if isinstance(one, str))
        wanted.update(stamp["by"] for stamp in doc.stamps.values() if stamp.get("by"))
        wanted.update(s["by"] for siblings in doc.siblings.values() for s in siblings if s.get("by"))
    return {doc.id: doc for doc in await read.some(conn, env, who, sorted(wanted))}


def mentioned(value: Any) -> Iterator[str]:
    """Ids in an answer, at any depth: pupils who are absent, a carer in a list."""
    if isinstance(value, str):
        yield from (part for part in value.split("/") if ID.fullmatch(part))
    elif isinstance(value, Mapping):
        yield from mentioned(list(value.items()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from mentioned(part)


def name_of(known: Docs, ident: str | None) -> str:
    """A doc's name, or what stands for one that is not in sight."""
    doc = known.get(ident or "")
    if doc is None:
        return _("不在名册里的人")
    if doc.kind == "meal":
        return meal_name(doc)
    return doc.fields.get("name") or doc.fields.get("head") or _("没有名字")


def meal_name(meal: read.VisibleDoc) -> str:
    """Which meal: 11月20日午餐."""
    sorts = {"breakfast": _("早餐"), "snack": _("课间加餐"), "lunch": _("午餐"), "dinner": _("晚餐")}
    return day(meal.fields.get("date")) + sorts.get(meal.fields.get("sort") or "", "")


def title(form_title: str, doc: read.VisibleDoc, known: Docs) -> str:
    """The record's title: what sort, about whom."""
    names = [name_of(known, ident) for ident in about(doc)]
    return " ".join([form_title.removesuffix(_("记录")), "、".join(names)]).strip()


def classes(doc: read.VisibleDoc, known: Docs) -> str:
    """The classes of the pupils, once each."""
    found = [known[i].fields.get("class") for i in about(doc) if i in known and known[i].kind == "student"]
    return "、".join(dict.fromkeys(name for name in found if name))


def home_of(doc: read.VisibleDoc, known: Docs) -> str:
    """The village and group of the household that was visited."""
    home = known.get(str(doc.meta.get("household") or ""))
    return f"{home.fields.get('village') or ''}{home.fields.get('group') or ''}" if home else ""
