"""The test of the test: servers that are wrong on purpose are each caught by the machine."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from server.gateway import pull, push
from sync import fields, merge
from sync.doc import Register, SetRegister
from tests.conftest import MakeApp
from tests.server.gateway.test_machine import Phones, World

Patch = pytest.MonkeyPatch


def keep_the_last_writer(patch: Patch) -> None:
    patch.setattr(fields.Edit, "saw", lambda self, stamp: True)


def drop_a_sibling(patch: Patch) -> None:
    patch.setattr(fields, "_with_sibling", lambda register, value, stamp: register)


def lose_a_set_element(patch: Patch) -> None:
    real = fields._merge_set

    def lossy(field: Any, value: Any, edit: Any) -> SetRegister:
        made = real(field, value, edit)
        return SetRegister(dict(list(made.adds.items())[-1:]))

    patch.setattr(fields, "_merge_set", lossy)


def close_every_sibling_when_settling(patch: Patch) -> None:
    patch.setattr(
        merge, "without", lambda field, names, path: field and msgspec.structs.replace(field, siblings=())
    )


def overwrite_texts(patch: Patch) -> None:
    patch.setattr(fields, "_merge_text", lambda register, value, edit: Register(value or None, edit.stamp))


def skip_a_commit(patch: Patch) -> None:
    real = pull.write_cursor
    patch.setattr(pull, "write_cursor", lambda cursor: real(cursor._replace(rev=cursor.rev + 1)))


def ignore_seq(patch: Patch) -> None:
    """A repeated op is taken for a new one, with another answer."""
    real = push._stored

    async def forgetful(*args: Any) -> Any:
        found = await real(*args)
        return {seq: (d, msgspec.structs.replace(r, rev=r.rev + 1)) for seq, (d, r) in found.items()}

    patch.setattr(push, "_stored", forgetful)


BROKEN = [
    keep_the_last_writer,
    drop_a_sibling,
    lose_a_set_element,
    close_every_sibling_when_settling,
    overwrite_texts,
    skip_a_commit,
    ignore_seq,
]


# one database is enough to catch a wrong engine
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("break_it", BROKEN, ids=lambda f: f.__name__)
def test_a_wrong_server_is_caught(
    make_app: MakeApp, monkeypatch: Patch, break_it: Callable[[Patch], None]
) -> None:
    world = World(make_app())
    break_it(monkeypatch)
    machine = type("Machine", (Phones,), {"world": world})
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=200,
                stateful_step_count=30,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
                print_blob=False,
            ),
        )
    world.close()
