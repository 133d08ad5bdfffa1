"""`zoufang worker`: the process that sends reminders."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from datetime import datetime

import click

from server.command import check_database, read_settings
from server.db import Database, is_unavailable, utcnow
from server.gateway.work import Env
from server.reminders.engine import Worker
from server.reminders.keys import vapid_keys
from server.reminders.outgoing import Outgoing
from server.reminders.push import Sender
from server.render import TEMPLATES
from server.settings import Settings
from sync.forms import load_forms

log = logging.getLogger("zoufang.worker")


@click.command()
@click.option("--once", is_flag=True, help="Make one pass over all schools, say what was sent, and end.")
@click.option(
    "--every", default=60, show_default=True, type=click.IntRange(1, 3600), help="Seconds between passes."
)
def worker(once: bool, every: int) -> None:
    """Send reminders of visits that are due this week.

    Goes through all schools again and again. A person who has open duties due until Sunday and has switched
    reminders on gets one message, with a count and no name: once for each duty, at most once a day, and never
    between 21:00 and 07:00 of the school's time zone.

    Any number of workers may run, on one machine or several: they claim reminders in the database, so that
    each goes out once. What one that was killed had begun, another takes over after five minutes. A worker
    needs the same DATABASE_URL as the server, and a way out to the push services (port 443); PUSH_HOSTS lists
    them, and PUSH_SUBJECT (mailto: or https:) tells them whom to write to. It ends at SIGTERM or Ctrl-C, when
    the pass it is in is done.
    """
    settings = read_settings()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    log.setLevel(logging.INFO)
    sent = asyncio.run(_checked(settings, once, every))
    if once:
        click.echo(f"{sent} sent")


async def _checked(settings: Settings, once: bool, every: int) -> int:
    await check_database(settings)
    return await run(settings, once=once, every=every)


async def run(
    settings: Settings,
    *,
    once: bool = False,
    every: float = 60,
    clock: Callable[[], datetime] = utcnow,
    outgoing: Outgoing | None = None,
) -> int:
    """Pass after pass until SIGTERM or SIGINT, or a single one; returns how many messages were taken."""
    db = Database(settings.database_url)
    try:
        made = await make_worker(db, settings, clock, outgoing)
        return await made.run_once() if once else await _forever(made, every)
    finally:
        await db.close()


async def make_worker(
    db: Database, settings: Settings, clock: Callable[[], datetime], outgoing: Outgoing | None = None
) -> Worker:
    """A worker as the settings want it. `outgoing` replaces the real world's push services."""
    subject = settings.push_subject or (settings.base_url if settings.base_url.startswith("https:") else "")
    way = outgoing or Outgoing(hosts=settings.push_hosts)
    sender = Sender(await vapid_keys(db, clock()), subject, way)
    return Worker(db, Env(load_forms(TEMPLATES / "forms"), clock), sender, clock)


async def _forever(made: Worker, every: float) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sent = 0
    while not stop.is_set():
        sent += await _pass(made)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every)
    return sent


async def _pass(made: Worker) -> int:
    """One pass; what goes wrong in it is logged, and the next one tries again."""
    try:
        sent = await made.run_once()
    except Exception as error:
        if not is_unavailable(error):
            raise
        log.warning("the database is not available: %s", type(error).__name__)
        return 0
    if sent:
        log.info("%d sent", sent)
    return sent
