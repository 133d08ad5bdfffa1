"""Workbooks for tests: the four of the school in other formats, and rosters as other schools write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import python_calamine
import xlsxwriter
import xlwt

from server.roster.idents import check_digit

DATA = Path(__file__).parents[2] / "data"
TODAY = date(2026, 11, 20)
File = tuple[str, bytes]
Rows = Sequence[Sequence[Any]]


def four() -> list[File]:
    """The school's workbooks as they are."""
    return [(path.name, path.read_bytes()) for path in sorted(DATA.glob("*.xlsx"))]


def sheets() -> Iterable[tuple[str, str, list[list[Any]]]]:
    """Every sheet of them: workbook, sheet, rows."""
    for path in sorted(DATA.glob("*.xlsx")):
        book = python_calamine.CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            yield path.stem, name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def as_xls() -> list[File]:
    """The four as .xls."""
    books: dict[str, xlwt.Workbook] = {}
    style = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for stem, name, rows in sheets():
        sheet = books.setdefault(stem, xlwt.Workbook()).add_sheet(name)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write(i, j, cell, style)
                elif cell != "":
                    sheet.write(i, j, cell)
    return [(f"{stem}.xls", _saved(book)) for stem, book in books.items()]


def _saved(book: xlwt.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def as_csv(encoding: str, delimiter: str = ",", *, one_a_workbook: bool = False) -> list[File]:
    """The four as CSV, one file a sheet, or one a workbook with its sheets below each other."""
    files: dict[str, io.StringIO] = {}
    for stem, name, rows in sheets():
        key = stem if one_a_workbook else f"{stem}-{name}"
        csv.writer(files.setdefault(key, io.StringIO()), delimiter=delimiter).writerows(rows)
    return [(f"{key}.csv", buffer.getvalue().encode(encoding)) for key, buffer in files.items()]


def xlsx(named: Mapping[str, Rows], merges: Sequence[tuple[int, int, int, int]] = ()) -> bytes:
    """A workbook of these sheets; `merges` (top, left, bottom, right) are merged in each of them."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    day = book.add_format({"num_format": "yyyy/m/d"})
    for name, rows in named.items():
        sheet = book.add_worksheet(name)
        for top, left, bottom, right in merges:
            sheet.merge_range(top, left, bottom, right, "")
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(i, j, cell, day)
                elif cell not in ("", None):
                    sheet.write(i, j, cell)
    book.close()
    return buffer.getvalue()


def ident(birth: str, order: int, region: str = "991234") -> str:
    """A fictional ID number with the right check digit; an odd order is a boy's."""
    first = f"{region}{birth}{order:03d}"
    return first + check_digit(first)


HEADER = "序号 年级 班级 姓名 性别 出生日期 身份证号 家庭住址 监护人 关系 联系电话 住校 备注".split()


def pupil(number: int, name: str = "", **changes: Any) -> list[Any]:
    """A good row below `HEADER`; `changes` by header."""
    birth = f"2018{number % 12 + 1:02d}{number % 28 + 1:02d}"
    row = {
        "序号": number,
        "年级": "三年级",
        "班级": "(2)班",
        "姓名": name or f"王小{'一二三四五六七八九'[number % 9]}",
        "性别": "男" if number % 2 else "女",
        "出生日期": f"{birth[:4]}-{birth[4:6]}-{birth[6:]}",
        "身份证号": ident(birth, number),
        "家庭住址": f"大坪村{number % 8 + 1}组",
        "监护人": f"王大{'一二三四五六七八九'[number % 9]}",
        "关系": "父亲",
        "联系电话": str(13700000000 + number),
        "住校": "是",
        "备注": "",
    }
    return [changes.get(header, value) for header, value in row.items()]


def roster(rows: Rows, name: str = "花名册.xlsx") -> File:
    """A roster of these rows."""
    return name, xlsx({"花名册": [HEADER, *rows]})
