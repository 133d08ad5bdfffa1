"""Sorts of columns in a backup: words that say how a value travels, whichever database it came from."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, Integer, LargeBinary, Text, column, table
from sqlalchemy import types as sql

from server.backup.seal import DAMAGED, BadFile
from server.db import Json, Utc

SORTS: dict[str, Any] = {
    "bool": Boolean(),
    "int": BigInteger(),
    "float": Float(),
    "bytes": LargeBinary(),
    "json": Json,
    "time": Utc(),
    "text": Text(),
}


def sort_of(kind: sql.TypeEngine[Any]) -> str:
    """The word for a column's type. Raises TypeError for one that no table has had yet."""
    for word, classes in (
        ("time", Utc),
        ("bool", Boolean),
        ("int", Integer),
        ("float", Float),
        ("bytes", sql.LargeBinary),
        ("json", JSON),
        ("text", sql.String),
    ):
        if isinstance(kind, classes):
            return word
    raise TypeError(f"a backup has no word for {kind!r}: add one")


def table_of(name: str, columns: list[tuple[str, str]]) -> Any:
    """A table as the backup describes it: it may be of an older release. Raises BadFile for unknown sorts."""
    if not {sort for _, sort in columns} <= SORTS.keys():
        raise BadFile(DAMAGED)
    return table(name, *(column(word, SORTS[sort]) for word, sort in columns))
