"""`zoufang erase` at a terminal: it shows, asks, erases; and the words where it can't."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.erasure.log import NAME

Run = Callable[..., Result]
ROSTER = """姓名,性别,年级,班级,监护人,联系电话
龙䶮,男,三年级,2班,龙大山,13811112222
石桐国,男,三年级,2班,石老三,13811113333
"""


@pytest.fixture
def zoufang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`zoufang("erase", …)` on a school with two pupils."""
    for name in ("DATABASE_URL", "MEDIA_URL", "ZOUFANG_ENV", "SECRET_KEY", "BACKUP_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object, answer: str = "") -> Result:
        env = {"VAR_DIR": str(tmp_path / "var")}
        return CliRunner().invoke(main, [str(word) for word in words], env=env, input=answer)

    (tmp_path / "花名册.csv").write_text(ROSTER, "utf-8")
    assert run("import", tmp_path / "花名册.csv", "--school", "石门小学").exit_code == 0
    return run


WHOM = ("--school", "石门小学", "--name", "龙䶮", "--class", "三(2)班", "--reason", "家长申请")


def test_it_shows_asks_and_erases(zoufang: Run, tmp_path: Path) -> None:
    database = tmp_path / "var" / "zoufang.db"
    name = "龙䶮".encode()
    left = zoufang("erase", *WHOM, answer="n\n")
    assert left.exit_code == 1
    assert "1 student" in left.output
    assert name in database.read_bytes()
    assert not (tmp_path / "var" / NAME).exists()

    done = zoufang("erase", *WHOM, answer="y\n")
    assert done.exit_code == 0, done.output
    for path in (tmp_path / "var").iterdir():
        assert name not in path.read_bytes(), path
    assert "石桐国".encode() in database.read_bytes()
    assert len((tmp_path / "var" / NAME).read_text("utf-8").splitlines()) == 2, "the pupil, the household"
    again = zoufang("erase", *WHOM, "--yes")
    assert again.exit_code == 1
    assert "there is no 龙䶮 in 三(2)班" in again.output
    assert zoufang("erase", "--compact").exit_code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--school", "石门小学"), "--reason"),
        (("--school", "无此小学", *WHOM[2:]), "no school"),
        (("--school", "石门小学", "--pupil", "x", "--reason", "r", "--yes"), "no pupil x"),
        ((*WHOM, "--by", "13900000000"), "phone number 13900000000"),
        ((*WHOM[:-1], "长" * 201), "at most 200"),
    ],
)
def test_it_says_why_it_can_not(zoufang: Run, words: tuple[str, ...], says: str) -> None:
    result = zoufang("erase", *words)
    assert result.exit_code in (1, 2)
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_restore_says_whom_it_erased_again(zoufang: Run, tmp_path: Path) -> None:
    zoufang("backup", tmp_path / "old")
    assert zoufang("erase", *WHOM, "--yes").exit_code == 0
    done = zoufang("restore", tmp_path / "old", "--replace")
    assert "Pupils erased since then, and now again: 1" in done.output
    assert "龙䶮".encode() not in (tmp_path / "var" / "zoufang.db").read_bytes()
    (tmp_path / "var" / NAME).write_text("no log\n", "utf-8")
    damaged = zoufang("restore", tmp_path / "old", "--replace")
    assert damaged.exit_code == 1
    assert "line 1" in damaged.output
