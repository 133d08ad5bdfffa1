"""What to tell whom, and when: pure functions of duties and a clock (times of the day are the school's)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.duties.due import Due
from server.text import _, fmt

QUIET_FROM = time(21, 0)
QUIET_UNTIL = time(7, 0)
LONGEST = timedelta(days=3)
SHORTEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reminder:
    """One message to one person.

    `occasion` names what it is about and never repeats; `duties` are those it tells of; `until` is when it
    is no longer worth delivering. `text` may be read by whoever sees the lock screen: no name, no reason.
    """

    occasion: str
    duties: tuple[str, ...]
    text: str
    url: str
    until: datetime


def is_quiet(now: datetime, zone: ZoneInfo) -> bool:
    """Whether a phone should be left alone: 21:00 to 07:00."""
    local = now.astimezone(zone).time()
    return local >= QUIET_FROM or local < QUIET_UNTIL


def week_name(now: datetime, zone: ZoneInfo) -> str:
    """`due:2026-W47`: what the occasions of one week begin with."""
    year, week, _day = now.astimezone(zone).date().isocalendar()
    return f"due:{year}-W{week:02d}"


def due_this_week(duties: Iterable[Due], now: datetime, zone: ZoneInfo) -> list[Due]:
    """The duties due between today and Sunday, the most urgent first."""
    today = now.astimezone(zone).date()
    sunday = today + timedelta(days=6 - today.weekday())
    return sorted(
        (duty for duty in duties if today <= duty.due <= sunday), key=lambda duty: (duty.due, duty.id)
    )


def weekly(
    duties: Iterable[Due], announced: Collection[str], now: datetime, zone: ZoneInfo
) -> Reminder | None:
    """A reminder of all that is due until Sunday; None if none of it is new.

    `announced` are the ids that earlier reminders of this week told of. The occasion carries the day, so that
    one person hears at most once a day, and of each duty once a week.
    """
    due = due_this_week(duties, now, zone)
    if all(duty.id in announced for duty in due):
        return None
    return _message(f"{week_name(now, zone)}:{now.astimezone(zone).date().isoformat()}", due, now, zone)


def again(
    occasion: str, announced: Collection[str], duties: Iterable[Due], now: datetime, zone: ZoneInfo
) -> Reminder | None:
    """A reminder that did not get through, with what of it still stands; None if nothing does."""
    due = [duty for duty in due_this_week(duties, now, zone) if duty.id in announced]
    return _message(occasion, due, now, zone) if due else None


def _message(occasion: str, due: Sequence[Due], now: datetime, zone: ZoneInfo) -> Reminder:
    return Reminder(
        occasion=occasion,
        duties=tuple(duty.id for duty in due),
        text=fmt(_("您有{n}次走访本周到期,点开查看"), n=len(due)),
        url=_page(due),
        until=_worth_until(due[0].due, now, zone),
    )


def _page(due: Sequence[Due]) -> str:
    """The page of the phone that a tap opens: the one visit, or today's list."""
    if len(due) == 1 and due[0].students:
        return f"/app/pupils/{due[0].students[0]}"
    return "/app/"


def _worth_until(first: date, now: datetime, zone: ZoneInfo) -> datetime:
    midnight = datetime.combine(first + timedelta(days=1), time(), zone).astimezone(UTC)
    return max(min(midnight, now + LONGEST), now + SHORTEST)
