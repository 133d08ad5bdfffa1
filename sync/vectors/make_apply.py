"""Writes apply.json: one person's own ops on a doc, which the phone shows before the server has seen them.

    python -m sync.vectors.make_apply

Nobody else writes, so nothing needs merging: the phone's `apply` must show what `merge` makes.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec

from sync.doc import Doc, wire
from sync.merge import Context, merge
from sync.protocol import Op
from sync.vectors.drawn import Json, Maker, drawn
from sync.vectors.make_forms import FORMS, RANDOMS

FORM = FORMS["home_visit"]
EVENTS = ("submit", "withdraw", "return", "approve", "void")


def draw_set(dice: random.Random) -> dict[str, Any]:
    """Changes of one to three fields, of every merge type."""
    pool: dict[str, Any] = {
        "carer": dice.choice(["one_away", "single", None]),
        "commute": dice.choice([0, 45, None]),
        "difficulty": {
            "add": dice.sample(["study", "economy", "safety"], 2),
            "remove": dice.sample(["study", "none"], 1),
        },
        "reason": {"remove": [dice.choice(["care", "study"])]},
        "home_fb": dice.choice(["先写作业。", "先写作业。再喂鸡。", "", None]),
        "problems/p1": dice.choice([{"text": "路不好"}, {"text": "缺水"}, None]),
        "photo_consent": dice.choice([True, False, None]),
    }
    return {path: pool[path] for path in dice.sample(sorted(pool), dice.randint(1, 3))}


def draw_op(dice: random.Random, seq: int, doc: Doc | None) -> Op:
    """The next op of the phone's only user."""
    head: dict[str, Any] = {"seq": seq, "kind": "visit", "doc": "d", "form": "home_visit", "form_version": 1}
    if doc is None:
        return Op(op="create", set=draw_set(dice), meta={"students": ["s"]}, **head)
    if dice.random() < 0.3:
        return Op(op="event", event=dice.choice(EVENTS), args={"reason": "请补"}, **head)
    changes = draw_set(dice)
    was = {"home_fb": doc.values().get("home_fb")} if "home_fb" in changes else None
    return Op(op="edit", set=changes, was=was, **head)


def _chain(dice: random.Random) -> list[Json]:
    """Ops of one doc, each by what was shown before it, as on the wire."""
    doc: Doc | None = None
    ops: list[Json] = []
    for seq in range(1, dice.randint(2, 7)):
        op = draw_op(dice, seq, doc)
        doc, result = merge(doc, op, FORM, Context("c", "u", seq, seq - 1))
        # amendments and held ops are shown as waiting, not as done: chains end before them
        if result.result == "held" or doc is None or doc.notes.get("amendments"):
            break
        ops.append(msgspec.to_builtins(op))
    return ops


def again(_: Json, case: Json) -> Json:
    """The chain and what is shown at its end: `{"ops", "after": {"state", "fields"}}`."""
    doc: Doc | None = None
    for op in msgspec.convert(case["ops"], list[Op]):
        doc, _result = merge(doc, op, FORM, Context("c", "u", op.seq, op.seq - 1))
    shown = wire(doc) if doc else {"state": None, "fields": {}}
    return {"ops": case["ops"], "after": {"state": shown["state"], "fields": shown["fields"]}}


def draw(start: int, count: int) -> Json:
    """So many chains."""
    return {"cases": [again({}, {"ops": ops}) for ops in drawn(RANDOMS.map(_chain), count, start)]}


APPLY = Maker("apply.json", 200, draw, again)

if __name__ == "__main__":
    APPLY.write()
