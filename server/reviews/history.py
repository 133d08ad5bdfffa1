"""What happened to a record in words: who did what, when. Fields out of the reader's sight stay out."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from server.gateway import read
from server.reviews.subjects import Docs, name_of
from server.text import _, fmt
from server.when import day, moment
from sync.forms import Form

Entry = dict[str, Any]


def lines(form: Form, doc: read.VisibleDoc, entries: list[Entry], known: Docs, zone: ZoneInfo) -> list[Entry]:
    """The history, latest first; edits that follow each other by one person on one day are one line.

    `entries` as `read.changes` gives them; held ones changed nothing and are left out.
    """
    found: list[Entry] = []
    for entry in entries:
        if entry["result"] == "held":
            continue
        line = {
            "what": _what(entry),
            "who": name_of(known, entry["by"]),
            "at": moment(entry["received"], zone),
            "detail": _detail(form, entry),
            "paths": _labels(form, doc, entry["fields"]),
            "edit": entry["op"] in ("create", "edit"),
        }
        if found and _continues(found[-1], line):
            found[-1]["paths"] = list(dict.fromkeys(found[-1]["paths"] + line["paths"]))
            found[-1]["at"] = line["at"]
        else:
            found.append(line)
    for line in found:
        line["detail"] = line["detail"] or "、".join(line["paths"])
    return found[::-1]


def _continues(before: Entry, line: Entry) -> bool:
    same_day = before["at"].split(" ")[0] == line["at"].split(" ")[0]
    return bool(before["edit"] and line["edit"] and before["who"] == line["who"] and same_day)


def _what(entry: Entry) -> str:
    events = {
        "submit": _("提交"),
        "withdraw": _("撤回"),
        "return": _("退回"),
        "approve": _("通过"),
        "archive": _("归档"),
        "void": _("作废"),
    }
    if entry["op"] == "event":
        return events.get(entry["event"], entry["event"] or "")
    return {"create": _("新建"), "edit": _("填写"), "settle": _("裁定")}.get(entry["op"], entry["op"] or "")


def _detail(form: Form, entry: Entry) -> str:
    args = entry["args"]
    if entry["event"] != "return":
        return str(args.get("reason") or "") if entry["event"] == "void" else ""
    parts = [str(args.get("reason") or "")]
    asked = args.get("fields")
    for path, note in asked.items() if isinstance(asked, dict) else ():
        question = form.question_for(str(path))
        parts.append(fmt(_("{label}：{note}"), label=question.label if question else path, note=note))
    if args.get("until"):
        parts.append(fmt(_("{date}前补好"), date=day(args["until"])))
    return "；".join(part for part in parts if part)


def _labels(form: Form, doc: read.VisibleDoc, paths: list[str]) -> list[str]:
    """The labels of the questions that an op touched, of those that the reader sees in the record."""
    seen = {path.partition("/")[0] for path in (*doc.fields, *doc.siblings)}
    touched = {path.partition("/")[0] for path in paths} & seen
    return [q.label for q in form.questions if q.name in touched and not q.auto]
