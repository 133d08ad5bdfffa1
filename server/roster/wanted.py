"""What an import wants the school's docs to say, before it is compared with what they say."""

from dataclasses import dataclass, field
from typing import Any

from server.roster.records import Spot

Json = Any


@dataclass(slots=True)
class Wanted:
    """One doc as the workbooks have it. `values` by path; '' and None are empty cells and delete nothing.

    `sets` are sets that follow a cell (what it no longer names is removed); `grows` only gain.
    `cells` names the column a path came from, so that one changed cell counts once.
    """

    kind: str
    id: str
    new: bool
    spot: Spot | None = None
    who: str = ""
    values: dict[str, Json] = field(default_factory=dict)
    sets: dict[str, set[str]] = field(default_factory=dict)
    grows: dict[str, set[str]] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    added: int = 0  # beds and pairs that are new, besides the doc itself
