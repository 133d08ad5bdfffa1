"""A person's open duties (应访), as reminders and lists need them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Due:
    """An open duty of one person: which pupils, which form, the last day on which it is in time."""

    id: str
    students: tuple[str, ...]
    form: str
    due: date


def read_due(duty: str, values: Mapping[str, Any]) -> Due | None:
    """A duty's values as a Due; None without a readable date, which then can't be reminded of."""
    due = read_date(values.get("due"))
    if due is None:
        return None
    return Due(duty, tuple(values.get("students") or ()), str(values.get("form") or ""), due)


def read_date(value: object) -> date | None:
    """An ISO date, or the day of an ISO time; None for anything else."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def of_person(person: str, duties: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Due]:
    """Of (id, values) pairs of open duties, those that this person is to do."""
    mine = (read_due(duty, values) for duty, values in duties if values.get("assignee") == person)
    return [due for due in mine if due is not None]
