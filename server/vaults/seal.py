"""The sealed format: what anybody can close with the server's public key, and only the server opens.

65 bytes of an ephemeral public key (P-256, uncompressed) ‖ 12 bytes of nonce ‖ ciphertext with its tag.
The AES-256-GCM key is HKDF-SHA256 of the ECDH secret (salt empty, info `zoufang op 1|<key id>`); what is
sealed belongs to its associated data, `<user>|<client>:<seq>` for an op. Cases: `sync/vectors/sealed.json`.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
POINT, NONCE, TAG = 65, 12, 16
OVERHEAD = POINT + NONCE + TAG
"""Bytes that sealing adds."""
_BASE64URL = re.compile(r"[0-9A-Za-z_-]*")


class CannotOpen(Exception):
    """The bytes were sealed to another key or for another purpose, or are damaged."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """One of the server's key pairs. `private`: 32 bytes; `public`: the uncompressed point, 65 bytes."""

    id: str
    private: bytes
    public: bytes

    @classmethod
    def make(cls) -> KeyPair:
        """A new pair."""
        return cls.of(ec.generate_private_key(CURVE).private_numbers().private_value.to_bytes(32, "big"))

    @classmethod
    def of(cls, private: bytes) -> KeyPair:
        """The pair of a private key."""
        key = ec.derive_private_key(int.from_bytes(private, "big"), CURVE)
        public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return cls(hashlib.sha256(public).hexdigest()[:16], private, public)

    def open(self, sealed: bytes, about: str) -> bytes:
        """What was sealed to this key; `about` is the associated data. Raises CannotOpen."""
        if len(sealed) < OVERHEAD:
            raise CannotOpen
        point, nonce, box = sealed[:POINT], sealed[POINT : POINT + NONCE], sealed[POINT + NONCE :]
        key = ec.derive_private_key(int.from_bytes(self.private, "big"), CURVE)
        try:
            secret = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point))
            return AESGCM(_derive(secret, self.id)).decrypt(nonce, box, about.encode())
        except (ValueError, InvalidTag):  # not a point of the curve; not what was sealed
            raise CannotOpen from None


def _derive(secret: bytes, key_id: str) -> bytes:
    info = f"zoufang op 1|{key_id}".encode()
    return HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(secret)


def to_text(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_text(text: str) -> bytes:
    """The bytes of base64url, with or without padding. Raises ValueError for anything else."""
    plain = text.rstrip("=")
    if not _BASE64URL.fullmatch(plain):
        raise ValueError("not base64url")
    return urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
