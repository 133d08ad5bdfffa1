"""What an import's page keeps and shows: figures, doubtful cells with ID numbers masked, what was tidied."""

from collections import Counter
from typing import Any

from server.roster.actions import Report, figures
from server.roster.book import Book
from server.roster.link import Linked
from server.roster.notes import Problem
from server.roster.plan import Plan

KEPT_PROBLEMS = 5_000
GOOD_TO_KNOW = frozenset({"note_alert", "column_not_kept", "sheet_hidden", "phone_remark", "date_short_year"})
COUNTED = ("students", "boarders", "left_behind", "helped", "staff", "pairs", "dorm_rooms")


def preview(book: Book, linked: Linked, plan: Plan) -> dict[str, Any]:
    """Before anything is written: what was read and what it would change."""
    counted = figures("", book, linked, {})
    return {
        "sheets": [list(sheet) for sheet in book.sheets],
        "figures": {key: counted[key] for key in COUNTED} | {"meals": len(book.meals)},
        "by_category": counted["by_category"],
        "new": dict(plan.new),
        "new_classes": dict(_new_classes(linked)),
        "changed": plan.changed_pupils(),
        "columns": plan.changed_by_column(),
        "absent": [list(one) for one in sorted(linked.absent, key=lambda one: one[::-1])[:500]],
        "absent_count": len(linked.absent),
        "problems": [problem.masked() for problem in in_order(book.notes.problems)[:KEPT_PROBLEMS]],
        "problem_count": len(book.notes.problems) + book.notes.dropped,
        "flagged": len(counted["flagged_ident"]),
        "duplicates": len(counted["duplicates"]),
        "tidied": [
            [code, n, book.notes.examples.get(code, [])] for code, n in book.notes.tidied.most_common() if n
        ],
    }


def in_order(problems: list[Problem]) -> list[Problem]:
    """What a person must decide first, what is only good to know last; else as in the sheets."""
    return sorted(problems, key=lambda problem: (problem.code in GOOD_TO_KNOW, not _first(problem.code)))


def _first(code: str) -> bool:
    return code.startswith(("ident_", "duplicate", "total_", "canteen", "role_", "pair_", "bed_"))


def result(before: dict[str, Any], report: Report) -> dict[str, Any]:
    """After it was written: the preview with what really changed."""
    made = preview(report.book, report.linked, report.plan)
    return {**before, **made, "changes": report.figures["changes"], "duties": report.figures.get("duties", 0)}


def _new_classes(linked: Linked) -> Counter[str]:
    return Counter(
        (linked.rows[wanted.id].grade or "")
        for wanted in linked.wanted
        if wanted.kind == "student" and wanted.new and wanted.id in linked.rows
    )
