"""The test of the test: servers that are wrong on purpose are each caught by the machine."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text

from server.gateway import pull, push, views
from server.vaults import views as vault_views
from sync import fields, merge
from sync.doc import Register, SetRegister
from tests.server.gateway.machine import Machine, with_rules
from tests.server.gateway.world import Broke, World

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
        merge,
        "without",
        lambda field, names, path, edit: field and msgspec.structs.replace(field, siblings=()),
    )


def overwrite_texts(patch: Patch) -> None:
    patch.setattr(fields, "_merge_text", lambda register, value, edit: Register(value or None, edit.stamp))


def skip_a_commit(patch: Patch) -> None:
    real = pull.write_cursor
    patch.setattr(pull, "write_cursor", lambda cursor: real(cursor._replace(rev=cursor.rev + 1)))


def ignore_seq(patch: Patch) -> None:
    """An op is new whatever its number says: one that was taken already is taken once more, log and all."""
    real = views.push

    async def forgetful(
        conn: Any, env: Any, who: Any, client: Any, sent: Any, *rest: Any, **epoch: Any
    ) -> Any:
        mine = {"client": client, "first": sent[0].seq}
        last = (
            await conn.execute(text("SELECT last_seq FROM clients WHERE id = :client"), mine)
        ).scalar() or 0
        if sent[0].seq <= last:
            await conn.execute(text("DELETE FROM ops WHERE client_id = :client AND seq >= :first"), mine)
            again = "UPDATE clients SET last_seq = :first - 1 WHERE id = :client"
            await conn.execute(text(again), mine)
        return await real(conn, env, who, client, sent, *rest, **epoch)

    patch.setattr(views, "push", forgetful)


def apply_twice(patch: Patch) -> None:
    """A repeated op has the stored result, and is merged once more all the same."""
    whole, taking, came = views.push, push.take, []

    async def noted(conn: Any, env: Any, who: Any, client: Any, sent: Any, *rest: Any, **epoch: Any) -> Any:
        came[:] = sent
        return await whole(conn, env, who, client, sent, *rest, **epoch)

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


def take_a_copy_for_the_phone(patch: Patch) -> None:
    """After a restore a phone that knows the lost life is believed to have made all that its client did."""
    patch.setattr(push, "_since", lambda *args: 0)


def lose_what_came_sealed(patch: Patch) -> None:
    """What a locked phone sent is answered and not taken."""

    async def deaf(request: Any, caller: Any, client: str, sent: Any, epoch: Any) -> Any:
        return push.Pushed(sent[-1].seq if sent else 0, 0, [])

    patch.setattr(vault_views, "commit", deaf)


class Rules(NamedTuple):
    """What happens in the histories that are to show what is wrong: few rules, so that few histories do."""

    names: str
    drawn_from: int
    histories: int
    steps: int = 30


FIELDS = Rules(
    "set_a_scalar change_a_set change_a_list write_text settle push push_all sync_all", 1, 12, steps=40
)
REPEATS = Rules("change_a_set write_text push sync_all", 4, 4)
HELD = Rules("begin_a_visit set_a_scalar sync_all change_who_sees_what", 4, 4)
PULLS = Rules("set_a_scalar push_all pull sync_all", 1, 3)
LIFE = Rules("set_a_scalar push_all sync_all do_something_to_the_server", 1, 4, steps=15)
SEALED = Rules("set_a_scalar deliver_sealed push_all", 2, 4)
COPIES = Rules(
    "push_all do_something_to_the_server a_phone_and_its_copy_go_apart deliver_sealed", 1, 12, steps=12
)
Break = Callable[[Patch], None]
BROKEN: dict[Break, Rules] = {
    keep_the_last_writer: FIELDS,
    drop_a_sibling: FIELDS,
    lose_a_set_element: FIELDS,
    close_every_sibling_when_settling: FIELDS,
    overwrite_texts: FIELDS,
    skip_a_commit: PULLS,
    ignore_seq: REPEATS,
    apply_twice: REPEATS,
    forget_what_is_held: HELD,
    keep_what_left_the_scope: HELD,
    acknowledge_more_after_a_restore: LIFE,
    lose_what_came_sealed: SEALED,
    take_a_copy_for_the_phone: COPIES,
}
"""What is wrong with a server, and the histories that are to show it."""


def run(world: World, rules: Rules) -> Counter[str]:
    """The histories of these rules, the same ones in every run; returns what was counted."""
    counts: Counter[str] = Counter()
    members = {**with_rules(rules.names), "world": world, "counts": counts}
    run_state_machine_as_test(
        seed(rules.drawn_from)(type("Phones", (Machine,), members)),
        settings=settings(
            max_examples=rules.histories,
            database=None,
            stateful_step_count=rules.steps,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
    return counts


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One database is enough to catch a wrong engine."""
    made = World(f"sqlite:///{tmp_path / 'test.db'}", tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("break_it", BROKEN, ids=lambda f: f.__name__)
def test_a_wrong_server_is_caught(
    world: World, monkeypatch: Patch, figures: dict[str, int], break_it: Break
) -> None:
    break_it(monkeypatch)
    # what it does wrong breaks the contract: a server that only breaks down would prove nothing
    assert failures(world, BROKEN[break_it]) == {AssertionError}
    figures["caught"] = 1


def test_a_server_that_breaks_down_is_not_caught_but_broken(world: World, monkeypatch: Patch) -> None:
    monkeypatch.setattr(fields, "_merge_text", broken)
    assert failures(world, REPEATS) == {Broke}
    monkeypatch.setattr(views, "push", broken)
    assert failures(world, REPEATS) == {Broke}


def broken(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError


def failures(world: World, rules: Rules) -> set[type[BaseException]]:
    """The kinds of what goes wrong under these rules."""
    with pytest.raises((AssertionError, Broke, BaseExceptionGroup)) as caught:
        run(world, rules)
    return {type(reason) for reason in leaves(caught.value)}


@pytest.mark.parametrize("rules", sorted(set(BROKEN.values())), ids=lambda rules: rules.names)
def test_an_honest_server_passes_the_same(world: World, figures: dict[str, int], rules: Rules) -> None:
    counts = run(world, rules)
    assert counts["histories"] >= rules.histories
    assert counts["acked"] > 0
    figures |= {name: counts[name] for name in ("histories", "ops", "acked", "sealed", "lost")}


def leaves(error: BaseException) -> Iterator[BaseException]:
    """What went wrong, without Hypothesis's wrapping: it may not happen again on a server that went on."""
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from leaves(part)
    else:
        yield error
