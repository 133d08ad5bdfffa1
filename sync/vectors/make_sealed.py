"""Writes sealed.json: ops sealed to the server's key, byte for byte, from keys and nonces written down here.

    python -m sync.vectors.make_sealed

A locked phone seals, the server opens; both must pass these. The format, as PROTOCOL.md has it, is written
out here by itself: neither side's code is asked. Bytes are base64url without padding. Deterministic.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = Path(__file__).parent
CURVE = ec.SECP256R1()
CLIENT = "01936b2e-0000-7000-8000-000000000001"
HOME = f"01936b2e-0000-7000-8000-0000000000a1|{CLIENT}"
"""A user, and a client of theirs."""


def text(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def private(word: str) -> ec.EllipticCurvePrivateKey:
    """The key that a word stands for."""
    return ec.derive_private_key(int.from_bytes(hashlib.sha256(word.encode()).digest(), "big"), CURVE)


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half: 65 bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def number(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The private half: 32 bytes."""
    return key.private_numbers().private_value.to_bytes(32, "big")


def derive(secret: bytes, info: str) -> bytes:
    """HKDF-SHA256 with an empty salt, 32 bytes (RFC 5869)."""
    extracted = hmac.digest(b"", secret, "sha256")
    return hmac.digest(extracted, info.encode() + b"\x01", "sha256")


def case(name: str, server: str, once: str, about: str, plain: bytes) -> dict[str, Any]:
    """One sealing with everything that goes into it, and the steps between."""
    to, ephemeral = private(server), private(once)
    key_id = hashlib.sha256(point(to)).hexdigest()[:16]
    nonce = hashlib.sha256(f"nonce {once}".encode()).digest()[:12]
    key = derive(ephemeral.exchange(ec.ECDH(), to.public_key()), f"zoufang op 1|{key_id}")
    return {
        "name": name,
        "key": {"id": key_id, "public": text(point(to)), "private": text(number(to))},
        "ephemeral": {"public": text(point(ephemeral)), "private": text(number(ephemeral))},
        "nonce": text(nonce),
        "about": about,
        "plain": text(plain),
        "aes_key": text(key),
        "sealed": text(point(ephemeral) + nonce + AESGCM(key).encrypt(nonce, plain, about.encode())),
    }


def cases() -> list[dict[str, Any]]:
    """What is sealed: ops of all sizes, and a delivery token as in an exported file."""
    op = {"seq": 41, "op": "edit", "kind": "visit", "doc": "d", "set": {"home_fb": "先写作业。𠮷"}}
    plain = json.dumps(op, ensure_ascii=False).encode()
    return [
        case("an op", "server one", "once 1", f"{HOME}:41", plain),
        case("the same op under another ephemeral key", "server one", "once 2", f"{HOME}:41", plain),
        case("to another key of the server's", "server two", "once 3", f"{HOME}:41", plain),
        case("a seq of many digits", "server one", "once 4", f"{HOME}:9007199254740991", b"{}"),
        case("nothing", "server one", "once 5", f"{HOME}:1", b""),
        case("a long op", "server one", "once 6", f"{HOME}:2", b"x" * 5000),
        case(
            "a delivery token", "server one", "once 7", CLIENT, b"Vq3h7m0l9QbZk2nJf8sT4wXyR6uPcAeG1oDiLtNvHxM"
        ),
    ]


def main() -> None:
    """Write the file."""
    path = HERE / "sealed.json"
    path.write_text(json.dumps({"cases": cases()}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
