"""What a disk may hold after a power cut, from the journal that powercut.c wrote.

Files are numbered as they were opened. What was synced is there. Of what was not, anything may be: each
sector of 512 bytes holds some version that it had since the last sync, files may be shorter, names that were
made or removed since the folder's last sync may be so or not. Sizes are in bytes.
"""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

SECTOR = 512
MAGIC = 0x5A465043
HEAD = struct.Struct("<IIqqqq")
SOURCE = Path(__file__).with_name("powercut.c")
Fate = Literal["nothing", "everything", "some", "torn"]
"""What becomes of what was not synced: none of it is there, all of it, sectors at random, or a first part."""


class NoCompiler(Exception):
    """There is no C compiler here."""


def build(folder: Path) -> Path:
    """Compile the library. Raises NoCompiler."""
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        raise NoCompiler
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "powercut.so"
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(made), str(SOURCE), "-ldl", "-lpthread"]
    subprocess.run(command, check=True, capture_output=True)
    return made


class Change(NamedTuple):
    """One thing done: `kind` W(rite), T(runcate), C(reate), O(pen), U(nlink), S(ync), D(irectory synced)."""

    kind: str
    file: int
    offset: int
    data: bytes
    number: int


def read_journal(path: Path) -> Iterator[Change]:
    """The journal in order; a record that the kill cut short was never finished and ends it."""
    with path.open("rb") as journal:
        while len(head := journal.read(HEAD.size)) == HEAD.size:
            magic, kind, file, offset, length, number = HEAD.unpack(head)
            if magic != MAGIC:
                raise ValueError("the journal is damaged")
            data = journal.read(length) if kind != ord("T") else b""
            if len(data) < length and kind != ord("T"):
                return
            yield Change(chr(kind), file, offset, data, number)


@dataclass
class Content:
    """One file: what is safe, and what was done to it since, oldest first."""

    safe: bytearray
    pending: list[Change] = field(default_factory=list)

    def sync(self, upto: int) -> None:
        """All that was done up to that number is safe now."""
        for change in self.pending:
            if change.number <= upto:
                apply(self.safe, change)
        self.pending = [change for change in self.pending if change.number > upto]


class Disk:
    """The disk at one moment. `files` by number; `names` are the folder's safe entries, `turns` the rest."""

    def __init__(self, before: dict[str, bytes], journal: Path) -> None:
        self.files: dict[int, Content] = {}
        self.names: dict[str, int] = {}
        self.turns: list[Change] = []
        self.syncs = 0
        self.untouched = dict(before)
        for change in read_journal(journal):
            self._play(change)

    def _play(self, change: Change) -> None:
        name = Path(change.data.decode(errors="replace")).name if change.kind in "COU" else ""
        match change.kind:
            case "O":
                self.files[change.file] = Content(bytearray(self.untouched.pop(name)))
                self.names[name] = change.file
            case "C":
                self.files[change.file] = Content(bytearray())
                self.turns.append(change)
            case "U":
                self.turns.append(change)
            case "W" | "T":
                self.files[change.file].pending.append(change)
            case "S":
                self.syncs += 1
                self.files[change.file].sync(change.offset)
            case "D":
                done = [turn for turn in self.turns if turn.number <= change.offset]
                self.turns = self.turns[len(done) :]
                turn_names(self.names, done)

    def after(self, fate: Fate, rng: random.Random) -> dict[str, bytes]:
        """The files by name, as the next start finds them."""
        names, turns = dict(self.names), len(self.turns)
        kept = {"nothing": 0, "everything": turns}.get(fate, rng.randint(0, turns))
        turn_names(names, self.turns[:kept])
        return self.untouched | {name: survive(self.files[n], fate, rng) for name, n in names.items()}

    @property
    def unsynced(self) -> int:
        """How many writes were waiting for a sync."""
        return sum(len(content.pending) for content in self.files.values())


def turn_names(names: dict[str, int], turns: list[Change]) -> None:
    """Make and remove names in a folder."""
    for turn in turns:
        name = Path(turn.data.decode()).name
        if turn.kind == "C":
            names[name] = turn.file
        else:
            names.pop(name, None)


def apply(content: bytearray, change: Change) -> None:
    """Do it to the bytes."""
    if change.kind == "T":
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
        return
    end = change.offset + len(change.data)
    content.extend(bytes(max(0, end - len(content))))
    content[change.offset : end] = change.data


def survive(content: Content, fate: Fate, rng: random.Random) -> bytes:
    """One file after the cut."""
    left, pending = bytearray(content.safe), content.pending
    if fate == "everything":
        for change in pending:
            apply(left, change)
    elif fate == "torn" and pending:
        reached = rng.randrange(len(pending))
        for change in pending[:reached]:
            apply(left, change)
        last = list(pieces(pending[reached]))
        for piece in last[: rng.randint(0, len(last))]:
            apply(left, piece)
    elif fate == "some":
        _some(left, pending, rng)
    return bytes(left)


def _some(left: bytearray, pending: list[Change], rng: random.Random) -> None:
    """Sectors at random, each as it was at some time; a change of length parts what is before from after."""
    cuts = [n for n, change in enumerate(pending) if change.kind == "T"]
    start = rng.choice([0, *(n + 1 for n in cuts)])
    for change in pending[:start]:
        apply(left, change)
    end = next((n for n in cuts if n >= start), len(pending))
    versions: dict[int, list[Change]] = defaultdict(list)
    for change in pending[start:end]:
        for piece in pieces(change):
            versions[piece.offset // SECTOR].append(piece)
    share = rng.random()
    for history in versions.values():
        if rng.random() < share:
            for piece in history[: rng.randint(1, len(history))]:
                apply(left, piece)


def pieces(change: Change) -> Iterator[Change]:
    """A write, cut at the borders of sectors; a change of length is one piece."""
    if change.kind == "T":
        yield change
        return
    at, end = change.offset, change.offset + len(change.data)
    while at < end:
        border = min(end, (at // SECTOR + 1) * SECTOR)
        yield change._replace(offset=at, data=change.data[at - change.offset : border - change.offset])
        at = border
