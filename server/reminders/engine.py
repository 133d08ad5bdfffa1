"""One pass over all people who can be reached: finds what is due, claims it, sends it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from server import access
from server.db import Database, is_unavailable, new_id
from server.duties.actions import due_of
from server.gateway.work import Env
from server.reminders import claims, plan, subscriptions
from server.reminders.claims import Claim, Person, Row
from server.reminders.plan import Reminder
from server.reminders.push import Outcome, Sender, Sent
from server.reminders.subscriptions import Device
from server.schools import all_schools

AT_ONCE = 8
log = logging.getLogger("zoufang.worker")


@dataclass(frozen=True, slots=True)
class Job:
    """A reminder that is this worker's to send, and the devices that do not have it yet."""

    claim: Claim
    reminder: Reminder
    devices: list[Device]


@dataclass(slots=True)
class Worker:
    """Sends reminders. Any number may run, in any number of processes."""

    db: Database
    env: Env
    sender: Sender
    clock: Callable[[], datetime]
    id: str = field(default_factory=new_id)

    async def run_once(self) -> int:
        """Remind everyone for whom it is time; returns how many devices took a message."""
        async with self.db.read() as conn:
            people = await self._people(conn)
        turns = asyncio.Semaphore(AT_ONCE)

        async def in_turn(person: Person, zone: ZoneInfo) -> int:
            async with turns:
                try:
                    return await self.remind(person, zone)
                except Exception as error:
                    if is_unavailable(error):
                        raise
                    log.exception("a reminder could not be made")  # the others get theirs
                    return 0

        return sum(await asyncio.gather(*(in_turn(person, zone) for person, zone in people)))

    async def _people(self, conn: AsyncConnection) -> list[tuple[Person, ZoneInfo]]:
        """Everyone with a device, once a school, where it is not night."""
        now = self.clock()
        zones = {school.id: ZoneInfo(school.tz) for school in await all_schools(conn)}
        awake = {school for school, zone in zones.items() if not plan.is_quiet(now, zone)}
        users = sorted(await subscriptions.reachable(conn, now)) if awake else []
        pairs = [(user, school["id"]) for user in users for school in await access.schools_of(conn, user)]
        return [(Person(school, user), zones[school]) for user, school in pairs if school in awake]

    async def remind(self, person: Person, zone: ZoneInfo) -> int:
        """Send this person's reminder if there is one; returns how many devices took it."""
        job = await self._claim(person, zone)
        if job is None:
            return 0
        outcomes = [await self._send(job, device) for device in job.devices]
        await self._conclude(job.claim, outcomes)
        return sum(outcome.sent is Sent.OK for outcome in outcomes)

    async def _claim(self, person: Person, zone: ZoneInfo) -> Job | None:
        now = self.clock()
        async with self.db.read() as conn:
            devices = await subscriptions.devices_of(conn, person.user, now)
            if not devices:
                return None
            rows = await claims.rows_of(conn, person, plan.week_name(now, zone))
            due = await due_of(conn, self.env, person.school, person.user)
        unfinished = next((row for row in rows if row.is_open(now)), None)
        if unfinished is not None:
            reminder = plan.again(unfinished.occasion, unfinished.duties, due, now, zone)
            return await self._resume(person, unfinished, reminder, devices)
        announced = {duty for row in rows for duty in row.duties}
        reminder = plan.weekly(due, announced, now, zone)
        if reminder is None:
            return None
        async with self.db.write() as conn:
            claim = await claims.begin(conn, person, reminder, self.id, now)
        return None if claim is None else Job(claim, reminder, devices)

    async def _resume(
        self, person: Person, row: Row, reminder: Reminder | None, devices: list[Device]
    ) -> Job | None:
        now = self.clock()
        async with self.db.write() as conn:
            claim = await claims.take_over(conn, person, row, self.id, now)
            if claim is None:
                return None
            if reminder is None:
                await claims.finish(conn, claim, "dropped", now)
                return None
        return Job(claim, reminder, [device for device in devices if device.id not in claim.reached])

    async def _send(self, job: Job, device: Device) -> Outcome:
        now = self.clock()
        outcome = await self.sender.send(device, job.reminder, job.claim.person.school, now)
        async with self.db.write() as conn:
            if outcome.sent is Sent.OK:
                await claims.note_reached(conn, job.claim, device.id)
                await subscriptions.took(conn, device.id, now)
            elif outcome.sent is Sent.GONE:
                await subscriptions.gone(conn, device.id)
            else:
                await subscriptions.failed(conn, device.id)
        return outcome

    async def _conclude(self, claim: Claim, outcomes: list[Outcome]) -> None:
        """Sent if each device has it; tried again for those that could not be reached now."""
        now = self.clock()
        later = [outcome.wait for outcome in outcomes if outcome.sent is Sent.LATER]
        got = bool(claim.reached) or any(outcome.sent is Sent.OK for outcome in outcomes)
        async with self.db.write() as conn:
            if later and claim.attempts < claims.ATTEMPTS:
                asked = max((wait for wait in later if wait is not None), default=None)
                until = claims.next_try(claim.attempts, asked, now)
                await claims.finish(conn, claim, "waiting", now, until)
            else:
                await claims.finish(conn, claim, "sent" if got else "failed", now)
