"""A file of unsent work (`.zoufang`), read with suspicion: it comes by hand, from anywhere.

{"format": "zoufang-unsent", "version": 1, "school", "user", "client", "key": <id>, "made": <ISO time>,
 "epoch": <the life of the database that the phone knows> (optional),
 "proof": <the client's delivery token, sealed; associated data: the client>,
 "ops": [{"seq", "sealed", "from" (optional)}]}
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from server.body import nesting
from server.text import _, fmt
from server.vaults.sealed import SealedOp
from sync.protocol import MAX_SEQ

FORMAT, VERSION = "zoufang-unsent", 1
MAX_BYTES = 16 << 20
DEEPEST = 6
"""How deep such a file may nest; its own shape goes three deep."""


class Refused(Exception):
    """The file can't be taken in; `text` says why, to a person."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class _Head(msgspec.Struct):
    format: str = ""
    version: int = 0


class UnsentFile(msgspec.Struct):
    """The file as it is written; nothing in it is believed but what the proof says."""

    format: Literal["zoufang-unsent"]
    version: Literal[1]
    school: str
    user: str
    client: str
    key: str
    proof: str
    ops: list[SealedOp]
    made: str | None = None
    epoch: Annotated[str, msgspec.Meta(max_length=64)] | None = None


def read_file(data: bytes) -> UnsentFile:
    """The file, whole and in order. Raises Refused."""
    if not data.strip():
        raise Refused(_("文件是空的。请先选从手机上导出的文件。"))
    if len(data) > MAX_BYTES:
        raise Refused(
            fmt(_("文件太大，最多{n}MB。请让手机先联网传一部分，再导出剩下的。"), n=MAX_BYTES >> 20)
        )
    if nesting(data, DEEPEST) > DEEPEST:
        raise Refused(_not_ours())
    try:
        head = msgspec.json.decode(data, type=_Head)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        cut = data.lstrip()[:1] == b"{" and FORMAT.encode() in data[:400]
        raise Refused(_damaged() if cut else _not_ours()) from None
    if head.format != FORMAT:
        raise Refused(_not_ours())
    if head.version != VERSION:
        raise Refused(_("文件是更新的版本导出的，这台服务器还读不了。请先更新服务器。"))
    try:
        file = msgspec.json.decode(data, type=UnsentFile)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Refused(_damaged()) from None
    _check_order(file)
    return file


def _check_order(file: UnsentFile) -> None:
    seqs = [op.seq for op in file.ops]
    if not seqs:
        raise Refused(_("文件里一条记录也没有。"))
    if seqs != list(range(seqs[0], seqs[0] + len(seqs))) or seqs[-1] > MAX_SEQ:
        raise Refused(_damaged())


def _not_ours() -> str:
    return _("这不是从走访的手机上导出的文件。要选的文件名以.zoufang结尾。")


def _damaged() -> str:
    return _("文件不完整，多半是没有传完。请在手机上重新导出一次，再拿来。")
