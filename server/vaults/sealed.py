"""Ops that a phone sealed to the server's key, opened and made ready to be taken like any other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec

from server.db import Database
from server.gateway.push import check_limits
from server.gateway.take import Incoming, incoming
from server.problems import Problem
from server.vaults.keys import find_key
from server.vaults.seal import OVERHEAD, CannotOpen, KeyPair, from_text
from sync.protocol import MAX_OP_BYTES, MAX_OPS, MAX_PUSH_BYTES, MAX_SEQ, BadEnvelope, read_seq, renumber

_UNREAD = b"sealed "
"""Stands before the bytes of an op that could not be opened, in the log of ops: they are no JSON."""
BODY_BYTES = (MAX_PUSH_BYTES * 4 // 3) + MAX_OPS * 256 + (4 << 10)
"""A push of the greatest size, sealed and in base64url."""


class SealedOp(msgspec.Struct, rename={"from_": "from"}):
    """One op as it lies in a locked phone's outbox; `sealed` is base64url.

    `from_`, `<client>:<seq>`: where it stood when it was sealed, if its phone is another client since then.
    """

    seq: Annotated[int, msgspec.Meta(ge=1, le=MAX_SEQ)]
    sealed: str
    from_: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z._-]{8,64}:[1-9][0-9]{0,15}$")] | None = None


class SealedPush(msgspec.Struct):
    """The body of `POST /sync/sealed`; `key` is the id of the key that the ops are sealed to, `epoch` as in a
    push."""

    client: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z._-]{8,64}$")]
    key: Annotated[str, msgspec.Meta(max_length=64)]
    ops: list[SealedOp]
    epoch: Annotated[str, msgspec.Meta(max_length=64)] | None = None


async def open_ops(db: Database, user: str, sent: SealedPush) -> list[Incoming]:
    """The ops of a user's request, opened; one that can't or must not be is held later, with its bytes.

    Raises Problem 413 beyond a limit of the protocol.
    """
    check_limits([b""] * len(sent.ops))  # their number, before any work is done on them
    if any(is_too_large(op) for op in sent.ops):
        raise Problem(413, "too_large", limit=MAX_OP_BYTES, of="op")
    async with db.read() as conn:
        pair = await find_key(conn, sent.key)
    opened = await open_all(pair, sent.key, user, sent.client, sent.ops)
    # each was measured as it came: under another seq it may be longer by a digit
    check_limits([b"" if is_unread(one.raw) else one.raw[:MAX_OP_BYTES] for one in opened])
    return opened


def is_too_large(op: SealedOp) -> bool:
    """Whether an op is beyond what sealing makes of the largest."""
    return len(op.sealed) > 4 * (MAX_OP_BYTES + OVERHEAD + 2) // 3


async def open_all(
    pair: KeyPair | None, key: str, user: str, client: str, ops: Sequence[SealedOp]
) -> list[Incoming]:
    """Any number of ops, opened beside the event loop; see `is_unread` for those that can't be.

    `pair` is the key pair of the id `key`, None where the server has none of that id. `user`: who sends them,
    proven. What anybody else sealed stays shut: whoever carries off a locked phone must not have it opened
    under a name of their own.
    """
    return await asyncio.to_thread(lambda: [_open(pair, key, user, client, op) for op in ops])


def is_unread(raw: bytes) -> bool:
    """Whether an op's bytes are those of one that could not be opened."""
    return raw.startswith(_UNREAD)


def _open(pair: KeyPair | None, key: str, user: str, client: str, op: SealedOp) -> Incoming:
    kept = " ".join(part for part in (key, op.from_, op.sealed) if part)
    unread = Incoming(op.seq, _UNREAD + kept.encode(errors="replace"), None)
    about = op.from_ or f"{client}:{op.seq}"
    if pair is None:
        return unread
    try:
        raw = pair.open(from_text(op.sealed), f"{user}|{about}")
        if read_seq(raw) != int(about.rpartition(":")[2]):
            return unread
        return incoming(op.seq, renumber(raw, op.seq) if op.from_ else raw)
    except (CannotOpen, ValueError, BadEnvelope):
        return unread
