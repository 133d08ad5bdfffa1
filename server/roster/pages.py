"""What the import's pages show, as flat data for their templates."""

from typing import Any

from server.roster import jobs
from server.roster.jobs import Job
from server.roster.limits import MAX_BYTES, MAX_FILES
from server.roster.wording import columns_word, tidied
from server.text import _, fmt

SHOWN = 200
_STEPS = {jobs.READING: 1, jobs.READY: 1, jobs.REFUSED: 0, jobs.WRITING: 2, jobs.DONE: 4, jobs.FAILED: 0}


def list_context(rows: list[tuple[Job, str]], problem: str, undecided: int) -> dict[str, Any]:
    """The page on which files are chosen."""
    words = {
        jobs.READING: _("正在读"),
        jobs.READY: _("待确认"),
        jobs.REFUSED: _("没有接收"),
        jobs.WRITING: _("正在写入"),
        jobs.DONE: _("已导入"),
        jobs.FAILED: _("没有完成"),
    }
    return {
        "problem": problem,
        "undecided": undecided,
        "limit": fmt(_("每个文件不超过{mb}MB，一次最多{n}个"), mb=MAX_BYTES >> 20, n=MAX_FILES),
        "steps": steps(0),
        "last": [
            {
                "href": f"/office/import/{job.id}",
                "at": at,
                "state": words[job.state],
                "files": "、".join(dict.fromkeys(sheet[0] for sheet in job.summary.get("sheets", []))),
                "text": _changes(job.summary) or job.error,
            }
            for job, at in rows
        ],
    }


def steps(here: int) -> list[dict[str, str]]:
    """The trail: 选文件 · 核对 · 确认 · 完成."""
    titles = [_("选文件"), _("核对"), _("确认"), _("完成")]
    return [
        {"title": title, "state": "done" if n < here else "here" if n == here else "todo", "sub": ""}
        for n, title in enumerate(titles)
    ]


def job_context(job: Job, at: str) -> dict[str, Any]:
    """One import's page."""
    found = job.summary
    problems = found.get("problems", [])
    return {
        "job": {
            "id": job.id,
            "state": job.state,
            "busy": job.state in (jobs.READING, jobs.WRITING),
            "error": job.error,
            "progress": _("正在读表，认列名、核身份证号")
            if job.state == jobs.READING
            else _("正在写入，请稍等"),
            "sub": _subtitle(found, at),
            "result": _changes(found),
            "duties": found.get("duties") or 0,
            "siblings": (found.get("changes") or {}).get("siblings", 0),
            "confirm": _confirm_text(found),
        },
        "steps": steps(_STEPS[job.state]),
        "figs": _figs(found) if found else [],
        "problems": problems[:SHOWN],
        "problem_count": found.get("problem_count", 0),
        "more": max(0, found.get("problem_count", 0) - SHOWN),
        "tidied": [
            {"word": tidied(code), "examples": "，".join(examples), "n": n}
            for code, n, examples in found.get("tidied", [])
        ],
        "absent": [{"name": name, "class": class_} for name, class_ in found.get("absent", [])[:60]],
        "absent_count": found.get("absent_count", 0),
        "sheets": [
            {"file": file, "sheet": sheet, "kind": columns_word(kind), "rows": n}
            for file, sheet, kind, n in found.get("sheets", [])
        ],
        "pairs": (found.get("figures") or {}).get("pairs", 0),
    }


def _subtitle(found: dict[str, Any], at: str) -> str:
    files = "、".join(dict.fromkeys(sheet[0] for sheet in found.get("sheets", [])))
    return "，".join(part for part in (files, at) if part)


def _changes(found: dict[str, Any]) -> str:
    changes = found.get("changes")
    if not changes:
        return ""
    if not any(changes.values()):
        return _("和上次导入相比没有变化")
    return fmt(
        _("新增{added}，改动{changed}格，与老师的修改并存{siblings}格，没有删除"),
        added=changes["added"],
        changed=changes["changed"],
        siblings=changes["siblings"],
    )


def _confirm_text(found: dict[str, Any]) -> str:
    counted = found.get("figures") or {}
    parts = [
        (counted.get("students"), _("学生{n}人")),
        (counted.get("staff"), _("教职工{n}人")),
        (counted.get("pairs"), _("结对{n}对")),
        (counted.get("dorm_rooms"), _("宿舍{n}间")),
        (counted.get("meals"), _("食谱{n}餐")),
    ]
    return "，".join(fmt(words, n=n) for n, words in parts if n)


def _figs(found: dict[str, Any]) -> list[dict[str, Any]]:
    counted, new = found["figures"], found["new"]
    skipped = sum(n for code, n, _examples in found["tidied"] if code == "total_row")
    grades = sorted(found["new_classes"].items(), key=lambda one: -one[1])[:3]
    columns = list(found["columns"].items())[:3]
    flagged = [
        fmt(_("证号不符{n}"), n=found["flagged"]) if found["flagged"] else "",
        fmt(_("重复{n}"), n=found["duplicates"]) if found["duplicates"] else "",
    ]
    figs = [
        (_("读出学生"), counted["students"], _("人"), fmt(_("另有标题、小计、空行{n}行"), n=skipped)),
        (_("新来"), new.get("student", 0), _("人"), "，".join(f"{grade}{n}人" for grade, n in grades)),
        (_("有变化"), found["changed"], _("人"), "，".join(f"{_column(name)}{n}" for name, n in columns)),
        (
            _("表里没有了"),
            found["absent_count"],
            _("人"),
            _("先不动，任务照旧") if found["absent_count"] else "",
        ),
        (_("要人看"), found["problem_count"], _("处"), "，".join(part for part in flagged if part)),
    ]
    return [
        {"word": word, "n": n, "unit": unit, "text": text, "warn": at == len(figs) - 1 and n > 0}
        for at, (word, n, unit, text) in enumerate(figs)
    ]


def _column(name: str) -> str:
    words = {
        "name": _("姓名"),
        "sex": _("性别"),
        "ethnic": _("民族"),
        "birth": _("生日"),
        "ident": _("证号"),
        "enrolment_no": _("学籍号"),
        "grade": _("年级"),
        "class": _("班级"),
        "boards": _("寄宿"),
        "left_behind": _("留守"),
        "category": _("类别"),
        "disability": _("残疾"),
        "alert": _("健康"),
        "note": _("备注"),
        "address": _("住址"),
        "guardian name": _("监护人"),
        "guardian phone": _("电话"),
        "guardian relation": _("关系"),
        "beds": _("床位"),
        "role": _("角色"),
        "post": _("职务"),
        "classes": _("任教班级"),
        "phone": _("电话"),
    }
    return words.get(name, _("其他"))
