"""What an import has to say: doubtful cells, one by one, and what was tidied, counted."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from server.roster.cells import Cell, written
from server.roster.grid import Row, Table
from server.roster.wording import sentence

MAX_PROBLEMS = 20_000
SECRET_FIELDS = frozenset({"ident", "enrolment_no"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One cell (or row, or sheet) that a person should look at. `row` is 0 for a whole sheet."""

    code: str
    file: str
    sheet: str
    row: int
    column: str
    was: str
    params: dict[str, Any] = field(default_factory=dict)
    who: str = ""
    secret: bool = False

    def done(self) -> str:
        """What was done, in words."""
        return sentence(self.code, self.params)

    def shown(self) -> dict[str, Any]:
        """As `--json` prints it: file, sheet, row, column, was, done (and code and who for programs)."""
        return {
            "file": self.file,
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "who": self.who,
            "was": self.was,
            "done": self.done(),
            "code": self.code,
        }

    def masked(self) -> dict[str, Any]:
        """As pages and downloads show it: of an ID number only the last four."""
        was = f"****{self.was.strip()[-4:]}" if self.secret and self.was.strip() else self.was
        return self.shown() | {"was": was}


@dataclass(slots=True)
class Notes:
    """Collects while sheets are read. `tidied` counts by code; `examples` keeps a few of what stood there."""

    problems: list[Problem] = field(default_factory=list)
    tidied: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    dropped: int = 0

    def doubt(self, table: Table, row: Row, name: str, code: str, who: str = "", /, **params: Any) -> None:
        """A doubtful cell of a row; `name` is the field whose column it is."""
        self.add(
            Problem(
                code,
                table.file,
                table.sheet,
                row.number,
                table.column(name),
                written(row.get(name)),
                params,
                who,
                name in SECRET_FIELDS,
            )
        )

    def sheet(self, file: str, sheet: str, code: str, was: str = "", row: int = 0, /, **params: Any) -> None:
        """Something about a sheet or a row as a whole."""
        self.add(Problem(code, file, sheet, row, "", was[:200], params))

    def add(self, problem: Problem) -> None:
        """Keeps a problem; beyond the cap they are only counted."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
        else:
            self.dropped += 1

    def tidy(self, code: str, cell: Cell = None) -> None:
        """Something unambiguous that was put in order."""
        self.tidied[code] += 1
        shown = written(cell).strip()
        kept = self.examples.setdefault(code, [])
        if shown and len(kept) < 3 and shown not in kept:
            kept.append(shown)
