"""Opening workbooks that come from outside: what kind of file it is, how big it may be, what is refused.

The bytes are parsed in a process of their own with limits on memory and time (`extract.py`), so that a
damaged or hostile file costs at most that process. Formulas are never evaluated: what Excel stored is read.
"""

import io
import os
import subprocess
import sys
import tempfile
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from server.roster.cells import Cell
from server.roster.grid import Grid
from server.roster.limits import MAX_BYTES, MAX_ENTRIES, MAX_INFLATED, MAX_RATIO, SECONDS
from server.text import _, fmt

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FORBIDDEN = (
    ("vbaproject", _("里面有宏，请另存为不带宏的 .xlsx 再导入")),
    ("externallinks/", _("里面引用了别的文件，请只粘贴数值后再导入")),
    ("activex/", _("里面有控件，请另存为只有数据的 .xlsx 再导入")),
    ("embeddings/", _("里面嵌入了别的文件，请另存为只有数据的 .xlsx 再导入")),
    ("macrosheets/", _("里面有宏表，请另存为不带宏的 .xlsx 再导入")),
)


class Refused(Exception):
    """A file that can't be imported, and with it none of the others. `reason` is for a person."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file, self.reason = file, reason


class _Sheet(msgspec.Struct):
    name: str
    rows: list[list[Any]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]]
    hidden: bool = False
    uncounted: list[tuple[int, int]] = []


class _Extracted(msgspec.Struct):
    sheets: list[_Sheet] = []
    error: str = ""


_ERRORS = {
    "password": _("设了密码，请去掉密码再导入"),
    "too_big": _("行或列太多，请删去多余的行列再导入"),
    "broken": _("打不开，文件可能坏了或不是表格"),
    "not_text": _("不是表格：既不是 Excel 也不是 CSV"),
    "web_page": _("其实是网页，请在 Excel 里另存为 .xlsx 再导入"),
}


def open_file(file: str, body: bytes) -> tuple[list[Grid], list[str]]:
    """The visible sheets of a file, and the names of hidden ones. Raises Refused."""
    file = Path(file).name[:120] or "?"
    if not body:
        raise Refused(file, _("是空文件"))
    if len(body) > MAX_BYTES:
        raise Refused(file, fmt(_("超过{n}MB"), n=MAX_BYTES >> 20))
    if body.startswith(_ZIP):
        _check_zip(file, body)
    elif body.startswith(_OLE):
        _check_ole(file, body)
    found = _extract(body)
    if found.error:
        raise Refused(file, _(_ERRORS.get(found.error, _ERRORS["broken"])))
    stem = Path(file).stem
    grids = [
        Grid(
            file,
            sheet.name or stem,
            [[_cell(c) for c in row] for row in sheet.rows],
            sheet.merged,
            sheet.uncounted,
        )
        for sheet in found.sheets
        if not sheet.hidden
    ]
    return grids, [sheet.name for sheet in found.sheets if sheet.hidden and sheet.rows]


def _cell(cell: Any) -> Cell:
    return date.fromisoformat(cell["d"]) if isinstance(cell, dict) else cell


def _check_zip(file: str, body: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Refused(file, _(_ERRORS["broken"])) from error
    inflated = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MAX_ENTRIES or inflated > MAX_INFLATED or inflated > MAX_RATIO * max(packed, 20_000):
        raise Refused(file, _("解压后大得不正常，没有打开"))
    for entry in entries:
        name = entry.filename.lower().replace("\\", "/")
        for part, reason in _FORBIDDEN:
            if part in name:
                raise Refused(file, _(reason))


def _check_ole(file: str, body: bytes) -> None:
    if "_VBA_PROJECT".encode("utf-16-le") in body:
        raise Refused(file, _(_FORBIDDEN[0][1]))
    if "EncryptedPackage".encode("utf-16-le") in body:
        raise Refused(file, _(_ERRORS["password"]))


def _extract(body: bytes) -> _Extracted:
    with tempfile.TemporaryDirectory(prefix="zoufang-import-") as folder:
        path = Path(folder) / "in"
        path.write_bytes(body)
        try:
            done = subprocess.run(  # noqa: S603 - our own module on a file of ours
                [sys.executable, "-m", "server.roster.extract", str(path)],
                capture_output=True,
                timeout=SECONDS,
                cwd=Path(__file__).parents[2],
                env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(sys.path)},
                check=False,
            )
        except subprocess.TimeoutExpired:
            return _Extracted(error="too_big")
    if done.returncode != 0:
        return _Extracted(error="too_big" if b"memory" in done.stderr.lower() else "broken")
    return msgspec.json.decode(done.stdout, type=_Extracted)
