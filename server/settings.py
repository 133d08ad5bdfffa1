"""Settings come from the environment and are checked at start. The README's table lists them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from server.db import driver_url

DEFAULT_SECRET = "not-a-secret-only-for-trying-out"  # noqa: S105 - refused in production, see below
ENVIRONMENTS = ("development", "production")
PUSH_HOSTS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)


class SettingsError(Exception):
    """One or more settings can't be used; the message has a line for each, saying what to do."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the environment decides. `load_settings` makes it; tests make it directly."""

    database_url: str = "sqlite:///var/zoufang.db"
    media_url: str = "file:var/media"
    var_dir: Path = Path("var")
    secret_key: str = DEFAULT_SECRET
    base_url: str = ""
    """The address people type, `https://zoufang.example.cn`; empty: whatever the request's Host says."""
    port: int = 8000
    environment: str = "development"
    push_hosts: tuple[str, ...] = PUSH_HOSTS
    """Hosts a push subscription may point to; `*.` at the front stands for any one or more labels."""
    push_subject: str = ""
    """`mailto:` or `https:` address of whoever runs the server; push services want to know."""
    backup_passphrase: str = ""
    """What `zoufang backup` encrypts with; empty: it does not, unless a --key-file is given."""
    session_idle_days: int = 14
    session_max_days: int = 90
    body_seconds: int = 20
    """How long a request's body may take to arrive, besides a second for each 2 KiB."""

    @property
    def production(self) -> bool:
        """Whether real children's data is behind this server."""
        return self.environment == "production"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from environment variables. Raises SettingsError naming every fault at once."""
    faults: list[str] = []
    read = _Reader(environ, faults)
    var_dir = Path(read.text("VAR_DIR", "var"))
    settings = Settings(
        var_dir=var_dir,
        database_url=read.text("DATABASE_URL", f"sqlite:///{var_dir}/zoufang.db"),
        media_url=read.text("MEDIA_URL", f"file:{var_dir}/media"),
        secret_key=read.text("SECRET_KEY", DEFAULT_SECRET),
        base_url=read.text("BASE_URL", "").rstrip("/"),
        port=read.number("PORT", 8000, 1, 65535),
        environment=read.text("ZOUFANG_ENV", "development"),
        push_hosts=read.words("PUSH_HOSTS", PUSH_HOSTS),
        push_subject=read.text("PUSH_SUBJECT", ""),
        backup_passphrase=read.text("BACKUP_PASSPHRASE", ""),
        session_idle_days=read.number("SESSION_IDLE_DAYS", 14, 1, 90),
        session_max_days=read.number("SESSION_MAX_DAYS", 90, 1, 365),
        body_seconds=read.number("BODY_SECONDS", 20, 1, 600),
    )
    faults += _faults(settings)
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


def _faults(settings: Settings) -> list[str]:
    """What is wrong with settings that could be read."""
    faults = []
    try:
        driver_url(settings.database_url)
    except Exception as error:
        faults.append(
            f"DATABASE_URL can't be used ({error}). Give sqlite:///var/zoufang.db or postgresql://user@host/name."
        )
    if settings.environment not in ENVIRONMENTS:
        faults.append(
            f"ZOUFANG_ENV is {settings.environment!r}; it must be one of {', '.join(ENVIRONMENTS)}."
        )
    if settings.base_url and not _is_origin(settings.base_url):
        faults.append("BASE_URL must be an address without a path, such as https://zoufang.example.cn.")
    if settings.push_subject and not re.match(
        r"(mailto:[^@\s]+@[^@\s]+|https://\S+)$", settings.push_subject
    ):
        faults.append("PUSH_SUBJECT must begin with mailto: or https://.")
    if settings.production:
        faults += _production_faults(settings)
    return faults


def _production_faults(settings: Settings) -> list[str]:
    faults = []
    if settings.secret_key == DEFAULT_SECRET or len(settings.secret_key) < 32:
        faults.append(
            "SECRET_KEY is missing or shorter than 32 characters, and ZOUFANG_ENV is production. "
            "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))' "
            "and keep it: signed-in people are signed out when it changes."
        )
    if settings.base_url.startswith("http://"):
        faults.append("BASE_URL must begin with https:// in production: phones need it, and so do passwords.")
    return faults


def _is_origin(url: str) -> bool:
    parts = urlsplit(url)
    bare = not parts.path and not parts.query and not parts.fragment and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and bool(parts.hostname) and bare


class _Reader:
    """Reads variables, collecting faults instead of stopping at the first. An empty one counts as unset."""

    def __init__(self, environ: Mapping[str, str], faults: list[str]) -> None:
        self.environ, self.faults = environ, faults

    def text(self, name: str, default: str) -> str:
        return self.environ.get(name, "").strip() or default

    def words(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        text = self.text(name, "")
        return tuple(word.lower() for word in re.split(r"[,\s]+", text) if word) if text else default

    def number(self, name: str, default: int, low: int, high: int) -> int:
        text = self.text(name, str(default))
        if text.isascii() and text.isdigit() and low <= int(text) <= high:
            return int(text)
        self.faults.append(f"{name} is {text!r}; it must be a whole number from {low} to {high}.")
        return default
