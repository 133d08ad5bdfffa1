"""The reader of LevelDB's files reads what LevelDB itself wrote, packed with Snappy."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests import leveldb

NAME = "欧阳表格"
HALVES = "欧阳一二三四表格五六" * 40
# both by LevelDB 1.22: twelve rows in blocks of 400 bytes, the sixth with the name between its halves, one
# row set anew, one deleted, compacted; then one more row, which stands in the log
TABLE = """
ixQ0ABAMcHVwaWw6MDABAQAFAQzlgLwwEQQUBwkMMQECBRcBGAgx5YAJBBQHCQwyAQMVGAgy5YAJBBQHCQAzAA0JGBAICAwBBAkL
DOWAvDMRBBQHCQw0AQUVGAg05YAJBBgHCewSNQEGCRl05qyn6Ziz5LiA5LqM5LiJ5Zub6KGo5qC85LqU5YWt/h4A/h4A/h4A/h4A
/h4A/h4A/h4A/h4A/h4A/h4A/h4A/h4A/h4A/h4A/h4A/h4A/h4A/h4AXh4AiaT+ngT+ngT+ngT+ngT+ngT+ngT+ngT+ngT+ngT+
ngT+ngT+ngT+ngT+ngT+ngT+ngT+ngT+ngRengReTgkcAAAAAAEAAAABKv/GUbYBNAAQDHB1cGlsOjA2AQcABQEM5YC8NhEEFAcJ
BjcBDgUXKADmlrDlgLwJBwwICRAM5YC8NxEEFAcJDDgBCRUYCDjlgAkEFAcJDDkBChUYCDnlgAkEGAYKDzEwAQsVGQwxMOWAEQUU
BwkPMQEMGRsAMQEbNDHlgLwxMQAAAAABAAAAASJb+AkAAAAAAQAAAADA8qGwABADcHVwaWw6MDUBBgAAAAAAAACKAgAJBHEB////
/////48CgwEAAAAAFgAAAAIAAAAAEo7P7ZcDCKQDMgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABX+4CLJHVH2w==
"""
LOG = "iLXDXR0AAQ8AAAAAAAAAAQAAAAEIcHVwaWw6OTkG5pel5b+X"


def file(folder: Path, name: str, text: str) -> Path:
    """The file with these bytes."""
    path = folder / name
    path.write_bytes(base64.b64decode(text))
    return path


def test_a_table_packed_with_snappy(tmp_path: Path) -> None:
    path = file(tmp_path, "000005.ldb", TABLE)
    assert NAME.encode() not in path.read_bytes(), "only who unpacks the table can read the name"
    rows: dict[str, list[str]] = {}
    for key, value in leveldb.pairs(path):
        rows.setdefault(key[:8].decode(), []).append(value.decode())
    expected = {f"pupil:{n:02}": [f"值{n}" * 3] for n in range(12)}
    expected["pupil:03"].insert(0, "")  # deleted; what was there before still lies in the file
    expected["pupil:05"] = [HALVES + NAME + HALVES]
    expected["pupil:07"].insert(0, "新值")
    assert rows == expected


def test_a_log(tmp_path: Path) -> None:
    path = file(tmp_path, "000004.log", LOG)
    assert list(leveldb.pairs(path)) == [(b"pupil:99", "日志".encode())]


def test_a_table_without_its_end_is_none(tmp_path: Path) -> None:
    path = file(tmp_path, "000005.ldb", TABLE)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="footer"):
        list(leveldb.pairs(path))
