"""`zoufang` at a terminal."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import COMMANDS, main
from server.serve import PLAIN_HTTP
from tests.needs import ROOT

Run = Callable[..., Result]


@pytest.fixture
def zoufang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`zoufang("user", "list")` on a folder of its own; the result has `exit_code` and `output`."""
    for name in ("DATABASE_URL", "ZOUFANG_ENV", "SECRET_KEY", "BASE_URL", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))

    def run(*arguments: str, given: str = "") -> Result:
        return CliRunner().invoke(main, arguments, input=given)

    return run


def test_an_account_from_nothing_to_a_password(zoufang: Run) -> None:
    assert zoufang("migrate").exit_code == 0
    add = ("user", "add", "138 0000 0001", "--name", "王芳", "--school", "石门小学")
    added = zoufang(*add, "--role", "班主任", "--class", "3.2班")
    assert added.exit_code == 0, added.output
    listed = zoufang("user", "list").output
    assert "13800000001" in listed
    assert "石门小学: class_teacher" in listed
    assert "no password yet" in listed

    assert zoufang(*add, "--role", "committee").exit_code == 0
    changed = zoufang("user", "set-password", "13800000001", "--password-stdin", given="eight characters\n")
    assert changed.exit_code == 0, changed.output
    listed = zoufang("user", "list").output
    assert "class_teacher, committee" in listed
    assert "no password yet" not in listed
    assert len(listed.splitlines()) == 1, "the second role went to the same person"


def test_a_password_may_be_typed_unseen(zoufang: Run) -> None:
    zoufang("migrate")
    zoufang("user", "add", "13800000001", "--name", "王芳", "--school", "石门小学", "--role", "office")
    typed = zoufang("user", "set-password", "13800000001", given="eight characters\neight characters\n")
    assert typed.exit_code == 0
    assert "eight characters" not in typed.output


@pytest.mark.parametrize(
    ("arguments", "given", "says"),
    [
        (("user", "set-password", "13899999999", "--password-stdin"), "long enough\n", "no account"),
        (("user", "set-password", "13899999999", "--password-stdin"), "short\n", "too short"),
        (("user", "add", "x", "--name", "a", "--role", "office", "--school", "b"), "", "phone number"),
        (("user", "add", "13800000001", "--name", "a", "--role", "king", "--school", "b"), "", "班主任"),
        (
            (
                "user",
                "add",
                "13800000001",
                "--name",
                "a",
                "--role",
                "班主任",
                "--school",
                "b",
                "--class",
                "?",
            ),
            "",
            "三(2)班",
        ),
    ],
)
def test_mistakes_are_answered_with_what_to_do(
    zoufang: Run, arguments: tuple[str, ...], given: str, says: str
) -> None:
    zoufang("migrate")
    result = zoufang(*arguments, given=given)
    assert result.exit_code != 0
    assert says in result.output
    assert "Traceback" not in result.output


def test_serving_needs_tables_and_good_settings(zoufang: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = zoufang("serve")
    assert refused.exit_code == 1
    assert "zoufang migrate" in refused.output
    monkeypatch.setenv("ZOUFANG_ENV", "production")
    refused = zoufang("serve")
    assert refused.exit_code == 1
    assert "SECRET_KEY" in refused.output
    assert "Traceback" not in refused.output


def test_a_database_that_does_not_answer_is_named(zoufang: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused at once
        monkeypatch.setenv("DATABASE_URL", f"postgresql://u@127.0.0.1:{sock.getsockname()[1]}/x")
        for command in ("migrate", "serve"):
            result = zoufang(command)
            assert result.exit_code == 1
            assert "DATABASE_URL" in result.output


@pytest.mark.parametrize(
    ("arguments", "warned"),
    [
        (["--host", "0.0.0.0"], True),
        (["--host", "127.0.0.1"], False),
        (["--host", "localhost"], False),
        (["--host", "::1"], False),
    ],
)
def test_plain_http_for_others_says_what_will_not_work(
    zoufang: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], warned: bool
) -> None:
    served: list[dict] = []
    monkeypatch.setattr("server.serve.uvicorn.run", lambda *_args, **options: served.append(options))
    zoufang("migrate")
    result = zoufang("serve", "--port", "9", *arguments)
    assert result.exit_code == 0, result.output
    assert served[0]["port"] == 9
    told = PLAIN_HTTP.format(where=f"{arguments[1]}:9") in result.output
    assert told == warned


def test_the_server_answers_as_a_process_of_its_own(tmp_path: Path, zoufang: Run) -> None:
    zoufang("migrate")
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = [sys.executable, "-m", "server.cli", "serve", "--port", str(port)]
    env = os.environ | {"VAR_DIR": str(tmp_path)}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE)
    try:
        assert b"200" in asyncio.run(answer(port))
    finally:
        process.terminate()
        process.communicate()


async def answer(port: int) -> bytes:
    """The first line of what /healthz says, asked for until the port is open."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.1)
            continue
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        line = await reader.readline()
        writer.close()
        return line
    return b""


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_found_by_the_name_that_its_help_has(zoufang: Run, name: str) -> None:
    helped = zoufang(name, "--help")
    assert helped.exit_code == 0, helped.output
    assert f" {name} " in helped.output.splitlines()[0]


def test_a_server_that_was_killed_imports_nothing_that_only_other_commands_need() -> None:
    """Each of these takes a tenth of the time that a server needs to be back."""
    others = {"aiohttp", "alembic", "pywebpush", "server.demo", "server.reminders.push"}
    ask = f"import sys, server.serve, server.asgi; print(*({others!r} & sys.modules.keys()))"
    said = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == []


def test_a_schools_lease_is_shown_and_set(zoufang: Run) -> None:
    zoufang("migrate")
    zoufang("user", "add", "13800000001", "--name", "王芳", "--school", "石门小学", "--role", "office")
    assert "for 14 days" in zoufang("school", "lease", "石门小学").output
    assert zoufang("school", "lease", "石门小学", "7").exit_code == 0
    assert "for 7 days" in zoufang("school", "lease", "石门小学").output
    for days in ("0", "31", "x"):
        assert zoufang("school", "lease", "石门小学", days).exit_code == 2
    nowhere = zoufang("school", "lease", "清江小学", "7")
    assert (nowhere.exit_code, "no school" in nowhere.output) == (1, True)
    assert "for 7 days" in zoufang("school", "lease", "石门小学").output
