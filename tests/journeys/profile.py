"""Searches a copied browser profile for texts, unpacked and in each encoding, as a finder would."""

from __future__ import annotations

import re
import shutil
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cramjam import DecompressionError, snappy

from tests import leveldb

ENCODINGS = ("utf-8", "utf-16-le", "gb18030")
GZIP = b"\x1f\x8b\x08"
BLINK_SNAPPY = b"\xff\x11\x02"
"""What Chromium writes before a value of IndexedDB that it has packed with Snappy."""
How = Literal["as it lies", "in a value", "unpacked"]


@dataclass
class Searched:
    """What was looked through, and in which file and how each text was found.

    `values` came out of LevelDB's files, whose tables may be packed as well; `unpacked` were packed besides.
    """

    files: int = 0
    values: int = 0
    unpacked: int = 0
    found: dict[str, set[tuple[str, How]]] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{text}: {sorted(where)}" for text, where in sorted(self.found.items())]
        return "\n".join([f"{self.files} files, {self.values} values, {self.unpacked} unpacked", *lines])


def copy_profile(profile: Path, to: Path) -> Path:
    """The profile as it lies on the disk now, of a browser that may be running."""

    def no_sockets(_folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name.startswith("Singleton")]

    shutil.copytree(profile, to, ignore=no_sockets, ignore_dangling_symlinks=True)
    return to


def search(profile: Path, texts: Iterable[str]) -> Searched:
    """Look for each text in every file: as it lies there, and unpacked."""
    sought = {form: text for text in texts for form in _forms(text)}
    pattern = re.compile(b"|".join(re.escape(form) for form in sorted(sought, key=len, reverse=True)))
    done = Searched()
    for path in sorted(one for one in profile.rglob("*") if one.is_file() and not one.is_symlink()):
        done.files += 1
        place = path.relative_to(profile).as_posix()
        for how, part in _parts(path, done):
            for hit in pattern.findall(part):
                done.found.setdefault(sought[hit], set()).add((place, how))
    return done


def _forms(text: str) -> set[bytes]:
    escaped = "".join(sign if sign.isascii() else f"\\u{ord(sign):04x}" for sign in text).encode()
    return {*(text.encode(encoding) for encoding in ENCODINGS), escaped}


def _parts(path: Path, done: Searched) -> Iterator[tuple[How, bytes]]:
    """The file's bytes, the values in it, and what was packed in either."""
    yield from _with_packed("as it lies", path.read_bytes(), done)
    for value in _values(path, done):
        yield from _with_packed("in a value", value, done)


def _with_packed(how: How, data: bytes, done: Searched) -> Iterator[tuple[How, bytes]]:
    yield how, data
    for part in (*_inflated(data), *_expanded(data)):
        done.unpacked += 1
        yield "unpacked", part


def _values(path: Path, done: Searched) -> Iterator[bytes]:
    is_table = path.suffix in (".ldb", ".sst")
    if not is_table and not (path.suffix == ".log" and (path.parent / "CURRENT").exists()):
        return
    for key, value in leveldb.pairs(path):
        done.values += 1
        yield key
        yield value


def _inflated(data: bytes) -> Iterator[bytes]:
    for start in re.finditer(re.escape(GZIP), data):
        unpack = zlib.decompressobj(wbits=31)
        try:
            yield unpack.decompress(data[start.start() :])
        except zlib.error:
            continue  # these three bytes stood there for something else


def _expanded(data: bytes) -> Iterator[bytes]:
    for start in re.finditer(re.escape(BLINK_SNAPPY), data):
        try:
            yield bytes(snappy.decompress_raw(data[start.end() :]))
        except DecompressionError:
            continue  # as above
