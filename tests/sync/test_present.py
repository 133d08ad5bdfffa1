"""What a screen is told about a form: where one stands, what fell away, what was before, who disagrees."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync.forms import Form, load_forms
from sync.present import Context, DocView, View, present

FORMS = load_forms(Path("templates/forms"))
VISIT = FORMS.latest("home_visit")
ROUND = FORMS.latest("night_round")
AUDIT_A = FORMS.latest("meal_audit_a")
AUDIT_B = FORMS.latest("meal_audit_b")
NAMES = {"p1": "李秀芳", "p2": "戴达洛", "s1": "龙䶮"}
TODAY = "2026-11-21"
LAST = {
    "fields": {"carer": "both_away", "commute": 50, "reason": ["routine", "study"], "home_fb": "放学先放牛"},
    "at": "2026-09-18T15:00:00+08:00",
}


def shown(form: Form, fields: dict[str, Any], doc: dict[str, Any] | None = None, **context: Any) -> View:
    return present(form, DocView(fields, **(doc or {})), Context(TODAY, names=NAMES, **context))


def question(view: View, name: str) -> View:
    """A question wherever it is shown."""
    return next(q for section in view["sections"] for q in section["questions"] if q["name"] == name)


def test_the_trail_shows_where_one_stands_without_the_private_stop() -> None:
    view = shown(VISIT, {"result": "met_guardian"}, section="home")
    assert [stop["title"] for stop in view["stops"]] == ["见面", "情况", "交谈", "措施"]
    assert [stop["state"] for stop in view["stops"]] == ["todo", "here", "todo", "todo"]
    assert (view["stops_text"], view["previous"], view["next_title"]) == ("2/4 情况", "meet", "交谈")
    last = shown(VISIT, {}, section="private")
    assert [q["name"] for q in last["questions"]] == ["danger"] and last["private"] and not last["next"]


def test_a_finished_stop_is_ticked() -> None:
    meet = {
        "result": "met_guardian",
        "reason": ["study"],
        "met": ["father"],
        "visitors": ["p1"],
        "occurred_at": "2026-11-20T16:40:00+08:00",
    }
    assert shown(VISIT, meet, section="talk")["stops"][0]["state"] == "done"


def test_what_falls_away_is_counted_and_the_next_date_comes_forward() -> None:
    view = shown(VISIT, {"result": "nobody_home"})
    assert view["skipped_title"] == "选了“未遇”，后面11题不用填。"
    assert "next_date" in [q["name"] for q in view["questions"]]
    assert [stop["title"] for stop in view["stops"]] == ["见面", "措施"]
    assert shown(VISIT, {"result": "met_guardian"})["skipped"] == 0


def test_last_time_stands_beside_never_inside() -> None:
    view = shown(VISIT, {}, last=LAST, section="home")
    carer, commute = question(view, "carer"), question(view, "commute")
    assert [o["label"] for o in carer["options"] if o["last"]] == ["双方外出"]
    assert not any(o["on"] for o in carer["options"]) and carer["last_text"] == ""
    assert (commute["value"], commute["last_text"], commute["last_date"]) == ("", "50分钟", "9月18日")


def test_the_office_reads_what_differs() -> None:
    fields = {"carer": "one_away", "commute": 50, "reason": ["study", "routine"]}
    doc = {"stamps": {"carer": {"by": "p2", "at": "2026-11-19T17:25:00+08:00"}}}
    view = shown(VISIT, fields, doc, last=LAST, readonly=True, hidden=["home_fb", "school_fb", "danger"])
    carer, commute = question(view, "carer"), question(view, "commute")
    assert (carer["text"], carer["last_text"], carer["changed"]) == ("一方外出", "双方外出", True)
    assert (carer["by_name"], carer["at_text"]) == ("戴达洛", "11月19日 17:25")
    assert (commute["label"], commute["changed"]) == ("上学单程", False)
    assert question(view, "reason")["text"] == "常规、学业" and not question(view, "reason")["changed"]
    names = {q["name"] for section in view["sections"] for q in section["questions"]}
    assert names.isdisjoint({"home_fb", "school_fb", "danger"})
    assert all(q["readonly"] for section in view["sections"] for q in section["questions"])


def test_a_returned_record_says_where_and_why() -> None:
    note = {"reason": "请补2处", "fields": {"opinion": "奶奶怎么说？", "actions": ""}, "by": "p2"}
    view = shown(VISIT, {"difficulty": ["study"]}, returned={**note, "at": "2026-11-20T09:30:00+08:00"})
    opinion, actions = question(view, "opinion"), question(view, "actions")
    assert (opinion["note"], opinion["position"]) == ("奶奶怎么说？", "第1处")
    assert (actions["note"], actions["position"]) == ("请补2处", "第2处")
    assert opinion["note_by"] == "戴达洛，11月20日 09:30"
    assert question(view, "home_fb")["note"] == ""


def test_values_that_disagree_are_shown_with_who_and_when() -> None:
    at = "2026-11-19T08:40:00Z"
    doc = {
        "siblings": {
            "carer": [{"sibling": "c:41", "value": "both_away", "by": "p1", "at": at}],
            "hygiene/banned": [{"sibling": "c:42", "value": "fail", "by": "p1", "at": at}],
        }
    }
    carer = question(shown(VISIT, {"carer": "one_away"}, doc, decide="/app/decide/1/"), "carer")
    assert carer["has_siblings"] and carer["decide_url"] == "/app/decide/1/carer"
    told = {"id": "c:41", "value_text": "双方外出", "by_name": "李秀芳", "at_text": "11月19日 16:40"}
    assert carer["siblings"] == [told]
    hygiene = question(shown(AUDIT_B, {}, doc, decide="/d/"), "hygiene")
    assert hygiene["decide_url"] == "/d/hygiene/banned"
    assert [row["siblings"][0]["value_text"] for row in hygiene["rows"] if row["has_siblings"]] == ["不合格"]


def test_what_is_missing_is_told_only_at_a_submit() -> None:
    assert question(shown(VISIT, {}), "result")["error"] == ""
    view = shown(VISIT, {}, submitting=True)
    assert question(view, "result")["error"] == "请选“走访结果”"
    assert view["problem_count"] == len(view["problems"]) > 5
    assert view["problems"][0] == {
        "path": "result", "root": "result", "section": "meet", "message": "请选“走访结果”",
    }  # fmt: skip


def test_a_reading_stands_on_its_gauge() -> None:
    view = shown(AUDIT_B, {"temp/1": {"dish": "土豆烧鸡块", "degrees": 62}})
    entry = question(view, "temp")["entries"][0]
    degrees = entry["columns"][1]
    assert entry["title"] == "土豆烧鸡块"
    assert (degrees["warning"], degrees["warning_level"]) == ("低于70℃，请回锅再量", "danger")
    assert (degrees["gauge"]["at"], degrees["gauge"]["limit"], degrees["gauge"]["bad"]) == (
        "126.4",
        "158",
        True,
    )
    assert (degrees["text"], degrees["limit_text"]) == ("62℃", "至少 70℃")


def test_a_begun_item_is_shown_and_not_yet_stored() -> None:
    view = shown(AUDIT_B, {}, fresh={"sample/0193": {"dish": "米饭"}})
    (entry,) = question(view, "sample")["entries"]
    assert (entry["path"], entry["was"], entry["removable"], entry["title"]) == (
        "sample/0193",
        "",
        False,
        "米饭",
    )


def test_an_untouched_page_posts_what_it_showed() -> None:
    fields = {
        "occurred_at": "2026-11-20T08:40:02Z",
        "visitors": ["p2", "p1"],
        "commute": 45.0,
        "photo_consent": False,
        "place": {"lat": 26.0, "lon": 106.5},
        "photos/1": {"sha256": "ab"},
    }
    view = shown(VISIT, fields, base=9120)
    when = question(view, "occurred_at")
    assert when["value"] == when["was"] == "2026-11-20T16:40" and when["base"] == "9120"
    assert question(view, "visitors")["was"] == "p2 p1"
    assert question(view, "commute")["value"] == "45"
    assert question(view, "photo_consent")["was"] == "false"
    assert json.loads(question(view, "place")["was"]) == {"lat": 26, "lon": 106.5}
    assert question(view, "place")["text"] == "已记位置"


def test_marks_out_of_five_are_tapped() -> None:
    taste = question(shown(AUDIT_B, {"taste": {"looks": 4}}, section="end"), "taste")
    looks = taste["columns"][0]
    assert [(o["name"], o["on"]) for o in looks["options"]] == [
        ("1", False),
        ("2", False),
        ("3", False),
        ("4", True),
        ("5", False),
    ]
    assert looks["layout"] == "marks"
    assert question(shown(AUDIT_B, {}, section="end"), "pupils")["columns"][0]["options"] == []


def test_a_weighed_portion_is_called_by_its_dish() -> None:
    portion = {"portion/1": {"grade": "三年级", "dish": "鸡块", "grams": 58}}
    assert question(shown(AUDIT_B, portion, section="weigh"), "portion")["entries"][0]["title"] == "鸡块"


def test_an_absent_child_is_told_by_name_and_raises_the_alarm() -> None:
    view = shown(ROUND, {"absent/s1": {"where": "unknown"}})
    entry = question(view, "absent")["entries"][0]
    assert entry["title"] == "龙䶮" and [o["name"] for o in entry["columns"][0]["options"] if o["alarm"]] == [
        "unknown"
    ]
    assert view["alarms"] == ["missing"]
    assert shown(VISIT, {"danger": True})["alarms"] == ["danger"]
    assert shown(VISIT, {"danger": False})["alarms"] == []


def test_spend_per_head_is_worked_out() -> None:
    view = shown(AUDIT_A, {"spend": 1854.0, "eaters": 412, "standard": 5})
    per_head = question(view, "per_head")
    assert (per_head["text"], per_head["readonly"], per_head["warning_level"]) == ("4.50元", True, "warn")
    assert question(shown(AUDIT_A, {"spend": 100, "eaters": 0}), "per_head")["text"] == ""


def test_answers_in_words() -> None:
    view = shown(
        AUDIT_B,
        {"hygiene/banned": "fail", "hygiene/posted": "pass", "hygiene/pests": "pass", "taste": {"looks": 4}},
        readonly=True,
    )
    assert question(view, "hygiene")["text"] == "合格2项，不合格 禁用菜"
    assert question(view, "taste")["text"] == "外观 4"
    dates = shown(VISIT, {"next_date": "2027-01-08"}, readonly=True)
    assert question(dates, "next_date")["text"] == "2027年1月8日"


def test_coming_days_are_offered() -> None:
    view = shown(VISIT, {"result": "refused"})
    assert [(q["value"], q["label"]) for q in question(view, "next_date")["quick"]] == [
        ("2026-11-22", "明天"),
        ("2026-11-28", "下周六"),
    ]


def test_many_people_stand_behind_more() -> None:
    staff = [{"name": f"t{n}", "label": f"老师{n}"} for n in range(40)]
    visitors = question(shown(VISIT, {"visitors": ["t3", "p9"]}, options={"person": staff}), "visitors")
    assert [o["label"] for o in visitors["options"]] == ["老师3", "—"]
    assert len(visitors["more"]) == 39


def test_messages_can_be_in_another_language() -> None:
    english = {"请选“{label}”": "Please choose {label}", "{n}张": "{n} photos"}
    context = Context(TODAY, submitting=True, now=datetime(2026, 11, 21, tzinfo=UTC))
    view = present(
        VISIT, DocView({"photos/1": {"sha256": "a"}}), context, lambda text: english.get(text, text)
    )
    assert question(view, "result")["error"] == "Please choose 走访结果"
    assert question(view, "photos")["text"] == "1 photos"
