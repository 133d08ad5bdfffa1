"""What is inside a backup: parts, one after another, as msgpack, compressed.

`Start`; for each table `TableOf` and its `Rows`; for each file `FileOf`, its `Piece`s and `FileEnd`; `End`
with how much there must have been.
"""

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from server.backup.seal import DAMAGED, BadFile, SealedWriter

MAX_PART = 256 << 20  # the largest row (an imported workbook) has less than a tenth of it
STEP = 1 << 20


class _Part(msgspec.Struct, array_like=True, tag=True):
    """Travels as an array: its class name, then its fields."""


class Start(_Part):
    """`revision`: the migration that the tables are of; `epoch`: the database's life that it was read in."""

    made: datetime
    epoch: str
    revision: str


class TableOf(_Part):
    """The rows that follow are of this table; `columns` are (name, sort) with the sorts of columns.py."""

    name: str
    columns: list[tuple[str, str]]


class Rows(_Part):
    """Some rows, values in the order of the columns."""

    rows: list[list[Any]]


class FileOf(_Part):
    """The pieces that follow are of this file; `path` is relative to the media folder, with slashes."""

    path: str


class Piece(_Part):
    """Some bytes of a file."""

    data: bytes


class FileEnd(_Part):
    """The file is complete."""

    sha256: str


class End(_Part):
    """How much there was."""

    rows: int
    files: int


Part = Start | TableOf | Rows | FileOf | Piece | FileEnd | End


class PartWriter:
    """Writes parts. `finish` once, at the end."""

    def __init__(self, out: SealedWriter) -> None:
        self._out, self._zip, self._encode = out, zlib.compressobj(6), msgspec.msgpack.Encoder().encode

    def put(self, part: Part) -> None:
        """Add a part."""
        body = self._encode(part)
        self._out.write(self._zip.compress(len(body).to_bytes(4, "big") + body))

    def finish(self) -> None:
        """Nothing follows."""
        self._out.write(self._zip.flush())
        self._out.finish()


def read_parts(chunks: Iterable[bytes]) -> Iterator[Part]:
    """The parts in sealed chunks that were opened. Raises BadFile, also where `End` is not the last."""
    decode = msgspec.msgpack.Decoder(Part).decode
    part, rest = None, bytearray()
    for data in _inflated(chunks):
        rest += data
        while (body := _taken(rest)) is not None:
            try:
                part = decode(body)
            except msgspec.MsgspecError:
                raise BadFile(DAMAGED) from None
            yield part
    if rest or not isinstance(part, End):
        raise BadFile(DAMAGED)


def _taken(rest: bytearray) -> bytes | None:
    """The first whole part in `rest`, which is taken out of it."""
    length = int.from_bytes(rest[:4], "big")
    if length > MAX_PART:
        raise BadFile(DAMAGED)
    if len(rest) < 4 + length or len(rest) < 4:
        return None
    body = bytes(rest[4 : 4 + length])
    del rest[: 4 + length]
    return body


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unzip = zlib.decompressobj()
    for chunk in chunks:
        try:
            while chunk:
                yield unzip.decompress(chunk, STEP)
                chunk = unzip.unconsumed_tail
        except zlib.error:
            raise BadFile(DAMAGED) from None
    yield unzip.flush()
    if not unzip.eof:
        raise BadFile(DAMAGED)
