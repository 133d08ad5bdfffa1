"""A small form and short words for the tests of the merge engine."""

from typing import Any

from sync.doc import Doc
from sync.forms import Form, parse_form
from sync.merge import Context, merge
from sync.protocol import Op, Result

FORM: Form = parse_form(
    {
        "name": "note",
        "version": 1,
        "kind": "visit",
        "title": "试",
        "questions": [
            {"name": "carer", "type": "line", "label": "监护"},
            {"name": "phone", "type": "line", "label": "电话"},
            {"name": "needs", "type": "tags", "label": "困难"},
            {"name": "story", "type": "text", "label": "情况", "max_length": 60},
            {
                "name": "samples",
                "type": "list",
                "label": "留样",
                "columns": [{"name": "grams", "type": "number", "label": "克"}],
            },
            {
                "name": "score",
                "type": "matrix",
                "label": "评分",
                "rows": [{"name": "floor", "label": "地面"}, {"name": "bed", "label": "床铺"}],
            },
            {"name": "sign", "type": "sign", "label": "签名"},
        ],
    }
)


class Desk:
    """One doc and the clients that change it; every op gets the next rev, as if each were a commit."""

    def __init__(self) -> None:
        self.doc: Doc | None = None
        self.rev = 0
        self.seqs: dict[str, int] = {}

    def send(
        self, client: str, op: str = "edit", base: int | None = None, since: int = 0, **rest: Any
    ) -> Result:
        """One op of a client; `base` None means that it saw everything so far; `since` as in Stamp."""
        seq = self.seqs[client] = self.seqs.get(client, 0) + 1
        seen = self.rev if base is None else base
        made = Op(seq, op, "visit", "d", base=seen, form="note", form_version=1, **rest)
        context = Context(client, f"user-{client}", self.rev + 1, self.rev, since)
        before = self.doc
        self.doc, result = merge(before, made, FORM, context)
        if self.doc is not before:
            self.rev += 1
        return result

    def edit(self, client: str, base: int | None = None, **values: Any) -> Result:
        """An edit; `a__b` in a name stands for the path `a/b`."""
        return self.send(client, base=base, set={k.replace("__", "/"): v for k, v in values.items()})

    def write(self, client: str, was: str, new: str, base: int | None = None) -> Result:
        """An edit of the text `story`."""
        return self.send(client, base=base, set={"story": new}, was={"story": was})

    @property
    def shown(self) -> dict[str, Any]:
        """The shown values."""
        return self.doc.values() if self.doc else {}

    def open(self, path: str) -> list[Any]:
        """The values of the open siblings at a path."""
        return [s["value"] for s in self.doc.siblings().get(path, [])] if self.doc else []


def desk(**values: Any) -> Desk:
    """A doc made by client `a` with these values, at rev 1."""
    made = Desk()
    assert made.send("a", "create", base=0, set=values).result == "applied"
    return made
