"""What follows for duties from visits and postponements, as part of the transaction that changes those."""

from collections.abc import Iterable
from datetime import date

from server.duties.due import read_date
from server.duties.meeting import Change, Duty, Visit, changes
from server.gateway.finish import occurred
from server.gateway.work import Work
from sync.doc import Doc


async def meet_duties(work: Work, before: Doc | None, after: Doc) -> None:
    """A visit handed in meets duties; one withdrawn, returned, void or found to be without result lets go."""
    if before is None and after.state == "draft":
        return  # begun, and nothing has been handed in
    visit = _visit(after)
    if visit is None or (before is not None and _visit(before) == visit):
        return
    duties = [_duty(doc) for doc in await work.referring(visit.students, "duty")]
    for change in changes(visit, duties):
        await _carry_out(work, visit, change)


async def follow_postponement(work: Work, before: Doc | None, after: Doc) -> None:
    """The day that a postponement names becomes the duty's; who postpones may not edit it otherwise."""
    events = after.notes.get("events", [])
    known = len(before.notes.get("events", [])) if before is not None else 0
    if len(events) == known or events[-1].get("event") != "postpone":
        return
    due = read_date(events[-1].get("args", {}).get("due"))
    if due is not None:
        await work.edit(after, due=due.isoformat())


async def _carry_out(work: Work, visit: Visit, change: Change) -> None:
    duty = _found(work, change.duty)
    was = duty.state
    await work.edit(duty, met_by={"add" if change.adds else "remove": [visit.id]})
    if was != change.state:
        await work.raise_event(_found(work, change.duty), "met" if change.state == "met" else "reopen")


def _found(work: Work, duty: str) -> Doc:
    doc = work.get(duty)
    if doc is None:
        raise LookupError(duty)
    return doc


def _visit(doc: Doc) -> Visit | None:
    """What decides of a visit; None for one that is about no pupil, or has no day."""
    students = _ids(doc.meta.get("students"))
    day = read_date(occurred(doc))
    if not students or day is None:
        return None
    result = doc.some("result").get("result")
    return Visit(doc.id, doc.form, doc.state or "", result, students, day)


def _duty(doc: Doc) -> Duty:
    values = doc.values()
    return Duty(
        id=doc.id,
        form=str(values.get("form") or ""),
        students=_ids(values.get("students")),
        due=read_date(values.get("due")) or date.max,
        window_from=read_date(values.get("window_from")),
        state=doc.state or "",
        met_by=_ids(values.get("met_by")),
    )


def _ids(value: object) -> frozenset[str]:
    given: Iterable[object] = value if isinstance(value, list) else ()
    return frozenset(each for each in given if isinstance(each, str))
