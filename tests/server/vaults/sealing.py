"""Another writer of the sealed format and of export files, from sync/PROTOCOL.md alone."""

import base64
import json
import os
from typing import Any

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    """What base64url without padding stands for."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def hkdf(secret: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 with an empty salt, 32 bytes, step by step as RFC 5869 has it."""
    extract = hmac.HMAC(bytes(32), hashes.SHA256())
    extract.update(secret)
    expand = hmac.HMAC(extract.finalize(), hashes.SHA256())
    expand.update(info + b"\x01")
    return expand.finalize()


def seal(key: dict[str, str], about: str, plain: bytes) -> str:
    """Seal to the key of `GET /vault`; `about` is the associated data."""
    server = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(key["public"]))
    once = ec.generate_private_key(ec.SECP256R1())
    point = once.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    nonce = os.urandom(12)
    secret = hkdf(once.exchange(ec.ECDH(), server), f"zoufang op 1|{key['id']}".encode())
    return b64(point + nonce + AESGCM(secret).encrypt(nonce, plain, about.encode()))


def seal_op(key: dict[str, str], user: str, client: str, op: dict[str, Any]) -> dict[str, Any]:
    """An op as it lies in a locked phone's outbox."""
    plain = json.dumps(op, ensure_ascii=False).encode()
    return {"seq": op["seq"], "sealed": seal(key, f"{user}|{client}:{op['seq']}", plain)}


def moved(sealed: dict[str, Any], client: str, seq: int) -> dict[str, Any]:
    """What was sealed as an op of this client, as it goes under another's number."""
    return {"seq": seq, "sealed": sealed["sealed"], "from": sealed.get("from", f"{client}:{sealed['seq']}")}


def export(
    key: dict[str, str], school: str, user: str, client: str, delivery: str, ops: list[dict[str, Any]]
) -> dict[str, Any]:
    """A file of unsent work, as a phone writes it."""
    return {
        "format": "zoufang-unsent",
        "version": 1,
        "school": school,
        "user": user,
        "client": client,
        "key": key["id"],
        "proof": seal(key, client, delivery.encode()),
        "made": "2026-11-19T21:05:00+08:00",
        "ops": [seal_op(key, user, client, op) for op in ops],
    }
