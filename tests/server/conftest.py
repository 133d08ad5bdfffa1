"""Fixtures of the server's tests: a town with duties, a village with records, and browsers at the office."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from litestar import Litestar

from tests.conftest import Client, People
from tests.server.village import Village, make_village
from tests.town import push_service, town

__all__ = ["push_service", "town"]


@pytest.fixture
async def village(app: Litestar, school: People) -> Village:
    """Pupils, a building and a meal of the school."""
    return await make_village(app, school)


@pytest.fixture
def sign_in(clients: Callable[[], Awaitable[Client]], school: People) -> Callable[[str], Awaitable[Client]]:
    """`await sign_in("office")` is a browser in which that person is signed in."""

    async def enter(role: str) -> Client:
        browser = await clients()
        assert (await browser.sign_in(school.phones[role])).status_code == 201
        return browser

    return enter


@pytest.fixture
async def office(sign_in: Callable[[str], Awaitable[Client]], village: Village) -> Client:
    """The office's browser."""
    return await sign_in("office")
