"""Parses one file in a process of its own and prints its sheets as JSON. Started by `files.py` only."""

import contextlib
import csv
import io
import re
import resource
import sys
import zipfile
from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
import python_calamine as calamine

from server.roster.limits import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_MERGED,
    MAX_ROWS,
    MAX_SHEETS,
    MEMORY,
    SECONDS,
)

_FORMULA = re.compile(
    rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*<f\b(?:[^>]*/>|.*?</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>',
    re.S,
)


class TooBig(Exception):
    """More rows, columns or sheets than any school has."""


def main(path: str) -> None:
    """Read the file at a path, within limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    body = Path(path).read_bytes()
    sys.stdout.buffer.write(msgspec.json.encode(extract(body)))


def extract(body: bytes) -> dict[str, Any]:
    """`{"sheets": [{name, rows, merged, hidden, uncounted}]}`, or `{"error": code}`."""
    try:
        if body.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            return {"sheets": _workbook(body)}
        return _text(body)
    except (TooBig, MemoryError):
        return {"error": "too_big"}
    except calamine.PasswordError:
        return {"error": "password"}
    except (calamine.CalamineError, ValueError, OSError, KeyError):
        return {"error": "broken"}


def _workbook(body: bytes) -> list[dict[str, Any]]:
    book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
    if len(book.sheet_names) > MAX_SHEETS:
        raise TooBig
    formulas = _uncounted(body) if body.startswith(b"PK") else {}
    sheets = []
    for index, about in enumerate(book.sheets_metadata):
        if about.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_index(index)
        height, width = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)
        if height > MAX_ROWS or width > MAX_COLUMNS or height * width > MAX_CELLS:
            raise TooBig
        rows = [[_cell(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        sheets.append(
            {
                "name": about.name,
                "rows": rows,
                "merged": _merged(sheet.merged_cell_ranges or [], height, width),
                "hidden": about.visible != calamine.SheetVisibleEnum.Visible,
                "uncounted": formulas.get(index, []),
            }
        )
    return sheets


def _merged(ranges: list[Any], height: int, width: int) -> list[Any]:
    kept, covered = [], 0
    for (top, left), (bottom, right) in ranges:
        bottom, right = min(bottom, height - 1), min(right, width - 1)
        covered += max(0, bottom - top + 1) * max(0, right - left + 1)
        if covered > MAX_MERGED:
            raise TooBig
        kept.append(((top, left), (bottom, right)))
    return kept


def _cell(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return {"d": cell.date().isoformat()}
    if isinstance(cell, date):
        return {"d": cell.isoformat()}
    if isinstance(cell, (time, timedelta)):
        return str(cell)
    if isinstance(cell, str):
        return cell.encode("utf-8", "replace").decode()
    return cell


def _uncounted(body: bytes) -> dict[int, list[tuple[int, int]]]:
    """Formulas that were saved without a result, by the sheet's place in the archive's numbering."""
    found: dict[int, list[tuple[int, int]]] = {}
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for name in archive.namelist():
            number = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name)
            if not number:
                continue
            xml = archive.read(name)
            if b"<f" not in xml:
                continue
            for letters, row in _FORMULA.findall(xml):
                column = 0
                for letter in letters:
                    column = column * 26 + letter - 64
                found.setdefault(int(number.group(1)) - 1, []).append((int(row) - 1, column - 1))
    return found


def _text(body: bytes) -> dict[str, Any]:
    words = _decoded(body)
    if words is None:
        return {"error": "not_text"}
    if re.match(r"\s*(<!doctype html|<html|<table|<\?xml)", words[:200], re.IGNORECASE):
        return {"error": "web_page"}
    rows: list[list[str]] = []
    csv.field_size_limit(100_000)
    for row in csv.reader(io.StringIO(words, newline=""), delimiter=_delimiter(words)):
        rows.append([cell[:2_000] for cell in row])
        if len(rows) > MAX_ROWS or len(row) > MAX_COLUMNS:
            raise TooBig
    return {"sheets": [{"name": "", "rows": rows, "merged": []}]}


def _decoded(body: bytes) -> str | None:
    """CSV as Chinese offices save it: UTF-8 with or without BOM, UTF-16 with one, GB 18030."""
    encodings = ["utf-16"] if body[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        with contextlib.suppress(UnicodeDecodeError):
            words = body.decode(encoding)
            odd = sum(1 for letter in words[:20_000] if ord(letter) < 32 and letter not in "\t\r\n\f\x0b")
            return None if odd else words
    return None


def _delimiter(words: str) -> str:
    """The separator that cuts the first lines into the same number of cells most often."""
    lines = [line for line in words.splitlines()[:60] if line.strip()]
    scores = {}
    for mark in ",\t;|，":
        counts = Counter(line.count(mark) for line in lines if mark in line)
        if counts:
            width, times = max(counts.items(), key=lambda item: (item[1], item[0]))
            scores[mark] = (times, width)
    return max(scores, key=lambda mark: scores[mark]) if scores else ","


if __name__ == "__main__":
    main(sys.argv[1])
