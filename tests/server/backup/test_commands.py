"""`zoufang backup` and `zoufang restore` at a terminal."""

import re
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main

Run = Callable[..., Result]


@pytest.fixture
def zoufang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`zoufang("backup", …, var="here")` on a folder of its own, with an account in `here`."""
    for name in ("DATABASE_URL", "MEDIA_URL", "ZOUFANG_ENV", "SECRET_KEY", "BACKUP_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object, var: str = "here", **environ: str) -> Result:
        env = {"VAR_DIR": str(tmp_path / var), **environ}
        return CliRunner().invoke(main, [str(word) for word in arguments], env=env)

    run("migrate")
    add = run("user", "add", "13800000001", "--name", "王芳", "--role", "principal", "--school", "石门小学")
    assert add.exit_code == 0, add.output
    return run


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key file."""
    path = tmp_path / "key"
    path.write_text("走访 a long passphrase\n", "utf-8")
    return path


def refused(result: Result, *says: str) -> None:
    """It ended with words for a person."""
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)
    for word in says:
        assert word in result.output


def test_there_and_back_again(zoufang: Run, tmp_path: Path, key: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    done = zoufang("backup", folder, "--key-file", key)
    assert done.exit_code == 0, done.output
    (made,) = folder.iterdir()
    assert re.fullmatch(r"zoufang-\d{8}-\d{6}\.backup", made.name)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert "王芳".encode() not in made.read_bytes()
    assert "not encrypted" not in done.output

    checked = zoufang("restore", "--check", made, "--key-file", key, var="nowhere")
    assert checked.output.startswith("can be read")
    assert not (tmp_path / "nowhere").exists()

    restored = zoufang("restore", made, "--key-file", key, var="there")
    assert restored.exit_code == 0, restored.output
    assert "石门小学: principal" in zoufang("user", "list", var="there").output
    assert zoufang("migrate", var="there").exit_code == 0


def test_a_database_with_something_in_it_is_kept_unless_told(zoufang: Run, tmp_path: Path) -> None:
    zoufang("backup", tmp_path / "copy")
    other = ("user", "add", "13900000001", "--name", "李强", "--role", "office", "--school", "清江小学")
    zoufang(*other)
    refused(zoufang("restore", tmp_path / "copy"), "not empty", "--replace")
    assert "清江小学" in zoufang("user", "list").output
    assert zoufang("restore", tmp_path / "copy", "--replace").exit_code == 0
    assert "清江小学" not in zoufang("user", "list").output


def test_a_backup_without_a_passphrase_says_what_that_means(zoufang: Run, tmp_path: Path) -> None:
    assert "not encrypted" in zoufang("backup", tmp_path / "copy").output


def test_the_passphrase_may_come_from_the_environment(zoufang: Run, tmp_path: Path, key: Path) -> None:
    assert zoufang("backup", tmp_path / "copy", BACKUP_PASSPHRASE="走访 a long passphrase").exit_code == 0
    assert zoufang("restore", "--check", tmp_path / "copy", "--key-file", key).exit_code == 0
    refused(zoufang("restore", tmp_path / "copy", var="there"), "BACKUP_PASSPHRASE")
    refused(zoufang("restore", tmp_path / "copy", var="there", BACKUP_PASSPHRASE="no"), "passphrase")


def test_a_damaged_file_leaves_the_database_as_it_was(zoufang: Run, tmp_path: Path) -> None:
    zoufang("backup", tmp_path / "copy")
    data = (tmp_path / "copy").read_bytes()
    (tmp_path / "cut").write_bytes(data[:-10])
    refused(zoufang("restore", "--check", tmp_path / "cut"), "damaged")
    refused(zoufang("restore", tmp_path / "cut", "--replace"), "damaged")
    assert "王芳" in zoufang("user", "list").output
    (tmp_path / "cut").write_bytes(b"PK\3\4")
    refused(zoufang("restore", tmp_path / "cut", "--replace"), "not a backup")


def test_what_can_not_be_backed_up_is_said(zoufang: Run, tmp_path: Path, key: Path) -> None:
    refused(zoufang("backup", tmp_path / "copy", var="empty"), "zoufang migrate")
    refused(zoufang("backup", tmp_path / "no" / "copy"), "not finished")
    refused(zoufang("backup", tmp_path / "copy", MEDIA_URL="s3://bucket"), "MEDIA_URL")
    key.write_text("\n", "utf-8")
    refused(zoufang("backup", tmp_path / "copy", "--key-file", key), "passphrase")
    assert not (tmp_path / "copy").exists()


def test_a_backup_of_a_newer_release_asks_for_that_release(zoufang: Run, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "here" / "zoufang.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    assert zoufang("backup", tmp_path / "copy").exit_code == 0
    refused(zoufang("restore", tmp_path / "copy", var="there"), "newer release")
