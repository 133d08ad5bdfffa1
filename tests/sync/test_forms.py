"""The three forms as their users meet them: what is asked, what falls away, what a submit checks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.forms import BadValue, Form, load_forms, parse_form, problems, relevant

FORMS = load_forms(Path("templates/forms"))
VISIT = FORMS.latest("home_visit")
ROUND = FORMS.latest("night_round")
AUDIT_A = FORMS.latest("meal_audit_a")
AUDIT_B = FORMS.latest("meal_audit_b")
TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

MET = {
    "result": "met_guardian",
    "reason": ["routine"],
    "met": ["grandparent"],
    "occurred_at": "2026-11-20T16:40:00+08:00",
    "visitors": ["p1"],
    "carer": "one_away",
    "difficulty": ["study"],
    "home_fb": "先写作业再喂鸡",
    "actions": "每周三晚视频一次",
    "danger": False,
}


def wrong(form: Form, answers: dict[str, Any], level: str = "error") -> dict[str, str]:
    """Field → code of the problems at that level."""
    found = problems(form, answers, TODAY, NOW)
    return {problem.field: problem.code for problem in found if problem.level == level}


def test_a_usual_home_visit_is_complete() -> None:
    assert problems(VISIT, MET, TODAY, NOW) == []


@pytest.mark.parametrize("result", ["nobody_home", "refused", "moved"])
def test_without_the_family_little_is_asked(result: str) -> None:
    left = relevant(VISIT, {"result": result}, TODAY)
    common = {"occurred_at", "visitors", "place", "photos", "problems", "note", "clock"}
    assert left == {"result", "reason", "danger", "next_date"} | common
    short = {key: MET[key] for key in ("reason", "occurred_at", "visitors", "danger")} | {"result": result}
    assert wrong(VISIT, short) == {"next_date": "required"}
    assert wrong(VISIT, {**short, "next_date": "2026-11-22"}) == {}


def test_answers_that_fell_away_neither_block_nor_count() -> None:
    answers = {**MET, "result": "nobody_home", "commute": 900, "next_date": "2026-11-28"}
    assert wrong(VISIT, answers) == {}
    assert wrong(VISIT, {**answers, "result": "met_guardian"}) == {"commute": "out_of_range"}


def test_one_of_the_two_texts_is_enough() -> None:
    rest = {key: value for key, value in MET.items() if key != "home_fb"}
    assert wrong(VISIT, rest) == {"home_fb": "required"}
    assert wrong(VISIT, {**rest, "school_fb": "作业拖拉"}) == {}


def test_measures_only_where_there_is_a_difficulty() -> None:
    rest = {key: value for key, value in MET.items() if key != "actions"}
    assert wrong(VISIT, rest) == {"actions": "required"}
    assert wrong(VISIT, {**rest, "difficulty": ["none"]}) == {}


def test_no_difficulty_stands_alone() -> None:
    assert wrong(VISIT, {**MET, "difficulty": ["none", "study"]})["difficulty"] == "exclusive"


def test_a_signature_only_for_a_hardship_check() -> None:
    assert "sign" not in relevant(VISIT, MET, TODAY)
    assert "sign" in relevant(VISIT, {**MET, "reason": ["hardship"]}, TODAY)


def test_danger_is_asked_last_where_the_family_does_not_look() -> None:
    last = VISIT.questions[-1]
    private = [section.name for section in VISIT.sections if section.private]
    assert (last.name, last.sealed, [last.section]) == ("danger", True, private)
    told = next(p for p in problems(VISIT, {}, TODAY) if p.field == "danger")
    assert "侵害" not in told.message and "危险" not in told.message


def test_old_and_future_visits_are_noticed() -> None:
    old = {**MET, "occurred_at": "2026-10-01T09:00:00+08:00"}
    assert wrong(VISIT, old) == {"late_reason": "required"}
    soon = {**MET, "occurred_at": "2026-11-21T16:09:00+08:00"}
    late = {**MET, "occurred_at": "2026-11-21T16:11:00+08:00"}
    assert wrong(VISIT, soon, "warning") == {}
    assert wrong(VISIT, late, "warning") == {"occurred_at": "ahead"}
    assert wrong(VISIT, late) == {}


@pytest.mark.parametrize(
    ("day", "code"),
    [("2026-11-20", "past"), ("2027-05-21", "too_far"), ("2026-11-21", None), ("2027-05-20", None)],
)
def test_the_next_visit_is_within_half_a_year(day: str, code: str | None) -> None:
    assert wrong(VISIT, {**MET, "next_date": day}).get("next_date") == code


def test_photos_need_consent() -> None:
    photo = {"photos/1": {"sha256": "a" * 64, "type": "image/jpeg"}}
    assert wrong(VISIT, {**MET, **photo}) == {"photo_consent": "required"}
    assert wrong(VISIT, {**MET, **photo, "photo_consent": False}) == {"photo_consent": "no_consent"}
    assert wrong(VISIT, {**MET, **photo, "photo_consent": True}) == {}
    seven = {f"photos/{n}": photo["photos/1"] for n in range(7)}
    assert wrong(VISIT, {**MET, **seven, "photo_consent": True}) == {"photos": "too_many"}


def test_messages_say_what_to_do() -> None:
    told = {p.field: p.message for p in problems(VISIT, {"phone_new": "12345", "home_fb": "字" * 501}, TODAY)}
    assert told["result"] == "请选“走访结果”"
    assert told["visitors"] == "“走访人”请至少填一项"
    assert told["home_fb"] == "“在家表现”太长了，请删到500字以内"
    assert "11位手机号" in told["phone_new"]


def test_a_round_of_a_building() -> None:
    base = {"occurred_at": "2026-11-20T21:04:00+08:00", "visitors": ["p2"], "rooms/203": {"present": 7}}
    assert wrong(ROUND, base) == {}
    assert wrong(ROUND, {**base, "absent/s1": {"where": "leave"}}) == {}
    unknown = {**base, "absent/s1": {"where": "unknown"}}
    assert wrong(ROUND, unknown, "danger") == {"absent": "missing"}
    assert wrong(ROUND, unknown) == {}
    assert wrong(ROUND, {**base, "sick/1": {"student": "s2"}}) == {"sick/1": "required"}


def test_a_cold_dish_is_red_and_can_be_saved() -> None:
    """Acceptance scenario 13."""
    found = problems(AUDIT_B, {"temp/1": {"dish": "土豆烧鸡块", "degrees": 62}}, TODAY)
    cold = next(p for p in found if p.field == "temp/1")
    assert (cold.level, cold.message) == ("danger", "低于70℃，请回锅再量")
    assert [w.code for w in AUDIT_B.check_value("temp/1", {"dish": "x", "degrees": 62})] == ["out_of_range"]


def test_a_small_sample_is_told() -> None:
    """Acceptance scenario 14."""
    found = problems(AUDIT_B, {"sample/1": {"dish": "清炒白菜", "grams": 100}}, TODAY)
    small = next(p for p in found if p.field == "sample/1")
    assert small.level == "warning" and small.message.startswith("少于125克")


@pytest.mark.parametrize(("ill", "alarmed"), [(0, False), (1, False), (2, True)])
def test_two_ill_children_are_an_emergency(ill: int, alarmed: bool) -> None:
    assert ("illness" in wrong(AUDIT_B, {"illness": ill}, "danger")) == alarmed


def test_a_count_asks_what_was_counted() -> None:
    assert "counted" not in relevant(AUDIT_B, {}, TODAY)
    assert wrong(AUDIT_B, {"seen_count": 371})["counted"] == "required"


def test_the_hygiene_list_has_thirteen_rows_and_counts_what_is_left() -> None:
    rows = AUDIT_B.by_name["hygiene"].rows
    assert len(rows) == 13
    found = problems(AUDIT_B, {f"hygiene/{row.name}": "pass" for row in rows[:10]}, TODAY)
    assert "“卫生清单”还有3项没填" in [p.message for p in found]


@pytest.mark.parametrize(
    ("eaters", "served", "asked"),
    [
        (412, 412, False),
        (412, 400, False),
        (412, 399, True),
        (412, 425, True),
        (60, 65, False),
        (60, 66, True),
    ],
)
def test_portions_may_differ_by_the_larger_of_five_and_three_percent(
    eaters: int, served: int, asked: bool
) -> None:
    found = relevant(AUDIT_A, {"eaters": eaters, "served": served}, TODAY)
    assert ("served_reason" in found) == asked


def test_more_eaters_than_entitled_need_a_reason() -> None:
    assert "eaters_reason" in relevant(AUDIT_A, {"eaters": 413, "entitled": 412}, TODAY)
    assert "eaters_reason" not in relevant(AUDIT_A, {"eaters": 412, "entitled": 412}, TODAY)


def test_two_people_accept_a_bill() -> None:
    bill = {"supplier": "粮店", "goods": "米", "acceptor1": "李强", "acceptor2": "李强"}
    assert wrong(AUDIT_A, {"bills/1": bill})["bills"] == "one_acceptor"


def test_paths_belong_to_questions() -> None:
    paths = {"carer": "carer", "photos/01": "photos", "carer/x": None, "photos/a/b": None, "gone": None}
    assert {path: getattr(VISIT.question_for(path), "name", None) for path in paths} == paths
    assert AUDIT_B.question_for("hygiene/banned") and not AUDIT_B.question_for("hygiene/gone")


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("gone", "x", "unknown_field"),
        ("photos", [], "unknown_field"),
        ("photos/a\0b", {"sha256": "a"}, "unknown_field"),
        ("photos/" + "a" * 200, {"sha256": "a"}, "unknown_field"),
        ("carer/x", "single", "unknown_field"),
        ("photos/1", {"sha256": "a", "owner": "x"}, "unknown_field"),
        ("carer", ["single"], "wrong_type"),
        ("commute", True, "wrong_type"),
        ("commute", "45", "wrong_type"),
        ("commute", 4.5, "wrong_type"),
        ("next_date", "2026-02-30", "wrong_type"),
        ("occurred_at", "2026-11-20T16:40", "wrong_type"),
        ("difficulty", ["study"], "wrong_type"),
        ("difficulty", {"add": [1]}, "wrong_type"),
        ("home_fb", {"text": "x"}, "wrong_type"),
        ("home_fb", "a\0b", "not_storable"),
        ("home_fb", "\ud83d", "not_storable"),
        ("commute", 2**63, "not_storable"),
        ("commute", 1e300, "not_storable"),
        ("place", {"lat": float("nan")}, "not_storable"),
    ],
)
def test_what_cannot_be_stored_is_refused(path: str, value: Any, code: str) -> None:
    with pytest.raises(BadValue) as refused:
        VISIT.check_value(path, value)
    assert (refused.value.code, refused.value.field) == (code, path)


@pytest.mark.parametrize(
    ("path", "value", "codes"),
    [
        ("carer", "gone", ["unknown_choice"]),
        ("difficulty", {"add": ["gone", "study"], "remove": ["lost"]}, ["unknown_choice"]),
        ("commute", 400, ["out_of_range"]),
        ("note", "字" * 501, ["too_long"]),
        ("note", "𠮷" * 500, []),
        ("phone_new", "123", ["bad_format"]),
        ("carer", None, []),
        ("photos/1", None, []),
    ],
)
def test_what_is_odd_is_stored_with_a_warning(path: str, value: Any, codes: list[str]) -> None:
    assert [warning.code for warning in VISIT.check_value(path, value)] == codes


@pytest.mark.parametrize("form", FORMS.all(), ids=lambda form: form.name)
def test_a_definition_survives_the_wire(form: Form) -> None:
    sent = msgspec.json.decode(msgspec.json.encode(form.definition()))
    assert parse_form(sent) == form
    assert all(
        question["merge"] in ("scalar", "set", "text", "list", "immutable") for question in sent["questions"]
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["dish", "grams", "all"]), inner)
    ),
    max_leaves=5,
)
PATHS = [q.name for q in AUDIT_B.questions] + ["temp/1", "sample/1", "hygiene/banned", "photos/1", "taste"]


@settings(deadline=None)  # the first conditions are compiled while it runs
@given(st.dictionaries(st.sampled_from(PATHS), JSON))
def test_whatever_was_stored_can_be_checked(values: dict[str, Any]) -> None:
    """Nothing that ``check_value`` lets in makes a submit fail."""
    stored = {}
    for path, value in values.items():
        try:
            AUDIT_B.check_value(path, value)
        except BadValue:
            continue
        stored[path] = value.get("add", []) if isinstance(value, dict) and "add" in value else value
    problems(AUDIT_B, stored, TODAY, NOW)
