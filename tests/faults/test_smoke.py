"""A few seconds of each part of `make faults`, so that the harness itself stays whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.browser import browser_killed
from tests.faults.clocks import phones_wrong, server_jumps
from tests.faults.cut import replies_cut
from tests.faults.disk import NoCompiler, build
from tests.faults.figures import Figures
from tests.faults.full import disk_full
from tests.faults.kill import on_sqlite
from tests.faults.postgres import on_postgres
from tests.faults.power import power_cuts
from tests.needs import need

SEED = 7


def kept(figures: Figures) -> None:
    """Every promise but that of speed, which a busy machine may break."""
    assert [line for line in figures.broken if not line.startswith("back after")] == [], figures.line()


@pytest.fixture
def compiler(tmp_path: Path) -> None:
    """Skips where the library can't be built."""
    try:
        built = build(tmp_path / "try")
    except NoCompiler:
        built = None
    need(built, "a C compiler (apt install gcc)")


def test_a_killed_server_has_what_it_acknowledged(tmp_path: Path) -> None:
    kept(on_sqlite(tmp_path / "run", 1, SEED))


def test_so_has_one_on_postgresql(tmp_path: Path) -> None:
    kept(on_postgres(tmp_path / "run", 2, SEED))


@pytest.mark.usefixtures("compiler")
def test_a_power_cut_takes_nothing_acknowledged(tmp_path: Path) -> None:
    kept(power_cuts(tmp_path / "run", 1, SEED))


@pytest.mark.usefixtures("compiler")
def test_a_server_that_does_not_wait_for_the_disk_is_caught(tmp_path: Path) -> None:
    kept(power_cuts(tmp_path / "run", 1, SEED, "off").as_control("synchronous=OFF"))


def test_a_line_that_breaks_loses_nothing(tmp_path: Path) -> None:
    kept(replies_cut(tmp_path / "run", 20, SEED))


@pytest.mark.usefixtures("compiler")
def test_a_full_disk_refuses_and_goes_on(tmp_path: Path) -> None:
    kept(disk_full(tmp_path / "run", 1, SEED))


def test_wrong_clocks_change_no_merge(tmp_path: Path) -> None:
    kept(phones_wrong(tmp_path / "run", 4, SEED))


@pytest.mark.usefixtures("compiler")
def test_a_clock_that_leaps_loses_nothing(tmp_path: Path) -> None:
    kept(server_jumps(tmp_path / "run", 2, SEED))


def test_a_killed_browser_has_what_was_saved(tmp_path: Path) -> None:
    kept(browser_killed(tmp_path / "run", 2, SEED))
