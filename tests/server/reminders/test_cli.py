"""`zoufang worker` as whoever runs it meets it."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli import main
from server.reminders.cli import run
from server.settings import Settings
from tests.town import Town


def test_help_says_what_goes_out_and_when() -> None:
    said = CliRunner().invoke(main, ["worker", "--help"]).output
    for word in ("--once", "--every", "21:00", "07:00", "PUSH_HOSTS", "PUSH_SUBJECT", "DATABASE_URL"):
        assert word in said


def test_bad_settings_are_explained() -> None:
    done = CliRunner().invoke(main, ["worker", "--once"], env={"PUSH_SUBJECT": "me"})
    assert done.exit_code == 1
    assert "PUSH_SUBJECT" in done.output


def test_a_database_without_tables_is_explained(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/empty.db"
    done = CliRunner().invoke(main, ["worker", "--once"], env={"DATABASE_URL": url})
    assert done.exit_code == 1
    assert "zoufang migrate" in done.output


async def test_once_makes_one_pass_with_the_keys_that_phones_know(town: Town, database_url: str) -> None:
    await town.phone()
    await town.assign(town.li)
    settings = Settings(database_url=database_url, push_hosts=(town.service.host,))
    out = town.service.outgoing()
    assert await run(settings, once=True, clock=town.clock, outgoing=out) == 1
    assert await run(settings, once=True, clock=town.clock, outgoing=out) == 0
    assert (await town.worker()).sender.keys.public in town.service.posted[0].headers["authorization"]


async def test_it_goes_on_until_it_is_told_to_end(
    town: Town, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.phone()
    await town.assign(town.li)
    told: list[object] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "add_signal_handler", lambda _number, stop: told.append(stop))
    settings = Settings(database_url=database_url, push_hosts=(town.service.host,))
    going = asyncio.create_task(run(settings, every=0.01, clock=town.clock, outgoing=town.service.outgoing()))
    while not town.service.posted:
        await asyncio.wait({going}, timeout=0.05)
    for stop in told:
        assert callable(stop)
        stop()
    assert await going == 1
