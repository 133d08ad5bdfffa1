"""Passwords by argon2id, and phone numbers in one way of writing."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 8
MAX_LENGTH = 256

# OWASP's recommendation of 19 MiB and two passes: a school's sign-ins come all at once, at eight o'clock.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(4, "argon2")  # each takes 19 MiB and a core


def normal_phone(text: str) -> str:
    """A phone number as digits: full-width digits, spaces, dashes and +86 do not matter. "" if it is none."""
    digits = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", text))
    digits = re.sub(r"^(\+|00)86", "", digits)
    return digits if re.fullmatch(r"[0-9]{5,20}", digits) else ""


def fault(password: str) -> str | None:
    """Why a new password can't be taken: "short", "long", or None if it can."""
    length = len(_normal(password))
    if length < MIN_LENGTH:
        return "short"
    return "long" if length > MAX_LENGTH else None


async def hash_password(password: str) -> str:
    """The password's argon2id hash, computed in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, _normal(password))


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether the password is right. Without a hash it takes as long and is never right."""
    if len(password) > MAX_LENGTH:
        return False
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, _verify, _normal(password), password_hash)


def _verify(password: str, password_hash: str | None) -> bool:
    try:
        return _hasher.verify(password_hash or _nobodys(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    """A hash that unknown phone numbers are checked against, so that the time taken tells nothing."""
    return _hasher.hash("nobody signs in with this")


def _normal(password: str) -> str:
    """NFKC: an input method that types full-width digits must not lock anyone out."""
    return unicodedata.normalize("NFKC", password)
