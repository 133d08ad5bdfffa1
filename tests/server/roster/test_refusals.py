"""Broken, foreign and dangerous files are refused, with the reason, and take the others with them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter

from server.roster.book import read_files
from server.roster.files import Refused
from tests.server.roster.books import HEADER, TODAY, as_xls, four, pupil, xlsx


def with_entry(name: str, body: bytes = b"x") -> bytes:
    """A good roster with one more file in its archive."""
    buffer = io.BytesIO(xlsx({"花名册": [HEADER, pupil(1)]}))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body)
    return buffer.getvalue()


BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "cut off": ("坏.xlsx", lambda: four()[0][1][:3000], "坏"),
    "cut off xls": ("坏.xls", lambda: as_xls()[0][1][:3000], "坏"),
    "empty": ("空.xlsx", lambda: b"", "空"),
    "a picture": ("图.xlsx", lambda: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "不是"),
    "a web page": ("页.xls", lambda: "<html><table><tr><td>姓名</td></tr></table>".encode(), "网页"),
    "another table": ("价.xlsx", lambda: xlsx({"价目": [["品名", "单价"], ["铅笔", 1]]}), "表头"),
    "prose": ("信.csv", lambda: "尊敬的家长：\n开学了。".encode(), "表头"),
    "macros": ("宏.xlsm", lambda: with_entry("xl/vbaProject.bin"), "宏"),
    "external links": ("链.xlsx", lambda: with_entry("xl/externalLinks/externalLink1.xml"), "别的文件"),
    "a zip bomb": ("弹.xlsx", lambda: with_entry("xl/media/x.xml", b"0" * 250_000_000), "大得不正常"),
    "a far cell": ("远.xlsx", lambda: xlsx({"花名册": [HEADER, [*[""] * 400, "x"]]}), "太多"),
}


@pytest.mark.parametrize("kind", BAD)
def test_one_bad_file_refuses_all(kind: str) -> None:
    name, make, reason = BAD[kind]
    with pytest.raises(Refused) as refused:
        read_files([*four(), (name, make())], TODAY)
    assert refused.value.file == name
    assert reason in refused.value.reason


def test_a_cell_at_the_far_corner_costs_nothing() -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("花名册")
    sheet.write_row(0, 0, HEADER)
    sheet.write(1_048_575, 16_383, "x")
    book.close()
    with pytest.raises(Refused):
        read_files([("角.xlsx", buffer.getvalue())], TODAY)


def test_a_sheet_that_is_no_roster_beside_one_that_is_only_gets_a_word() -> None:
    book = read_files(
        [("名册.xlsx", xlsx({"填表说明": [["请如实填写"]], "花名册": [HEADER, pupil(1)]}))], TODAY
    )
    assert [p.code for p in book.notes.problems] == ["sheet_skipped"]
    assert len(book.pupils) == 1
