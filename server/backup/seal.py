"""The outer shell of a backup: chunks that are each sealed, so that a damaged or cut file is noticed.

    zoufang backup 1\\n
    {"cipher": "aes-256-gcm", "salt": "…", "n": 131072, "r": 8, "p": 1}\\n
    then, until the end: the length of a sealed chunk (4 bytes), the sealed chunk

The key is scrypt of the passphrase with the file's own salt, and so fresh for every file; a chunk's nonce is
its number and whether it is the last, so chunks can't be swapped, left out, or cut off at the end. Without a
passphrase a chunk carries a SHA-256 in place of the tag: that finds accidents, not intent.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator
from typing import BinaryIO, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"zoufang backup 1\n"
CHUNK = 1 << 20
MAX_SEALED = CHUNK + 64
MAX_HEADER = 1024
MAX_N, MAX_R, MAX_P = 1 << 20, 16, 4
"""What a file may ask of scrypt: 2 GiB at most, so that a strange file can't stop the machine."""


class BadFile(Exception):
    """The file is no backup, or is damaged, cut off, changed, or locked with another passphrase."""


class Shell(msgspec.Struct, frozen=True):
    """The second line of the file, as JSON."""

    cipher: Literal["none", "aes-256-gcm"] = "none"
    salt: str = ""
    n: int = 1 << 17
    r: int = 8
    p: int = 1


class Seal:
    """Seals and opens chunks of one file. `about`: the file's first lines, which every chunk vouches for."""

    def __init__(self, shell: Shell, passphrase: str, about: bytes) -> None:
        self.about = hashlib.sha256(about).digest()
        self.aes = None if shell.cipher == "none" else AESGCM(_key(shell, passphrase))

    def close(self, number: int, last: bool, chunk: bytes) -> bytes:
        """The chunk as it is written."""
        nonce = _nonce(number, last)
        if self.aes is not None:
            return self.aes.encrypt(nonce, chunk, self.about)
        return chunk + hashlib.sha256(self.about + nonce + chunk).digest()

    def open(self, number: int, last: bool, sealed: bytes) -> bytes:
        """The chunk that was written. Raises BadFile."""
        nonce = _nonce(number, last)
        if self.aes is not None:
            try:
                return self.aes.decrypt(nonce, sealed, self.about)
            except InvalidTag:
                reason = "the passphrase is another one, or the file is damaged" if number == 0 else DAMAGED
                raise BadFile(reason) from None
        chunk, digest = sealed[:-32], sealed[-32:]
        if not hmac.compare_digest(digest, hashlib.sha256(self.about + nonce + chunk).digest()):
            raise BadFile(DAMAGED)
        return chunk


DAMAGED = "the file is damaged, or its end is missing"


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _key(shell: Shell, passphrase: str) -> bytes:
    kdf = Scrypt(salt=bytes.fromhex(shell.salt), length=32, n=shell.n, r=shell.r, p=shell.p)
    return kdf.derive(passphrase.encode())


class SealedWriter:
    """Bytes of any length go in; sealed chunks go into the file. `finish` once, at the end."""

    def __init__(self, file: BinaryIO, passphrase: str = "") -> None:
        shell = Shell("aes-256-gcm", os.urandom(16).hex()) if passphrase else Shell()
        about = MAGIC + msgspec.json.encode(shell) + b"\n"
        self._file, self._seal = file, Seal(shell, passphrase, about)
        self._rest, self._number = bytearray(), 0
        file.write(about)

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._rest += data
        while len(self._rest) > CHUNK:  # never all of it: the last chunk is sealed as the last
            self._put(bytes(self._rest[:CHUNK]), last=False)
            del self._rest[:CHUNK]

    def finish(self) -> None:
        """Seal what is left as the last chunk."""
        self._put(bytes(self._rest), last=True)

    def _put(self, chunk: bytes, last: bool) -> None:
        sealed = self._seal.close(self._number, last, chunk)
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


def opened(file: BinaryIO, passphrase: str = "") -> Iterator[bytes]:
    """The chunks of a file, each checked before it is given out; ends only after the true last one.

    Raises BadFile, and says so too where a passphrase is given and the file is not encrypted at all: whoever
    can write to the place of the backups could have put it there.
    """
    magic, line = file.readline(MAX_HEADER), file.readline(MAX_HEADER)
    if magic != MAGIC:
        raise BadFile("this is not a backup of Zoufang, or one of a newer release")
    seal = Seal(_shell(line, passphrase), passphrase, magic + line)
    number, sealed = 0, _read(file)
    if sealed is None:
        raise BadFile(DAMAGED)
    while sealed is not None:
        following = _read(file)
        yield seal.open(number, following is None, sealed)
        number, sealed = number + 1, following


def _shell(line: bytes, passphrase: str) -> Shell:
    try:
        shell = msgspec.json.decode(line, type=Shell)
        bytes.fromhex(shell.salt)
    except (msgspec.MsgspecError, ValueError):
        raise BadFile(DAMAGED) from None
    sound = 2 <= shell.n <= MAX_N and shell.n & (shell.n - 1) == 0
    if not (sound and 1 <= shell.r <= MAX_R and 1 <= shell.p <= MAX_P):
        raise BadFile(DAMAGED)
    if shell.cipher != "none" and not passphrase:
        raise BadFile("the file is encrypted: give its passphrase by --key-file or BACKUP_PASSPHRASE")
    if shell.cipher == "none" and passphrase:
        raise BadFile(
            "a passphrase is set and the file is not encrypted: to take it in all the same, set none"
        )
    return shell


def _read(file: BinaryIO) -> bytes | None:
    head = file.read(4)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    sealed = file.read(length) if len(head) == 4 and 16 <= length <= MAX_SEALED else b""
    if not sealed or len(sealed) != length:
        raise BadFile(DAMAGED)
    return sealed
