"""Statements of SQLAlchemy's that are run for every push: compiled once, then given to the driver as text.

Running a compiled statement costs SQLAlchemy more than it costs the database: parameters are bound one by
one, lists spelled out, rows processed. Here the text is kept for each database and for each length of list
(rounded up, the rest filled with the last value: what is in a list twice is found once).

Values go in and come out as through SQLAlchemy. On SQLite's connections for short work
the driver is asked at once (server.sqlite), which is most of what a push saves.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from server.sqlite import MANY, driver_of

Values = Mapping[str, Any]
Shape = tuple[tuple[str, int | None], ...]
"""Names of parameters; of those that are lists, how long."""


class Place(NamedTuple):
    """What goes in at one place of the text: a value by its name, one of a list, or always the same."""

    name: str
    index: int | None
    process: Callable[[Any], Any] | None
    constant: Any = None


class Prepared(NamedTuple):
    """A statement's text and the places in it, in order."""

    sql: str
    places: tuple[Place, ...]
    pick: Callable[[Values], tuple[Any, ...]] | None
    """All the places at once, where each is a value of its own name."""
    odd: tuple[int, ...]
    """Those of them that don't go in as they are."""
    row: Callable[[Sequence[Any]], Any]
    """A row with its columns' names and values, of what the driver has found."""

    def fill(self, values: Values) -> tuple[Any, ...]:
        """The driver's parameters."""
        if self.pick is not None:
            return self._fixed(self.pick(values))
        filled = []
        for name, index, process, constant in self.places:
            value = constant if not name else values[name] if index is None else values[name][index]
            filled.append(value if process is None else process(value))
        return tuple(filled)

    def _fixed(self, picked: tuple[Any, ...]) -> tuple[Any, ...]:
        if not self.odd:
            return picked
        filled = list(picked)
        for at in self.odd:
            process = self.places[at].process
            filled[at] = process(filled[at]) if process else filled[at]
        return tuple(filled)


class Rows(list[Any]):
    """What a statement found, whole: tuples with the names of its columns."""

    def first(self) -> Any:
        """The first row, None where there is none."""
        return self[0] if self else None

    def scalars(self) -> list[Any]:
        """The first column."""
        return [row[0] for row in self]


async def run(conn: AsyncConnection, statement: Any, values: Values) -> Rows:
    """Run a statement once; a parameter that is `expanding` takes a list with something in it."""
    given = {name: _rounded(value) if isinstance(value, list) else value for name, value in values.items()}
    shape = tuple((name, len(v) if isinstance(v, list) else None) for name, v in given.items())
    ready = _prepared(conn.dialect.name, statement, shape, _Of(conn.dialect))
    driver = driver_of(conn)
    if driver is not None:
        return Rows(map(ready.row, driver.ask(ready.sql, ready.fill(given))))
    found = await conn.exec_driver_sql(ready.sql, ready.fill(given))
    return Rows(map(ready.row, found.all())) if found.returns_rows else Rows()


async def run_many(conn: AsyncConnection, statement: Any, rows: Sequence[Values]) -> None:
    """Run a statement for each row (at least one); all have the keys of the first, and no lists."""
    shape = tuple((name, None) for name in rows[0])
    ready = _prepared(conn.dialect.name, statement, shape, _Of(conn.dialect))
    filled = [ready.fill(row) for row in rows]
    driver = driver_of(conn) if len(rows) <= MANY else None
    if driver is not None:
        driver.ask_many(ready.sql, filled)
    else:
        await conn.exec_driver_sql(ready.sql, filled)


async def say(conn: AsyncConnection, sql: str) -> None:
    """Run a statement without parameters and rows: a savepoint."""
    driver = driver_of(conn)
    if driver is not None:
        driver.ask(sql, ())
    else:
        await conn.exec_driver_sql(sql)


class _Of:
    """A dialect that takes no part in telling cached texts apart: its name does."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Of)

    def __hash__(self) -> int:
        return 0


def _rounded(values: list[Any]) -> list[Any]:
    """The list, filled up to the next power of two."""
    size = 1 << (len(values) - 1).bit_length()
    return values + values[-1:] * (size - len(values))


@lru_cache(1024)
def _prepared(_name: str, statement: Any, shape: Shape, of: _Of) -> Prepared:
    sizes = dict(shape)
    samples = {name: "" if size is None else [""] * size for name, size in shape}
    compiled = (statement if statement.is_dml else statement.params(samples)).compile(
        dialect=of.dialect,
        column_keys=[*sizes] if statement.is_dml else None,
        compile_kwargs={"render_postcompile": True},
    )
    places = tuple(_place(compiled, bound, sizes) for bound in compiled.positiontup)
    single = len(places) > 1 and all(p.name and p.index is None for p in places)
    pick = itemgetter(*(p.name for p in places)) if single else None
    odd = tuple(at for at, place in enumerate(places) if place.process is not None)
    return Prepared(str(compiled), places, pick, odd, _row_of(statement, of.dialect))


def _row_of(statement: Any, dialect: Dialect) -> Callable[[Sequence[Any]], Any]:
    columns = {} if statement.is_dml else dict(statement.selected_columns.items())
    make = namedtuple("Row", columns, rename=True)._make
    kinds = [column.type.dialect_impl(dialect) for column in columns.values()]
    found = [(at, kind.result_processor(dialect, None)) for at, kind in enumerate(kinds)]
    odd = [(at, process) for at, process in found if process is not None]

    def converted(row: Sequence[Any]) -> Any:
        values = list(row)
        for at, process in odd:
            values[at] = process(values[at])
        return make(values)

    return converted if odd else make


def _place(compiled: Any, bound: str, sizes: Mapping[str, int | None]) -> Place:
    listed, _, number = bound.rpartition("_")
    if bound not in sizes and sizes.get(listed) is None:
        return Place("", None, None, compiled.binds[bound].effective_value)
    name, index = (bound, None) if bound in sizes else (listed, int(number) - 1)
    kind = compiled.binds[name].type.dialect_impl(compiled.dialect)
    return Place(name, index, kind.bind_processor(compiled.dialect))
