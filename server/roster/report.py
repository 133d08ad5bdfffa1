"""The report of an import as a workbook: what was doubtful, what changed. Its cells never are formulas."""

import io
from typing import Any

from server.roster.wording import columns_word, tidied
from server.text import _

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def inert(text: str) -> str:
    """A cell's text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def workbook(summary: dict[str, Any], title: str, made: str) -> bytes:
    """The report as .xlsx. `made` says who made it and when."""
    import xlsxwriter  # noqa: PLC0415 - a server that starts again after a crash need not wait for it

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    bold = book.add_format({"bold": True, "bg_color": "#E8EDEB", "border": 1, "text_wrap": True})
    cell = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    heading = book.add_format({"bold": True, "font_size": 14})
    sheet = book.add_worksheet(_("要人看的"))
    head = [_("文件"), _("工作表"), _("行"), _("列"), _("学生或人员"), _("表里写的"), _("怎么处理的")]
    rows = [
        [p["file"], p["sheet"], p["row"] or "", p["column"], p["who"], p["was"], p["done"]]
        for p in summary.get("problems", [])
    ]
    _table(sheet, inert(title), inert(made), head, rows, (heading, bold, cell))
    sheet.set_landscape()
    for column, width in enumerate((20, 14, 6, 18, 12, 26, 44)):
        sheet.set_column(column, column, width)
    other = book.add_worksheet(_("读到和改动"))
    _table(other, inert(title), inert(made), [_("项目"), _("数")], _counts(summary), (heading, bold, cell))
    other.set_column(0, 0, 44)
    book.close()
    return buffer.getvalue()


def _counts(summary: dict[str, Any]) -> list[list[Any]]:
    counted = summary.get("figures", {})
    rows: list[list[Any]] = [
        [f"{file} {sheet} {columns_word(kind)}", n] for file, sheet, kind, n in summary.get("sheets", [])
    ]
    words = {
        "students": _("学生"),
        "boarders": _("寄宿"),
        "left_behind": _("留守"),
        "helped": _("有认定类别"),
        "staff": _("教职工"),
        "pairs": _("结对"),
        "dorm_rooms": _("宿舍"),
        "meals": _("餐"),
    }
    rows += [[word, counted.get(key, 0)] for key, word in words.items()]
    rows += [[name, n] for name, n in summary.get("by_category", {}).items()]
    changes = summary.get("changes")
    if changes:
        rows += [
            [_("新增"), changes["added"]],
            [_("改动的格"), changes["changed"]],
            [_("与老师的修改并存，待裁定"), changes["siblings"]],
            [_("删除"), 0],
        ]
    rows += [[tidied(code), n] for code, n, _examples in summary.get("tidied", [])]
    return rows


def _table(
    sheet: Any, title: str, made: str, head: list[str], rows: list[list[Any]], formats: tuple[Any, Any, Any]
) -> None:
    heading, bold, cell = formats
    sheet.write_string(0, 0, title, heading)
    sheet.write_string(1, 0, made)
    for column, word in enumerate(head):
        sheet.write_string(2, column, word, bold)
    for number, row in enumerate(rows, 3):
        for column, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(number, column, value, cell)
            else:
                sheet.write_string(number, column, inert(str(value)), cell)
    sheet.freeze_panes(3, 0)
