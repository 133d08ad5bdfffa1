"""Ops that a phone sealed to the server's key, opened and made ready to be taken like any other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec

from server.gateway.push import check_limits
from server.gateway.take import Incoming, incoming
from server.problems import Problem
from server.vaults.seal import OVERHEAD, CannotOpen, KeyPair, from_text
from sync.protocol import MAX_OP_BYTES, MAX_OPS, MAX_PUSH_BYTES, MAX_SEQ, BadEnvelope, read_seq

_UNREAD = b"sealed "
"""Stands before the bytes of an op that could not be opened, in the log of ops: they are no JSON."""
BODY_BYTES = (MAX_PUSH_BYTES * 4 // 3) + MAX_OPS * 256 + (4 << 10)
"""A push of the greatest size, sealed and in base64url."""


class SealedOp(msgspec.Struct):
    """One op as it lies in a locked phone's outbox; `sealed` is base64url."""

    seq: Annotated[int, msgspec.Meta(ge=1, le=MAX_SEQ)]
    sealed: str


class SealedPush(msgspec.Struct):
    """The body of `POST /sync/sealed`; `key` is the id of the key that the ops are sealed to."""

    client: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z._-]{8,64}$")]
    key: Annotated[str, msgspec.Meta(max_length=64)]
    ops: list[SealedOp]


async def open_ops(pair: KeyPair | None, key: str, client: str, ops: Sequence[SealedOp]) -> list[Incoming]:
    """The ops of a request, opened; one that can't be is held later, with its bytes.

    `pair` is the key pair of the id `key`, None where the server has none of that id. Raises Problem 413
    beyond a limit of the protocol.
    """
    check_limits([b""] * len(ops))  # their number, before any work is done on them
    if any(is_too_large(op) for op in ops):
        raise Problem(413, "too_large", limit=MAX_OP_BYTES, of="op")
    opened = await open_all(pair, key, client, ops)
    check_limits([b"" if is_unread(one.raw) else one.raw for one in opened])
    return opened


def is_too_large(op: SealedOp) -> bool:
    """Whether an op is beyond what sealing makes of the largest."""
    return len(op.sealed) > 4 * (MAX_OP_BYTES + OVERHEAD + 2) // 3


async def open_all(pair: KeyPair | None, key: str, client: str, ops: Sequence[SealedOp]) -> list[Incoming]:
    """Any number of ops, opened beside the event loop; see `is_unread` for those that can't be."""
    return await asyncio.to_thread(lambda: [_open(pair, key, client, op) for op in ops])


def is_unread(raw: bytes) -> bool:
    """Whether an op's bytes are those of one that could not be opened."""
    return raw.startswith(_UNREAD)


def _open(pair: KeyPair | None, key: str, client: str, op: SealedOp) -> Incoming:
    unread = Incoming(op.seq, _UNREAD + f"{key} {op.sealed}".encode(errors="replace"), None)
    if pair is None:
        return unread
    try:
        raw = pair.open(from_text(op.sealed), f"{client}:{op.seq}")
        return incoming(op.seq, raw) if read_seq(raw) == op.seq else unread
    except (CannotOpen, ValueError, BadEnvelope):
        return unread
