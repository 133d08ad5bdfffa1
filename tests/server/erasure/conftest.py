"""A server with a school of which somebody is going to be erased, on both databases."""

import pytest

from tests.conftest import People
from tests.phone import uuid7
from tests.server.backup.conftest import Site, school, site
from tests.server.gateway.conftest import add_pupils

__all__ = ["school", "site"]
Pupils = dict[str, str]


@pytest.fixture
async def pupils(site: Site, school: People) -> Pupils:
    """A pupil with a sister at home, both of the class teacher's; and one alone in another household."""
    homes = {"home": uuid7(), "lonely": uuid7()}
    own = {"class": "三(2)班", "helpers": [school.ids["teacher"]]}
    ids = await add_pupils(
        site.app,
        school,
        龙䶮={**own, "household": homes["home"], "pinyin": "long yan zz"},
        龙宁={**own, "household": homes["home"]},
        石桐国={**own, "household": homes["lonely"]},
    )
    return ids | homes
