"""What an import changes: the docs as wanted against what the last import said, as ops with their bases."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from server.gateway.work import Env
from server.roster.known import Cells, Known
from server.roster.link import Linked
from server.roster.notes import Notes, Problem
from server.roster.wanted import Wanted
from sync.fields import same
from sync.protocol import Op

_COUNTED = ("student", "person", "meal")


@dataclass(slots=True)
class Change:
    """One op and what it is about. `paths` are the cells that it changes, as path → column."""

    op: Op
    wanted: Wanted
    paths: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """Everything that an import writes. `cells` become what it said last; revs are filled in when written."""

    changes: list[Change] = field(default_factory=list)
    cells: dict[str, dict[str, Any]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    added: int = 0
    new: Counter[str] = field(default_factory=Counter)  # kind → new docs
    idents_changed: set[str] = field(default_factory=set)  # pupils whose whole number changed

    def idents_changed_alone(self, changed: set[tuple[str, str]]) -> int:
        """Numbers that changed in digits which no doc shows, so that no op tells of them."""
        return sum(1 for pupil in self.idents_changed if (pupil, "ident") not in changed)

    def changed_by_column(self) -> dict[str, int]:
        """Changed cells of known pupils and people by column, the most first."""
        counted: Counter[str] = Counter()
        for change in self.changes:
            if not change.wanted.new:
                counted.update({column for column in change.paths.values() if column})
        return dict(counted.most_common())

    def changed_pupils(self) -> int:
        """How many known pupils have a changed cell."""
        return len({c.wanted.id for c in self.changes if c.wanted.kind == "student" and not c.wanted.new})


class Planner:
    """Compares doc by doc."""

    def __init__(self, env: Env, known: Known, notes: Notes, now: datetime) -> None:
        """`now` is only information in the ops."""
        self.env, self.known, self.notes, self.at = env, known, notes, now.isoformat()
        self.plan = Plan()

    def run(self, linked: Linked) -> Plan:
        """The plan for all docs of an import."""
        for wanted in linked.wanted:
            if wanted.new:
                self._create(wanted)
            else:
                self._edit(wanted)
            self.plan.added += wanted.added
        self.plan.idents_changed = linked.idents_changed
        return self.plan

    def _create(self, wanted: Wanted) -> None:
        values = {path: value for path, value in wanted.values.items() if value not in (None, "")}
        sets = {path: sorted(found) for path, found in (wanted.sets | wanted.grows).items() if found}
        body = values | {path: {"add": found} for path, found in sets.items()}
        op = self._op("create", wanted, body, {}, 0, {})
        self.plan.changes.append(Change(op, wanted, dict.fromkeys(body, "")))
        self.plan.cells[wanted.id] = values | sets
        self.plan.kinds[wanted.id] = wanted.kind
        self.plan.new[wanted.kind] += 1
        self.plan.added += wanted.kind in _COUNTED

    def _edit(self, wanted: Wanted) -> None:
        last = self.known.cells.get(wanted.id, {})
        by_base: dict[int, dict[str, Any]] = defaultdict(dict)
        said: dict[str, Any] = {}
        for path, value in wanted.values.items():
            old, rev = last.get(path, (None, 0))
            if value in (None, "") and "/" not in path:
                if old not in (None, ""):
                    self._emptied(wanted, path, old)
            elif not same(value, old):
                by_base[rev][path] = value
                said[path] = value
        for path, elements in wanted.sets.items():
            self._set(path, elements, last, by_base, said, remove=True)
        for path, elements in wanted.grows.items():
            self._set(path, elements, last, by_base, said, remove=False)
        for base, body in sorted(by_base.items()):
            was = {
                path: last[path][0] if path in last else "" for path in body if self._is_text(wanted, path)
            }
            op = self._op("edit", wanted, body, was, base, None)
            self.plan.changes.append(Change(op, wanted, self._columns(wanted, body, last)))
        if said:
            self.plan.cells[wanted.id] = said
            self.plan.kinds[wanted.id] = wanted.kind

    def _set(
        self,
        path: str,
        elements: set[str],
        last: Cells,
        by_base: dict[int, dict[str, Any]],
        said: dict[str, Any],
        remove: bool,
    ) -> None:
        old, rev = last.get(path, ([], 0))
        add = sorted(elements - set(old or ()))
        gone = sorted(set(old or ()) - elements) if remove else []
        if add or gone:
            by_base[rev][path] = {key: found for key, found in (("add", add), ("remove", gone)) if found}
            said[path] = sorted(elements if remove else {*(old or ()), *elements})

    def _emptied(self, wanted: Wanted, path: str, old: Any) -> None:
        """An emptied cell deletes nothing, and says so."""
        column = wanted.cells.get(path, path)
        if not wanted.spot or column != path:
            return
        table, row = wanted.spot
        params = {"value": {True: "是", False: "否"}.get(old, old) if isinstance(old, bool) else old}
        self.notes.add(
            Problem(
                "cell_emptied",
                table.file,
                table.sheet,
                row.number,
                table.column(path),
                "",
                params,
                wanted.who,
            )
        )

    def _columns(self, wanted: Wanted, body: dict[str, Any], last: Cells) -> dict[str, str]:
        """The column that each path came from, '' where it follows from another; a guardian is three."""
        found: dict[str, str] = {}
        for path, value in body.items():
            column = wanted.cells.get(path, path)
            if path in wanted.grows or path == "to_check":
                column = ""
            found[path] = column
            if path.startswith("guardians/"):
                old = last[path][0] if path in last else {}
                parts = [
                    key for key in ("name", "relation", "phone") if (old or {}).get(key) != value.get(key)
                ]
                found |= {f"{path}#{key}": f"guardian {key}" for key in parts}
                found[path] = ""
            elif column == "beds" and path in last:
                found[path] = "beds"
        return found

    def _is_text(self, wanted: Wanted, path: str) -> bool:
        question = self.env.forms.latest(wanted.kind).question_for(path)
        return question is not None and question.merge == "text"

    def _op(
        self,
        verb: str,
        wanted: Wanted,
        body: dict[str, Any],
        was: dict[str, Any],
        base: int,
        meta: dict[str, Any] | None,
    ) -> Op:
        form = self.env.forms.latest(wanted.kind)
        return Op(
            0,
            verb,
            wanted.kind,
            wanted.id,
            base=base,
            form=form.name,
            form_version=form.version,
            set=body,
            was=was or None,
            meta=meta,
            at=self.at,
        )
