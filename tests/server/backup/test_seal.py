"""A backup that is damaged, cut off, changed or locked is refused; nothing of it is believed."""

import io
from collections.abc import Callable
from functools import cache

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.backup import seal
from server.backup.parts import End, PartWriter, Piece, Rows, read_parts
from server.backup.seal import BadFile, SealedWriter, Shell, opened
from tests.server.backup.conftest import PASSPHRASE

CHUNK = 64
BODY = bytes(range(200))
Files = dict[str, bytes]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks, and a key that is derived once."""
    monkeypatch.setattr(seal, "CHUNK", CHUNK)
    monkeypatch.setattr(seal, "_key", _key)


_key = cache(seal._key)


@cache
def sealed(passphrase: str, body: bytes = BODY, chunk: int = CHUNK) -> bytes:
    """A file of several chunks."""
    assert chunk == seal.CHUNK
    file = io.BytesIO()
    out = SealedWriter(file, passphrase)
    out.write(body[:100])
    out.write(body[100:])
    out.finish()
    return file.getvalue()


def content(data: bytes, passphrase: str) -> bytes:
    """What is read from a file."""
    return b"".join(opened(io.BytesIO(data), passphrase))


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
@pytest.mark.parametrize("length", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_written_is_read(passphrase: str, length: int) -> None:
    assert content(sealed(passphrase, BODY[:length]), passphrase) == BODY[:length]


def test_an_encrypted_file_does_not_show_what_is_in_it() -> None:
    assert BODY[:16] in sealed("")
    assert BODY[:16] not in sealed(PASSPHRASE)


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_a_file_cut_off_anywhere_is_refused(passphrase: str) -> None:
    whole = sealed(passphrase)
    for length in range(len(whole)):
        with pytest.raises(BadFile):
            content(whole[:length], passphrase)


def damaged(passphrase: str, change: Callable[[bytearray], None]) -> bytes:
    """The file with something done to it."""
    data = bytearray(sealed(passphrase))
    change(data)
    return bytes(data)


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_a_file_changed_in_any_chunk_is_refused(passphrase: str) -> None:
    first = sealed(passphrase).index(b"}\n") + 2
    for place in range(first, len(sealed(passphrase))):

        def flip(data: bytearray, place: int = place) -> None:
            data[place] ^= 1

        with pytest.raises(BadFile):
            content(damaged(passphrase, flip), passphrase)


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_chunks_cannot_change_places_or_be_left_out(passphrase: str) -> None:
    whole = sealed(passphrase)
    start = whole.index(b"}\n") + 2
    size = 4 + int.from_bytes(whole[start : start + 4], "big")
    head, one, two, rest = (
        whole[:start],
        whole[start : start + size],
        whole[start + size : start + 2 * size],
        whole[start + 2 * size :],
    )
    for other in (head + two + one + rest, head + one + rest, head + one + one + two + rest, head + rest):
        with pytest.raises(BadFile):
            content(other, passphrase)


def test_another_passphrase_and_none_are_told_apart() -> None:
    with pytest.raises(BadFile, match="another one"):
        content(sealed(PASSPHRASE), "guess")
    with pytest.raises(BadFile, match="is encrypted"):
        content(sealed(PASSPHRASE), "")


def test_a_plain_file_in_place_of_an_encrypted_one_is_refused() -> None:
    with pytest.raises(BadFile, match="not encrypted"):
        content(sealed(""), PASSPHRASE)


@pytest.mark.parametrize(
    "shell",
    [
        Shell("aes-256-gcm", "00", n=1 << 30),
        Shell("aes-256-gcm", "00", n=3),
        Shell("aes-256-gcm", "00", n=0),
        Shell("aes-256-gcm", "00", r=1 << 20),
        Shell("aes-256-gcm", "zz"),
    ],
)
def test_a_file_that_asks_for_too_much_work_is_refused(shell: Shell) -> None:
    line = msgspec.json.encode(shell) + b"\n"
    with pytest.raises(BadFile):
        content(seal.MAGIC + line + b"\0\0\0\x20" + bytes(32), PASSPHRASE)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for start in (b"", seal.MAGIC, seal.MAGIC + msgspec.json.encode(Shell()) + b"\n"):
        with pytest.raises(BadFile):
            content(start + data, "")


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_any_parts_are_read_or_refused(chunks: list[bytes]) -> None:
    with pytest.raises(BadFile):
        list(read_parts(chunks))


def test_parts_that_do_not_end_are_refused() -> None:
    for parts, good in (([Piece(b"x"), End(0, 0)], True), ([Rows([[1]])], False)):
        file = io.BytesIO()
        out = PartWriter(SealedWriter(file))
        for part in parts:
            out.put(part)
        out.finish()
        chunks = list(opened(io.BytesIO(file.getvalue())))
        if good:
            assert list(read_parts(chunks)) == parts
        else:
            with pytest.raises(BadFile):
                list(read_parts(chunks))
