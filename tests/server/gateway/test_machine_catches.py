"""The test of the test: servers that are wrong on purpose are each caught by the machine."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RULE_MARKER, run_state_machine_as_test

from server.gateway import pull, push, views
from sync import fields, merge
from sync.doc import Register, SetRegister
from tests.server.gateway.machine import Machine
from tests.server.gateway.world import World

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


def apply_twice(patch: Patch) -> None:
    """A repeated op has the stored result, and is merged once more all the same."""
    whole, taking, came = views.push, push.take, []

    async def noted(conn: Any, env: Any, who: Any, client: Any, sent: Any, *rest: Any) -> Any:
        came[:] = sent
        return await whole(conn, env, who, client, sent, *rest)

    async def eager(work: Any, who: Any, client: Any, new: Any, *rest: Any) -> Any:
        again = [one.op for one in came if one.op is not None and one not in new]
        await work.load(op.doc for op in again)
        for op in again:
            work.merge(op, who, client)
        return await taking(work, who, client, new, *rest)

    patch.setattr(views, "push", noted)
    patch.setattr(push, "take", eager)


def forget_what_is_held(patch: Patch) -> None:
    patch.setattr("server.gateway.take._keep", lambda *args: None)


def keep_what_left_the_scope(patch: Patch) -> None:
    patch.setattr(pull, "Gone", lambda kind, id: msgspec.UNSET)
    real = pull._page
    patch.setattr(pull, "_page", lambda *args: real(*args)._replace(drop=[]))


def acknowledge_more_after_a_restore(patch: Patch) -> None:
    """What the phone still has is called safe, so that nobody sends it again."""
    real = views.Problem

    def boastful(status: int, name: str, /, **more: Any) -> Any:
        more |= {"acked": more["acked"] + 1} if name == "resync" else {}
        return real(status, name, **more)

    patch.setattr(views, "Problem", boastful)


FIELDS = "set_a_scalar change_a_set change_a_list write_text settle push push_all sync_all"
REPEATS = "change_a_set write_text push sync_all"
HELD = "begin_a_visit set_a_scalar sync_all change_who_sees_what"
LIFE = "set_a_scalar push_all sync_all do_something_to_the_server"
Break = Callable[[Patch], None]
BROKEN: dict[Break, str] = {
    keep_the_last_writer: FIELDS,
    drop_a_sibling: FIELDS,
    lose_a_set_element: FIELDS,
    close_every_sibling_when_settling: FIELDS,
    overwrite_texts: FIELDS,
    skip_a_commit: "set_a_scalar push_all pull sync_all",
    ignore_seq: REPEATS,
    apply_twice: REPEATS,
    forget_what_is_held: HELD,
    keep_what_left_the_scope: HELD,
    acknowledge_more_after_a_restore: LIFE,
}
"""What is wrong with a server, and the rules of the histories that are to show it: few, so that few do."""


def with_rules(names: str) -> dict[str, None]:
    """The members of a machine that has these rules only."""
    rules = {n for part in Machine.__mro__ for n, m in vars(part).items() if hasattr(m, RULE_MARKER)}
    assert set(names.split()) <= rules
    return dict.fromkeys(rules - set(names.split()))


# one database is enough to catch a wrong engine
@pytest.mark.parametrize("break_it", BROKEN, ids=lambda f: f.__name__)
def test_a_wrong_server_is_caught(
    tmp_path: Path, monkeypatch: Patch, figures: dict[str, int], break_it: Break
) -> None:
    world = World(f"sqlite:///{tmp_path / 'test.db'}", tmp_path)
    counts: Counter[str] = Counter()
    members = {**with_rules(BROKEN[break_it]), "world": world, "counts": counts}
    machine = seed(1)(type("Phones", (Machine,), members))
    break_it(monkeypatch)
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=100,
                database=None,
                stateful_step_count=15 if BROKEN[break_it] == LIFE else 40,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
                print_blob=False,
            ),
        )
    figures |= {"caught": 1, "histories": counts["histories"], "ops": counts["ops"]}
    world.close()
