"""The messages of the sync protocol (see PROTOCOL.md) and how they are decoded.

The envelope is decoded first and each op alone, so that one damaged op never takes the others with it.
"""

import hashlib
import json
import math
import re
from typing import Any

import msgspec

from sync.text import is_encodable

VERSION = 1
MAX_OPS = 200
MAX_PUSH_BYTES = 1 << 20
MAX_OP_BYTES = 64 << 10
MAX_PAGE = 1000
PAGE_BYTES = 512 << 10
MAX_SEQ = 2**53 - 1
MAX_DEPTH = 32

Json = Any  # a parsed JSON value


class Pull(msgspec.Struct, omit_defaults=True):
    """What a client asks for: everything that came after `cursor` (None: all)."""

    cursor: str | None = None
    limit: int = MAX_PAGE


class SyncRequest(msgspec.Struct):
    """One `POST /sync`; `push` stays undecoded, each op is decoded on its own."""

    protocol: int
    client: str
    epoch: str | None = None
    push: list[msgspec.Raw] = []
    pull: Pull | None = None


class Op(msgspec.Struct, omit_defaults=True, rename={"from_": "from"}):
    """One change that a person made. `set` values are shaped by the field's merge type."""

    seq: int
    op: str
    kind: str
    doc: str
    base: int = 0
    form: str | None = None
    form_version: int | None = None
    set: dict[str, Json] | None = None
    was: dict[str, str | None] | None = None
    sees: dict[str, list[str]] | None = None
    event: str | None = None
    from_: str | None = None
    args: dict[str, Json] | None = None
    meta: dict[str, Json] | None = None
    at: str | None = None


class Warn(msgspec.Struct):
    """A value that was taken although it looks wrong: `out_of_range`, `too_long`, `unknown_choice` …"""

    field: str
    code: str


class Result(msgspec.Struct):
    """The answer to one op, stored with it and given again if the op comes again."""

    seq: int
    result: str
    rev: int = 0
    fields: list[str] = []
    warnings: list[Warn] = []
    code: str | None = None
    params: dict[str, Json] = {}


class Gone(msgspec.Struct):
    """A doc that left the user's scope."""

    kind: str
    id: str


class SyncReply(msgspec.Struct):
    """The answer to one `POST /sync`. `docs` are wire docs (see `doc.wire`), encoded."""

    epoch: str
    now: str
    acked: int
    durable: int
    results: list[Result]
    docs: list[msgspec.Raw]
    drop: list[Gone]
    cursor: str | None
    more: bool


class BadEnvelope(Exception):
    """The request as a whole can't be read; nothing of it is applied."""


class _SeqOnly(msgspec.Struct):
    seq: int


_CLIENT = re.compile(r"[0-9A-Za-z._-]{8,64}")
_NEW_ID = re.compile(r"[0-9A-Za-z-]{1,80}")  # never `<client>:<seq>`: those ids are the held ops'

encode = msgspec.json.Encoder().encode
_decode_request = msgspec.json.Decoder(SyncRequest).decode
_decode_op = msgspec.json.Decoder(Op).decode
_decode_seq = msgspec.json.Decoder(_SeqOnly).decode
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG = b"0" * len(str(MAX_SEQ))


def decode_request(body: bytes) -> SyncRequest:
    """The envelope of a request. Raises BadEnvelope."""
    try:
        request = _decode_request(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        request = _decode_request_leniently(body)
    if not _CLIENT.fullmatch(request.client):
        raise BadEnvelope("client")
    return request


def _decode_request_leniently(body: bytes) -> SyncRequest:
    """An envelope around an op that is not quite JSON (a lone surrogate, NaN): the op alone pays for it."""
    try:
        plain = json.loads(body.decode("utf-8", "surrogatepass"))
        push = [msgspec.Raw(json.dumps(op).encode()) for op in plain.pop("push", [])]
        request = msgspec.convert({**plain, "push": []}, SyncRequest)
    except (msgspec.MsgspecError, ValueError, RecursionError, AttributeError, TypeError) as error:
        raise BadEnvelope(str(error)) from error
    return msgspec.structs.replace(request, push=push)


def read_seq(raw: bytes) -> int:
    """The seq of an op whose rest may be unreadable. Raises BadEnvelope."""
    try:
        seq = _decode_seq(raw).seq
    except (msgspec.MsgspecError, ValueError, RecursionError):
        seq = _lenient_seq(raw)
    if not 1 <= seq <= MAX_SEQ:
        raise BadEnvelope("seq")
    return seq


def _lenient_seq(raw: bytes) -> int:
    try:
        seq = json.loads(raw.decode("utf-8", "surrogatepass"))["seq"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadEnvelope("seq") from error
    if type(seq) is not int:
        raise BadEnvelope("seq")
    return seq


def renumber(raw: bytes, seq: int) -> bytes:
    """The op under another seq, the same bytes each time. Raises BadEnvelope where it is no JSON object."""
    try:
        body = {**json.loads(raw.decode("utf-8", "surrogatepass")), "seq": seq}
    except (ValueError, TypeError, RecursionError) as error:
        raise BadEnvelope("seq") from error
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate: it goes on as the escape that it came as
        return json.dumps(body, separators=(",", ":")).encode()


def decode_op(raw: bytes) -> Op | None:
    """The op, or None where it can't be decoded (it is then held as `bad_op`, its bytes kept)."""
    try:
        op = _decode_op(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return op if _is_storable(op, _is_plain(raw)) else None


def _is_plain(raw: bytes) -> bool:
    """Whether the bytes alone show that all in a decoded op is `clean`: the decoder takes no bad UTF-8."""
    shallow = raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH
    return shallow and b"\\u" not in raw and _LONG not in raw.translate(_DIGITS)


def _is_storable(op: Op, plain: bool) -> bool:
    names = (op.op, op.kind, op.doc, op.form or "", op.event or "", op.at or "")
    if any(len(name) > 80 or "\0" in name for name in names):
        return False
    if op.op == "create" and not _NEW_ID.fullmatch(op.doc):
        return False
    return op.base >= 0 and (plain or (clean(op.meta) and clean(op.args) and clean(op.set)))


def clean(value: Json, depth: int = 0) -> bool:
    """Whether a database can store this JSON value: no NUL, no lone surrogate, no endless depth."""
    if isinstance(value, str):
        return is_encodable(value)
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, dict):
        return all(clean(k, depth) and clean(v, depth + 1) for k, v in value.items())
    if isinstance(value, list):
        return all(clean(v, depth + 1) for v in value)
    if isinstance(value, int):
        return abs(value) <= MAX_SEQ
    return True


def digest(raw: bytes) -> str:
    """A hash of the op's body as parsed JSON: key order, spacing and `1` against `1.0` don't matter."""
    return hashlib.sha256(_canonical(raw)).hexdigest()


def _canonical(raw: bytes) -> bytes:
    """One text for all bodies that are equal. What msgspec can't hold (lone surrogates, huge numbers) is odd
    in whichever way it is written, and always goes the long way."""
    try:
        return _sorted(_parsed(raw))
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        pass
    try:
        return _sorted_odd(_parsed_odd(raw.decode("utf-8", "surrogatepass"))).encode()
    except (ValueError, RecursionError):
        return raw


def _number(text: str) -> float:
    """A number with a point or an exponent; a whole one is an int, as if it had neither."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _finite(text: str) -> float:
    value = _number(text)
    if math.isinf(value):
        raise ValueError("msgspec would write null")
    return value


_parsed = msgspec.json.Decoder(float_hook=_finite).decode
_sorted = msgspec.json.Encoder(order="sorted").encode
_parsed_odd = json.JSONDecoder(parse_float=_number).decode
_sorted_odd = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode
