"""View-models for templates: questions of every type with everything that a question can say."""

from __future__ import annotations

from typing import Any

NASTY = "<b>\"引号\" & '撇'</b> {n} 😀"


def question(kind: str, path: str = "field", **more: Any) -> dict[str, Any]:
    """A question of that type with nothing said, and what is given."""
    words = "hint value text unit last_text last_date note note_by position error warning warning_level was"
    words += " by_name at_text decide_url limit_text limit_advice value_json sign_path layout title"
    words += " add_label earliest"
    marks = "required optional has_siblings readonly changed gate sealed removable"
    blank: dict[str, Any] = {
        **dict.fromkeys([*words.split(), "latest", "id", "step"], ""),
        **dict.fromkeys(marks.split(), False),
        **dict.fromkeys("min max soft_min soft_max max_length gauge".split()),
        **{name: [] for name in "options more rows entries columns siblings quick".split()},
        "sign_width": "300",
        "sign_height": "158",
        "count": "0",
    }
    return {**blank, "name": path, "path": path, "type": kind, "label": "监护状况", "base": "9", **more}


def option(name: str, label: str, **more: Any) -> dict[str, Any]:
    marks = {"on": False, "last": False, "alone": False, "alarm": False, "wide": False}
    return {"name": name, "label": label, **marks, **more}


OPTIONS = [
    option("one", "一方外出", on=True),
    option("both", NASTY, last=True),
    option("none", "无", alone=True, wide=True),
    option("unknown", "未明", alarm=True),
]
GAUGE = {
    "at": "120",
    "limit": "158",
    "good_from": "158",
    "good_to": "316",
    "text_at": "164",
    "anchor": "start",
    "words": "至少 70℃",
    "bad": True,
}
LAST = {"last_text": NASTY, "last_date": "9月18日"}
COLUMNS = [
    question("line", "sample/01", name="dish", label="菜", value="米饭", text="米饭", max_length="30"),
    question(
        "number",
        "sample/01",
        name="grams",
        label="克数",
        value="100",
        text="100克",
        unit="克",
        gauge=GAUGE,
        soft_min="125",
        min="0",
        max="2000",
        limit_text="至少 125克",
        limit_advice="请补足",
        optional=True,
        warning="少于125克",
        warning_level="warn",
    ),
    question(
        "bool", "sample/01", name="cold", label="冷藏", options=[option("true", "是", on=True)], text="是"
    ),
]
ENTRY: dict[str, Any] = {
    **question("list", "sample/01"),
    "title": "米饭",
    "columns": COLUMNS,
    "removable": True,
    "warning": "少于125克",
}
ROW = question("matrix", "hygiene/cap", label="衣帽", options=OPTIONS[:2], text="合格", was="one")

QUESTIONS = [
    question(
        "text", value=f"第一行\n{NASTY}", text=NASTY, count="12", max_length="500", required=True, **LAST
    ),
    question("line", value=NASTY, error="这里要填。", optional=True),
    question(
        "choice",
        options=OPTIONS,
        text="一方外出",
        was="one",
        layout="three",
        gate=True,
        note=NASTY,
        note_by="贾丽，11月20日 09:30",
        position="第1处",
    ),
    question(
        "choices", options=OPTIONS, was="one", warning="请再看一下。", warning_level="danger", hint=NASTY
    ),
    question("ref", options=OPTIONS),
    question("refs", options=OPTIONS, more=[option("p3", "戴达洛")]),
    question("tags", options=OPTIONS),
    question(
        "int", value="45", text="45分钟", unit="分钟", step="5", min="0", max="300", gauge=GAUGE, **LAST
    ),
    question("int", value="412", text="412人", unit="人", step="1", min="0", max="20000"),
    question("number", value="62", text="62℃", unit="℃", soft_max="70", gauge=GAUGE),
    question("money", value="5"),
    question(
        "bool", options=[option("true", "是"), option("false", "否", on=True)], layout="flow", sealed=True
    ),
    question(
        "date",
        value="2026-11-22",
        earliest="2026-11-20",
        latest="2027-05-19",
        quick=[{"value": "2026-11-22", "label": "明天"}, {"value": "2026-11-28", "label": "下周六"}],
    ),
    question("datetime", value="2026-11-20T16:40"),
    question("time", value="11:40"),
    question("tel", value="138"),
    question(
        "list", "sample", entries=[ENTRY, {**ENTRY, "title": "", "path": "sample/02"}], add_label="再加一样"
    ),
    question("list", "sample"),
    question("matrix", "hygiene", rows=[ROW, {**ROW, "options": [], "path": "hygiene/x"}], text="合格"),
    question("group", "taste", columns=COLUMNS, was='{"look":3}', text="有"),
    question("place", text="26.1, 106.2"),
    question("place"),
    question("photos"),
    question("photos", entries=[{"text": "屋前路"}]),
    question("sign"),
    question("sign", value_json='{"path":"M1 1"}', sign_path="M1 1L2 2", text="已签名"),
    question("sign", readonly=True, sign_path="M1 1"),
    question("choice", readonly=True, text="一方外出"),
    question("line", readonly=True),
    question(
        "choice",
        has_siblings=True,
        decide_url="/app/decide/1/carer",
        text="双",
        by_name="戴达洛",
        at_text="11月19日 17:25",
        siblings=[
            {"id": "c:41", "value_text": NASTY, "by_name": "李秀芳", "at_text": "11月19日 16:40"},
            {"id": "d:2", "value_text": "", "by_name": "", "at_text": ""},
        ],
    ),
]

FILL: dict[str, Any] = {
    "action": "/app/fill/01?s=meet",
    "autosave": "/app/fill/01/field",
    "place": "01",
    "section": "meet",
    "stops": [
        {"title": "见面", "state": "done", "sub": ""},
        {"title": "情况", "state": "here", "sub": "2处"},
    ],
    "stops_text": "2/4 情况",
    "questions": QUESTIONS,
    "problem_count": 2,
    "problem_title": "还有2处要填",
    "problem_text": "第一处在下面。",
    "skipped_title": "后面11题不用填。",
    "skipped_text": "题目会回来。",
    "call_url": "/app/call?doc=01",
    "whole_url": "/app/records/01",
    "previous": True,
    "next_title": "交谈",
    "meal": {"dishes": "米饭", "price": "5元", "entitled": "412人", "gap": "差41", "gap_hot": True},
    "submit_word": "提交，存在本机",
    "saved_text": "已存本机 14:32",
    "saved_icon": "device",
}
BARE_FILL: dict[str, Any] = {
    **FILL,
    "meal": None,
    "stops": [],
    "questions": [],
    "problem_count": 0,
    "skipped_title": "",
    "call_url": "",
    "whole_url": "",
    "previous": False,
    "next_title": "",
    "saved_text": "",
}
