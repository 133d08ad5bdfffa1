"""Where backups go and come from on disk: complete under their name, or not there at all."""

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click


def named(path: Path, now: datetime) -> Path:
    """The file to write: in a folder, one named by the time (UTC)."""
    return path / f"zoufang-{now:%Y%m%d-%H%M%S}.backup" if path.is_dir() else path


@contextmanager
def new_file(path: Path) -> Generator[BinaryIO]:
    """A file that gets its name when the block ends well and its bytes are on the disk; else it is removed.

    Nobody but its owner may read it. What has the name already stays until then.
    """
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def media_folder(url: str) -> Path:
    """The folder of MEDIA_URL. Raises ClickException for any other sort of place."""
    if not url.startswith("file:"):
        raise click.ClickException(
            f"MEDIA_URL is {url}: only a folder (file:…) can be backed up and restored from here; "
            "use the object store's own means for it."
        )
    path = url.removeprefix("file:")
    return Path(path[2:] if path.startswith("//") else path)


def read_passphrase(key_file: Path | None, setting: str) -> str:
    """The first line of the key file, else the setting. Raises ClickException for an empty file."""
    if key_file is None:
        return setting
    lines = key_file.read_text("utf-8").splitlines()
    if not lines or not lines[0].strip():
        raise click.ClickException(f"{key_file} has no passphrase in its first line.")
    return lines[0].strip()
