"""Reads what lies in LevelDB's files, deleted and overwritten values too: tables (.ldb) and logs (.log).

After the descriptions in doc/table_format.md and doc/log_format.md of LevelDB. It trusts the files: a
damaged one raises ValueError or IndexError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from cramjam import snappy

MAGIC = 0xDB4775248B80FB57
FOOTER = 48
TRAILER = 5  # a byte that says how a block is packed, and its checksum
PLAIN, SNAPPY = 0, 1
LOG_BLOCK = 32_768
LOG_HEAD = 7
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
BATCH_HEAD = 12
Pair = tuple[bytes, bytes]


def pairs(path: Path) -> Iterator[Pair]:
    """Every key and value in one file of a database; a deletion has an empty value."""
    data = path.read_bytes()
    return _table(data) if path.suffix in (".ldb", ".sst") else _log(data)


def _table(data: bytes) -> Iterator[Pair]:
    footer = data[-FOOTER:]
    if len(footer) < FOOTER or struct.unpack("<Q", footer[-8:])[0] != MAGIC:
        raise ValueError("no table: the footer is missing")
    _, at = _handle(footer, 0)
    index, _ = _handle(footer, at)
    for _, where in _entries(_block(data, *index)):
        handle, _ = _handle(where, 0)
        yield from _entries(_block(data, *handle))


def _block(data: bytes, offset: int, size: int) -> bytes:
    packed, how = data[offset : offset + size], data[offset + size]
    if how == PLAIN:
        return packed
    if how == SNAPPY:
        return bytes(snappy.decompress_raw(packed))
    raise ValueError(f"a block is packed in a way that is not known: {how}")


def _entries(block: bytes) -> Iterator[Pair]:
    (restarts,) = struct.unpack("<I", block[-4:])
    end = len(block) - 4 * (restarts + 1)
    at, key = 0, b""
    while at < end:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + length]
        at += own + length


def _log(data: bytes) -> Iterator[Pair]:
    """The batches of a log. Its end may be cut off: what was being written then is no batch yet."""
    batch = b""
    at = 0
    while at + LOG_HEAD <= len(data):
        if LOG_BLOCK - at % LOG_BLOCK < LOG_HEAD:  # too little room for a head: the block is padded
            at += LOG_BLOCK - at % LOG_BLOCK
            continue
        length, kind = struct.unpack_from("<HB", data, at + 4)
        if kind not in (FULL, FIRST, MIDDLE, LAST):
            return
        batch = (b"" if kind in (FULL, FIRST) else batch) + data[at + LOG_HEAD : at + LOG_HEAD + length]
        at += LOG_HEAD + length
        if kind in (FULL, LAST) and at <= len(data):
            yield from _batch(batch)


def _batch(batch: bytes) -> Iterator[Pair]:
    at = BATCH_HEAD
    while at < len(batch):
        is_value = batch[at] == 1
        length, at = _varint(batch, at + 1)
        key, at = batch[at : at + length], at + length
        value = b""
        if is_value:
            length, at = _varint(batch, at)
            value, at = batch[at : at + length], at + length
        yield key, value


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, at
