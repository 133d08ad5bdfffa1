"""The list of what was not taken, and one of it, as the templates print them."""

from __future__ import annotations

import itertools
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from server.access import Principal
from server.gateway import read
from server.held.actions import code_of, following
from server.held.content import lines
from server.held.words import HOPELESS, OWN, wanted, why
from server.reviews.filters import PAGE
from server.reviews.subjects import Docs, about, name_of, neighbours, title
from server.reviews.view import context_of
from server.text import N_, _, fmt
from server.when import moment
from sync.forms import Form

Row = dict[str, Any]
STATES = ("waiting", "released", "closed")
_STEPS = {"release": N_("放行"), "close": N_("不收"), "wait": N_("还是收不了")}


async def held_list(
    conn: AsyncConnection, env: Any, who: Principal, zone: ZoneInfo, state: str, number: int, open_id: str
) -> Row:
    """A page of those in a state, with the tabs and the pager."""
    offset = (number - 1) * PAGE
    newest = state != "waiting"  # what waits is a queue, the rest a history
    docs = await read.many(conn, env, who, kind="held", state=state, limit=PAGE, offset=offset, newest=newest)
    known = await _known(conn, env, who, docs)
    words = {"waiting": _("待处理"), "released": _("已放行"), "closed": _("没有收的")}
    counts = {name: await read.count(conn, who, kind="held", state=name) for name in STATES}
    return {
        "rows": [_row(env, doc, known, zone, open_id) for doc in docs],
        "segments": [
            {"word": words[s], "count": counts[s], "href": f"/office/held?state={s}", "on": s == state}
            for s in STATES
        ],
        "pager": _pager(state, number, counts[state]),
        "empty": _("都收到了，没有留下的") if state == "waiting" else _("还没有"),
    }


def _row(env: Any, doc: read.VisibleDoc, known: Docs, zone: ZoneInfo, open_id: str) -> Row:
    op = _op(doc) or {}
    verb = wanted(str(op.get("op")), str(op.get("event") or ""))
    return {
        "id": doc.id,
        "href": f"/office/held/{doc.id}",
        "title": _title(env, doc, known),
        "date": moment(doc.created_at, zone),
        "sub": "，".join([f"{name_of(known, doc.author)} {verb}".strip(), why(code_of(doc)).title]),
        "on": doc.id == open_id,
    }


async def held_page(
    conn: AsyncConnection, env: Any, who: Principal, zone: ZoneInfo, doc: read.VisibleDoc
) -> Row:
    """Everything about one: who, when, what it wanted, what stands there now, why it was not taken."""
    op = _op(doc)
    known = await _known(conn, env, who, [doc])
    target = await read.one(conn, env, who, str(op.get("doc"))) if op else None
    form = _form(env, op)
    code = code_of(doc)
    log = await read.changes(conn, who, doc.id)
    waiting, own = doc.state == "waiting", doc.author == who.user and code not in HOPELESS
    rest = await following(conn, env, who, doc)
    return {
        "id": doc.id,
        "href": f"/office/held/{doc.id}",
        "title": _title(env, doc, known),
        "sub": fmt(_("{name}，{at}传来"), name=name_of(known, doc.author), at=moment(doc.created_at, zone)),
        "state": doc.state,
        "verb": wanted(str(op.get("op")), str(op.get("event") or "")) if op else "",
        "made": moment(op.get("at"), zone) if op else "",
        "why": why(code).title,
        "help": why(OWN if own else code).help if waiting else "",
        "readable": op is not None,
        "erased": code == "erased",
        "lines": lines(form, op, target, context_of(known, env.clock(), zone)) if form and op else [],
        "reason": str((op.get("args") or {}).get("reason") or "") if op else "",
        "target_href": f"/office/records/{target.id}?state=all" if target and target.kind == "visit" else "",
        "following": fmt(_("跟着它的{n}条会一起放行，或一起不收"), n=len(rest)) if rest else "",
        "may_release": waiting and op is not None and code not in HOPELESS and not own,
        # of what could not be decoded, or was not kept, there is nothing to see, for anybody
        "may_close": waiting and (op is not None or code in ("bad_op", "erased")),
        "done": [_step(entry, known, zone) for entry in log if entry["event"] in _STEPS],
    }


async def _known(conn: AsyncConnection, env: Any, who: Principal, docs: list[read.VisibleDoc]) -> Docs:
    """Names of who and what these are about; for one alone, of the people who may have decided."""
    named = {str(op["doc"]) for doc in docs if (op := _op(doc)) and op.get("doc")}
    targets = await read.some(conn, env, who, sorted(named))
    people: list[read.VisibleDoc] = []
    if len(docs) == 1:
        people = await read.many(conn, env, who, kind="person", limit=1000)
        beside = [await read.many(conn, env, who, kind="held", ref=ident, limit=100) for ident in named]
        docs = [*docs, *itertools.chain.from_iterable(beside)]
    made = [one for doc in docs if (one := _to_be_made(doc))]
    found = await neighbours(conn, env, who, [*docs, *targets, *made], named)
    return {**{one.id: one for one in [*people, *made]}, **found}


def _to_be_made(held: read.VisibleDoc) -> read.VisibleDoc | None:
    """The record that a held create was to make: what followed it says itself not whom it is about."""
    op = _op(held)
    if op is None or op.get("op") != "create" or not isinstance(op.get("meta"), dict):
        return None
    return _stand_in(str(op.get("doc")), op["meta"])


def _stand_in(ident: str, meta: Row) -> read.VisibleDoc:
    return read.VisibleDoc("visit", ident, 0, "", 1, None, {}, {}, meta, {}, None, {}, None)


def _op(doc: read.VisibleDoc) -> Row | None:
    """The op that it keeps, where this reader may see it."""
    op = doc.fields.get("op")
    return op if isinstance(op, dict) else None


def _form(env: Any, op: Row | None) -> Form | None:
    name, version = (op.get("form"), op.get("form_version")) if op else (None, None)
    sound = isinstance(name, str) and isinstance(version, int)
    return env.forms.get(name, version) if sound else None


def _title(env: Any, doc: read.VisibleDoc, known: Docs) -> str:
    op = _op(doc)
    if op is None:
        words = {"bad_op": _("读不出来的内容"), "erased": _("已删除学生的内容")}
        return words.get(code_of(doc), _("内容不归这里看"))
    form = _form(env, op)
    word = form.title if form else str(op.get("form") or "")
    target = known.get(str(op.get("doc")))
    if target is not None and target.kind not in ("visit", "problem", "plan"):
        return f"{word} {name_of(known, target.id)}"
    meta = target.meta if target else op.get("meta")
    stands_for = _stand_in("", meta if isinstance(meta, dict) else {})
    return title(word, stands_for, known) if about(stands_for) else word


def _step(entry: Row, known: Docs, zone: ZoneInfo) -> Row:
    args = entry["args"]
    detail = why(str(args.get("code"))).title if entry["event"] == "wait" else str(args.get("reason") or "")
    return {
        "what": _(_STEPS[entry["event"]]),
        "who": name_of(known, entry["by"]) if entry["by"] else _("服务器"),
        "at": moment(entry["received"], zone),
        "detail": detail,
    }


def _pager(state: str, number: int, total: int) -> Row | None:
    pages = max(1, -(-total // PAGE))
    if pages == 1 and number == 1:
        return None
    address = f"/office/held?state={state}&page="
    return {
        "prev": f"{address}{min(number - 1, pages)}" if number > 1 else "",
        "next": f"{address}{number + 1}" if number < pages else "",
        "text": fmt(_("第{page}页，共{pages}页"), page=number, pages=pages),
    }
