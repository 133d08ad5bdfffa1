"""Sends one Web Push to one device. The outside world ends here: its failures come back as a word."""

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from hashlib import sha256
from typing import cast

import aiohttp
from pywebpush import WebPushException, webpush_async

from server.reminders.endpoints import EndpointRefused, check_endpoint
from server.reminders.keys import Keys
from server.reminders.outgoing import OneDoor, Outgoing
from server.reminders.plan import Reminder
from server.reminders.subscriptions import Device
from server.text import _

NO_SUBJECT = "mailto:postmaster@localhost.localdomain"
SHORTEST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=12)


class Sent(Enum):
    """What became of a push."""

    OK = auto()
    GONE = auto()
    LATER = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """`wait` is how long the push service asked us to wait, None if it didn't say."""

    sent: Sent
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """What all pushes of this server have in common."""

    keys: Keys
    subject: str
    outgoing: Outgoing

    async def send(self, device: Device, reminder: Reminder, school: str, now: datetime) -> Outcome:
        """Encrypt, sign and post a reminder of a school to a device."""
        try:
            check_endpoint(device.endpoint, self.outgoing.hosts)  # before pywebpush signs something for it
            reply = await webpush_async(
                {"endpoint": device.endpoint, "keys": {"p256dh": device.p256dh, "auth": device.auth}},
                payload(reminder, topic(reminder, school)),
                vapid_private_key=self.keys.private,
                vapid_claims={"sub": self.subject or NO_SUBJECT},
                ttl=int((reminder.until - now).total_seconds()),
                headers={"Urgency": "normal", "Topic": topic(reminder, school)},
                # pywebpush only calls .post() and looks at .status and .headers
                aiohttp_session=cast(aiohttp.ClientSession, OneDoor(self.outgoing)),
            )
        except WebPushException as error:
            return judge(error.status_code, error.retry_after, now)
        except (TimeoutError, aiohttp.ClientError, OSError):
            return Outcome(Sent.LATER)
        except (EndpointRefused, ValueError):  # an address or a key that can't be used
            return Outcome(Sent.REFUSED)
        return judge(getattr(reply, "status", None), None, now)


def payload(reminder: Reminder, tag: str) -> str:
    """What the phone's worker gets: `pwa/push.ts` reads it. `tag` makes a second copy replace the first."""
    message = {"title": _("走访"), "body": reminder.text, "url": reminder.url, "tag": tag}
    return json.dumps(message, ensure_ascii=False)


def topic(reminder: Reminder, school: str) -> str:
    """The message's name: of several with one name only the latest is kept by the service and shown."""
    return sha256(f"{school} {reminder.occasion}".encode()).hexdigest()[:32]


def judge(status: int | None, retry_after: str | None, now: datetime) -> Outcome:
    """What a push service's answer means (RFC 8030); None: it was not even asked."""
    if status is not None and 200 <= status < 300:
        return Outcome(Sent.OK)
    if status in (404, 410):
        return Outcome(Sent.GONE)
    if status is not None and (status == 429 or status >= 500):
        return Outcome(Sent.LATER, _wait(retry_after, now))
    return Outcome(Sent.REFUSED)


def _wait(retry_after: str | None, now: datetime) -> timedelta | None:
    """Retry-After, seconds or a date, within reason; None if there is none that can be read."""
    if retry_after is None:
        return None
    wait = None
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 10:
        wait = timedelta(seconds=int(retry_after))
    else:
        with contextlib.suppress(ValueError, TypeError):
            until = parsedate_to_datetime(retry_after)
            wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return None if wait is None else min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)
