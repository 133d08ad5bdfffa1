"""Writes apply.json: one person's own ops on a doc, which the phone shows before the server has seen them.

    python -m sync.vectors.make_apply

Nobody else writes, so nothing needs merging: the phone's `apply` must show what `merge` makes. Deterministic.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec

from sync.doc import Doc, wire
from sync.forms import load_forms
from sync.merge import Context, merge
from sync.protocol import Op

HERE = Path(__file__).parent
FORM = load_forms(HERE.parent.parent / "templates" / "forms").latest("home_visit")
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


def cases(count: int = 120) -> list[dict[str, Any]]:
    """`{"ops", "after": {"state", "fields"}}` each: a chain of ops and what is shown at its end."""
    dice = random.Random(20261121)  # noqa: S311 - the same cases every time
    made = []
    for _ in range(count):
        doc: Doc | None = None
        ops = []
        for seq in range(1, dice.randint(2, 7)):
            op = draw_op(dice, seq, doc)
            doc, result = merge(doc, op, FORM, Context("c", "u", seq, seq - 1))
            # amendments and held ops are shown as waiting, not as done: chains end before them
            if result.result == "held" or doc is None or doc.notes.get("amendments"):
                break
            ops.append(msgspec.to_builtins(op))
            shown = wire(doc)
            after = {"state": shown["state"], "fields": shown["fields"]}
        made.append({"ops": ops, "after": after})
    return made


def main() -> None:
    """Write the file."""
    text = json.dumps(cases(), ensure_ascii=False, indent=1, sort_keys=True)
    (HERE / "apply.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
