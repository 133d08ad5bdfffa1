"""A sheet as cells, and how it falls into tables: titles, a header of one or two rows, and data below.

Several tables may stand in one sheet (a class each, or the pages of a print), each with its own header.
"""

import re
from dataclasses import dataclass, field

from server.roster import headers
from server.roster.cells import Cell, text

Merged = tuple[tuple[int, int], tuple[int, int]]


@dataclass(slots=True)
class Grid:
    """One sheet. Rows and columns count from 0 here and from 1 (A) in reports."""

    file: str
    sheet: str
    rows: list[list[Cell]]
    merged: list[Merged] = field(default_factory=list)
    uncounted: list[tuple[int, int]] = field(
        default_factory=list
    )  # formulas that were saved without a result


@dataclass(slots=True)
class Row:
    """One row of data by field. `number` is the row in the sheet, from 1."""

    number: int
    cells: dict[str, Cell]

    def get(self, field: str) -> Cell:
        """The cell of a field, or None where the sheet has no such column."""
        return self.cells.get(field)


@dataclass(slots=True)
class Table:
    """A header and its rows. `above` is what stood over the header (titles), `totals` the 合计 rows."""

    kind: str
    file: str
    sheet: str
    columns: dict[str, int]
    labels: dict[str, str]
    unknown: list[tuple[int, str]]
    above: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    totals: list[tuple[int, list[str]]] = field(default_factory=list)
    skipped: int = 0

    def column(self, field: str) -> str:
        """A field's column as a report names it: `H 身份证号码`."""
        if field not in self.columns:
            return ""
        return f"{letter(self.columns[field])} {self.labels[field]}"


def letter(index: int) -> str:
    """A column's letters: 0 → A, 27 → AB."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def tables(grid: Grid) -> list[Table]:
    """The tables of a sheet, in order; none where no row is a header."""
    rows = _spread(grid)
    found: list[Table] = []
    above: list[str] = []
    index = 0
    while index < len(rows):
        opened = _header_at(grid, rows, index)
        if opened:
            table, height = opened
            table.above = above
            above = []
            _keep(found, table)
            index += height
            continue
        words = [text(cell) for cell in grid.rows[index]]
        filled = [word for word in words if word]
        if found and not _is_caption(filled):
            _take(found[-1], index, rows[index], words)
        elif filled:
            above.append(" ".join(filled))
            if found:
                found[-1].skipped += 1
        elif found:
            found[-1].skipped += 1
        index += 1
    return [table for table in found if table.rows or table.columns]


def _keep(found: list[Table], table: Table) -> None:
    """A header that only repeats the one before (a printed page's) goes on with the same table."""
    last = found[-1] if found else None
    if last and last.kind == table.kind and last.columns == table.columns and not table.above:
        last.skipped += 1
    else:
        found.append(table)


_TOTAL = re.compile(
    r"^(合计|总计|小计|共计|总人数|总数|本页合计|本班合计|全校合计|平均|本页小计|本班人数|全校人数)"
)
_SIGNED = re.compile(
    r"^(校长|填表|制表|审核|复核|负责人|经办|班主任|主管|分管|领导|单位|学校|宿管|总务)[^:,]{0,8}(签字|签名|签章|盖章|:)"
    r"|^(说明|注|备注|填报|填写说明|注意|制表人|填表人|填表日期|日期)\s*[:1]|盖章\)?$|^\(?(签字|盖章|公章)"
)


def _is_caption(filled: list[str]) -> bool:
    """A line by itself between tables: a class's title, not data."""
    if len(filled) != 1 or _TOTAL.match(filled[0]) or _SIGNED.search(filled[0]):
        return False
    return bool(re.search(r"班|年级|名册|名单|花名|登记|安排|食谱|一览", filled[0]))


def _take(table: Table, index: int, row: list[Cell], words: list[str]) -> None:
    filled = [word for word in words if word]
    if not filled:
        table.skipped += 1
        return
    first = re.sub(r"\s+", "", filled[0])
    if _TOTAL.match(first):
        table.totals.append((index + 1, filled))
        table.skipped += 1
        return
    if _SIGNED.search(first) or (len(filled) <= 2 and _SIGNED.search("".join(filled))):
        table.skipped += 1
        return
    cells = {name: row[column] for name, column in table.columns.items() if column < len(row)}
    table.rows.append(Row(index + 1, cells))


def _header_at(grid: Grid, rows: list[list[Cell]], index: int) -> tuple[Table, int] | None:
    """The table that begins in a row, with its header's height (1 or 2), or None."""
    row = rows[index]
    if sum(1 for cell in row if headers.looks_known(cell)) < 2:
        return None
    best = _table(grid, row, 1)
    if index + 1 < len(rows) and not _looks_like_data(rows[index + 1]):
        double = _table(grid, [_joined(*pair) for pair in zip(row, rows[index + 1], strict=True)], 2)
        if double and (best is None or len(double[0].columns) > len(best[0].columns)):
            best = double
    return best


def _table(grid: Grid, row: list[Cell], height: int) -> tuple[Table, int] | None:
    known = headers.recognise(row)
    if not known:
        return None
    kind, columns = known
    labels = {field: re.sub(r"\s+", "", text(row[column])) for field, column in columns.items()}
    taken = set(columns.values())
    unknown = [
        (column, re.sub(r"\s+", "", text(cell)))
        for column, cell in enumerate(row)
        if column not in taken and text(cell)
    ]
    return Table(kind, grid.file, grid.sheet, columns, labels, unknown), height


def _looks_like_data(row: list[Cell]) -> bool:
    """A second header row holds only short words; a date, a number or an ID makes it data."""
    filled = [cell for cell in row if cell not in (None, "")]
    if not filled:
        return True
    return any(not isinstance(cell, str) or len(re.findall(r"\d", cell)) >= 4 for cell in filled)


def _joined(top: Cell, below: Cell) -> Cell:
    """Two rows of a header as one: 监护人 over 姓名 is 监护人姓名; a merged cell counts once."""
    first, second = text(top), text(below)
    if not second or first == second:
        return first
    if not first:
        return second
    both = first + second
    for words in (both, headers.group(first) + second):
        if any(headers.meaning(kind, words) for kind in headers.KINDS):
            return words
    return second if headers.looks_known(second) else both


def _spread(grid: Grid) -> list[list[Cell]]:
    """The rows with each merged area's value in all its cells, all equally long."""
    width = max((len(row) for row in grid.rows), default=0)
    rows = [[*row, *[None] * (width - len(row))] for row in grid.rows]
    for (top, left), (bottom, right) in grid.merged:
        if top >= len(rows) or left >= width:
            continue
        value = rows[top][left]
        for line in range(top, min(bottom + 1, len(rows))):
            for column in range(left, min(right + 1, width)):
                rows[line][column] = value
    return rows
