"""What is told to whom, and when."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.duties.due import Due, of_person, read_due
from server.reminders.plan import again, is_quiet, weekly

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai; the week ends on the 22nd


def duty(name: str, day: int, *students: str) -> Due:
    return Due(name, students or (f"pupil-{name}",), "home_visit", date(2026, 11, day))


@pytest.mark.parametrize(
    ("hour", "quiet"), [(0, True), (6, True), (7, False), (12, False), (20, False), (21, True), (23, True)]
)
def test_the_night_is_the_schools_night(hour: int, quiet: bool) -> None:
    now = datetime(2026, 11, 18, hour, 0, tzinfo=SHANGHAI)
    assert is_quiet(now.astimezone(UTC), SHANGHAI) is quiet


def test_it_counts_what_is_due_until_sunday_and_names_nobody() -> None:
    duties = [duty("a", 18), duty("b", 22), duty("c", 23), duty("d", 17)]
    reminder = weekly(duties, (), WEDNESDAY, SHANGHAI)
    assert reminder is not None
    assert reminder.text == "您有2次走访本周到期,点开查看"
    assert reminder.duties == ("a", "b")
    assert reminder.url == "/app/"


def test_a_single_one_opens_its_pupil() -> None:
    reminder = weekly([duty("a", 20, "li")], (), WEDNESDAY, SHANGHAI)
    assert reminder is not None
    assert reminder.url == "/app/pupils/li"


def test_nothing_due_says_nothing() -> None:
    assert weekly([], (), WEDNESDAY, SHANGHAI) is None
    assert weekly([duty("a", 29)], (), WEDNESDAY, SHANGHAI) is None


def test_a_duty_is_announced_once_a_week_and_a_new_one_comes_with_the_whole_count() -> None:
    assert weekly([duty("a", 20)], {"a"}, WEDNESDAY, SHANGHAI) is None
    reminder = weekly([duty("a", 20), duty("b", 20)], {"a"}, WEDNESDAY, SHANGHAI)
    assert reminder is not None
    assert "2次" in reminder.text


def test_the_week_is_that_of_the_school_not_of_utc() -> None:
    late_sunday_in_utc = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # Monday 07:30 in Shanghai
    reminder = weekly([duty("a", 29)], (), late_sunday_in_utc, SHANGHAI)
    assert reminder is not None
    assert reminder.occasion == "due:2026-W48:2026-11-23"


def test_one_day_has_one_occasion() -> None:
    first = weekly([duty("a", 20)], (), WEDNESDAY, SHANGHAI)
    later = weekly([duty("b", 20)], {"a"}, WEDNESDAY + timedelta(hours=5), SHANGHAI)
    assert first is not None
    assert later is not None
    assert first.occasion == later.occasion


def test_a_retry_tells_only_what_still_stands() -> None:
    reminder = again("due:x", ("a", "b"), [duty("b", 20, "li")], WEDNESDAY, SHANGHAI)
    assert reminder is not None
    assert "1次" in reminder.text
    assert again("due:x", ("a",), [], WEDNESDAY, SHANGHAI) is None


def test_it_is_worth_delivering_until_the_first_is_due_but_never_for_long() -> None:
    soon = weekly([duty("a", 18)], (), WEDNESDAY, SHANGHAI)
    late = weekly([duty("a", 22)], (), WEDNESDAY, SHANGHAI)
    assert soon is not None
    assert late is not None
    assert soon.until == datetime(2026, 11, 18, 16, 0, tzinfo=UTC)
    assert late.until == WEDNESDAY + timedelta(days=3)


def test_a_duty_without_a_readable_date_is_not_reminded_of() -> None:
    assert read_due("a", {"due": "soon"}) is None
    assert read_due("a", {}) is None


def test_only_ones_own_duties_are_counted() -> None:
    mine = {"assignee": "wang", "due": "2026-11-20", "students": ["li"], "form": "home_visit"}
    assert [due.id for due in of_person("wang", [("a", mine), ("b", {**mine, "assignee": "chen"})])] == ["a"]
