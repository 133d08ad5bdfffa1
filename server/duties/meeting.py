"""Which duties (应访) a visit (走访) meets: pure rules of what a valid record is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

VALID_STATES = frozenset({"submitted", "approved", "archived"})
SEEN = frozenset({"met_guardian", "pupil_only"})


@dataclass(frozen=True, slots=True)
class Visit:
    """What of a visit decides. `occurred` is the day it took place, by the school's calendar."""

    id: str
    form: str
    state: str
    result: str | None
    students: frozenset[str]
    occurred: date

    @property
    def counts(self) -> bool:
        """Handed in, not returned or void, and somebody was seen; 未遇, 拒访 and 已搬迁 do not count."""
        return self.state in VALID_STATES and self.result in SEEN


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty as it stands. `met_by` are the visits that met it; states but open and met never change here."""

    id: str
    form: str
    students: frozenset[str]
    due: date
    window_from: date | None
    state: str
    met_by: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one duty: a visit meets it (`adds`), or no longer does."""

    duty: str
    adds: bool
    state: str


def changes(visit: Visit, duties: Iterable[Duty]) -> list[Change]:
    """What a visit, as it stands now, changes in the duties of its pupils.

    A visit meets one duty a pupil, the earliest open one whose window had begun; it doesn't matter whose duty
    it is, a duty belongs to the pupil. A visit that no longer counts lets go of what it had met.
    """
    ordered = sorted(duties, key=lambda duty: (duty.due, duty.id))
    if not visit.counts:
        return [_let_go(visit, duty) for duty in ordered if visit.id in duty.met_by]
    served = {pupil for duty in ordered if visit.id in duty.met_by for pupil in duty.students}
    found = []
    for duty in ordered:
        if _fits(visit, duty) and not duty.students & served:
            served |= duty.students
            found.append(Change(duty.id, adds=True, state="met"))
    return found


def _fits(visit: Visit, duty: Duty) -> bool:
    return (
        duty.state == "open"
        and duty.form == visit.form
        and bool(duty.students)
        and duty.students <= visit.students
        and (duty.window_from is None or visit.occurred >= duty.window_from)
    )


def _let_go(visit: Visit, duty: Duty) -> Change:
    alone = duty.met_by == {visit.id} and duty.state == "met"
    return Change(duty.id, adds=False, state="open" if alone else duty.state)
