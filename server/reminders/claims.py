"""Who sends which reminder: claims in the database, so that any number of workers may run.

A reminder is a row, unique by school, person, channel and occasion. Whoever inserts it, or takes it over when
its claim has lapsed, sends it. So a reminder is sent once, except when a worker dies between the push
service's answer and writing it down: then it is sent again after the claim has lapsed, and replaces the first
on the phone (same topic, same tag). It is never lost.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.db import insert_or_ignore
from server.reminders.models import reminders
from server.reminders.plan import Reminder

PUSH = "push"
LEASE = timedelta(minutes=5)
ATTEMPTS = 6
FIRST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Person:
    """Whose reminder, at which school."""

    school: str
    user: str


@dataclass(frozen=True, slots=True)
class Row:
    """A reminder that was begun: what it tells of, which devices have it, when it may be tried again."""

    occasion: str
    state: str
    until: datetime
    attempts: int
    duties: tuple[str, ...]
    reached: frozenset[str]

    def is_open(self, now: datetime) -> bool:
        """Whether somebody should (again) take it up; one that ended its workers too often is left alone."""
        return self.state in ("claimed", "waiting") and self.until <= now and self.attempts < ATTEMPTS


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of one worker to send one reminder, until the lease ends."""

    person: Person
    occasion: str
    worker: str
    attempts: int
    reached: frozenset[str]


async def rows_of(conn: AsyncConnection, person: Person, week: str) -> list[Row]:
    """This person's reminders of one week (`plan.week_name`), oldest first."""
    of_week = reminders.c.occasion.startswith(week + ":", autoescape=True)
    found = await conn.execute(select(reminders).where(_of(person), of_week).order_by(reminders.c.occasion))
    return [
        Row(row.occasion, row.state, row.until, row.attempts, tuple(row.duties), frozenset(row.reached))
        for row in found
    ]


async def begin(
    conn: AsyncConnection, person: Person, reminder: Reminder, worker: str, now: datetime
) -> Claim | None:
    """Claim a new reminder. None if another worker has it."""
    row = {
        "school_id": person.school,
        "user_id": person.user,
        "channel": PUSH,
        "occasion": reminder.occasion,
        "state": "claimed",
        "worker": worker,
        "until": now + LEASE,
        "attempts": 1,
        "duties": list(reminder.duties),
        "reached": [],
        "created": now,
    }
    if not await insert_or_ignore(conn, reminders, row):
        return None
    return Claim(person, reminder.occasion, worker, 1, frozenset())


async def take_over(
    conn: AsyncConnection, person: Person, row: Row, worker: str, now: datetime
) -> Claim | None:
    """Take up a reminder that waits, or whose worker vanished. None if another worker was faster."""
    still = and_(reminders.c.state.in_(("claimed", "waiting")), reminders.c.until <= now)
    done = await conn.execute(
        update(reminders)
        .where(_of(person), reminders.c.occasion == row.occasion, still)
        .values(state="claimed", worker=worker, until=now + LEASE, attempts=row.attempts + 1)
    )
    if done.rowcount != 1:
        return None
    return Claim(person, row.occasion, worker, row.attempts + 1, row.reached)


async def note_reached(conn: AsyncConnection, claim: Claim, device: str) -> None:
    """Note that a device has it, at once: a crash then repeats as little as possible."""
    held = await conn.scalar(select(reminders.c.reached).where(_held(claim)))
    if held is not None:
        reached = sorted({*held, device})
        await conn.execute(update(reminders).where(_held(claim)).values(reached=reached))


async def finish(
    conn: AsyncConnection, claim: Claim, state: str, now: datetime, until: datetime | None = None
) -> None:
    """Let go of a claim: `sent`, `waiting` (with `until`), `dropped` (nothing left to tell) or `failed`."""
    sent = {"sent": now} if state == "sent" else {}
    await conn.execute(update(reminders).where(_held(claim)).values(state=state, until=until or now, **sent))


def next_try(attempts: int, asked: timedelta | None, now: datetime) -> datetime:
    """When to try again: when the push service said, else after 5, 10, 20 … minutes."""
    return now + (asked or FIRST_WAIT * 2 ** (attempts - 1))


def _of(person: Person) -> ColumnElement[bool]:
    return and_(
        reminders.c.school_id == person.school,
        reminders.c.user_id == person.user,
        reminders.c.channel == PUSH,
    )


def _held(claim: Claim) -> ColumnElement[bool]:
    mine = and_(reminders.c.state == "claimed", reminders.c.worker == claim.worker)
    return and_(_of(claim.person), reminders.c.occasion == claim.occasion, mine)
