"""Which duties a visit meets."""

from dataclasses import replace
from datetime import date

import pytest

from server.duties.meeting import Change, Duty, Visit, changes

LI = frozenset({"li"})
VISIT = Visit("v1", "home_visit", "submitted", "met_guardian", LI, date(2026, 11, 21))
DUTY = Duty("d1", "home_visit", LI, date(2026, 11, 27), date(2026, 11, 1), "open", frozenset())


@pytest.mark.parametrize("result", ["met_guardian", "pupil_only"])
@pytest.mark.parametrize("state", ["submitted", "approved", "archived"])
def test_a_visit_where_someone_was_seen_meets_the_duty(state: str, result: str) -> None:
    assert changes(replace(VISIT, state=state, result=result), [DUTY]) == [Change("d1", True, "met")]


@pytest.mark.parametrize("result", ["nobody_home", "refused", "moved", None])
def test_a_visit_where_nobody_was_seen_leaves_it_open(result: str | None) -> None:
    assert changes(replace(VISIT, result=result), [DUTY]) == []


@pytest.mark.parametrize("state", ["draft", "returned", "void"])
def test_what_is_not_handed_in_meets_nothing_and_lets_go(state: str) -> None:
    visit = replace(VISIT, state=state)
    assert changes(visit, [DUTY]) == []
    met = replace(DUTY, state="met", met_by=frozenset({"v1"}))
    assert changes(visit, [met]) == [Change("d1", False, "open")]


def test_a_duty_met_twice_stays_met_when_one_visit_is_void() -> None:
    met = replace(DUTY, state="met", met_by=frozenset({"v1", "v2"}))
    assert changes(replace(VISIT, state="void"), [met]) == [Change("d1", False, "met")]


def test_it_meets_the_earliest_open_one_and_only_that() -> None:
    later = replace(DUTY, id="d2", due=date(2026, 12, 31))
    assert changes(VISIT, [later, DUTY]) == [Change("d1", True, "met")]
    met = replace(DUTY, state="met", met_by=frozenset({"v1"}))
    assert changes(VISIT, [later, met]) == [], "the same visit seen again meets nothing more"


def test_a_late_visit_still_meets_and_an_early_one_does_not() -> None:
    assert changes(replace(VISIT, occurred=date(2027, 1, 3)), [DUTY]) == [Change("d1", True, "met")]
    assert changes(replace(VISIT, occurred=date(2026, 10, 31)), [DUTY]) == []


def test_one_visit_to_a_household_meets_the_duty_of_each_child() -> None:
    both = replace(VISIT, students=frozenset({"li", "mei"}))
    mei = replace(DUTY, id="d2", students=frozenset({"mei"}))
    assert [change.duty for change in changes(both, [DUTY, mei])] == ["d1", "d2"]


def test_another_pupils_or_forms_duty_and_an_exempt_one_are_left_alone() -> None:
    others = [
        replace(DUTY, students=frozenset({"mei"})),
        replace(DUTY, form="talk"),
        replace(DUTY, state="exempt"),
        replace(DUTY, students=frozenset()),
    ]
    assert changes(VISIT, others) == []
