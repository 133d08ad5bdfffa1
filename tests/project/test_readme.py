"""What the READMEs say about settings, commands and pictures is what there is."""

from __future__ import annotations

import re
from typing import Any

import click
import pytest

from server.cli import main
from server.settings import Settings, load_settings
from tests.needs import ROOT

READMES = ("README.md", "README.zh-CN.md")


class Recorder(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def get(self, key: object, default: Any = None, /) -> Any:
        self.asked.append(str(key))
        return default


def rows(readme: str, heading: str) -> dict[str, str]:
    """First column (in backticks) → second column of the table under a heading's line."""
    text = (ROOT / readme).read_text("utf-8")
    table = text.split(heading, 1)[1].split("\n#", 1)[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.*?) \|", table, flags=re.MULTILINE))


@pytest.mark.parametrize(("readme", "heading"), [(READMES[0], "### Settings"), (READMES[1], "### 设置")])
def test_settings_table(readme: str, heading: str) -> None:
    """Every setting that is read is in the table, no other, and defaults in backticks are the defaults."""
    environ = Recorder()
    load_settings(environ)
    table = rows(readme, heading)
    assert sorted(table) == sorted(set(environ.asked))
    defaults = {name: value.strip("`") for name, value in table.items() if value.startswith("`")}
    assert load_settings(defaults) == Settings()


@pytest.mark.parametrize(("readme", "heading"), [(READMES[0], "### Commands"), (READMES[1], "### 命令")])
def test_commands_table(readme: str, heading: str) -> None:
    """Every command of the CLI is in the table, with each option that the table names."""
    assert isinstance(main, click.Group)
    text = (ROOT / readme).read_text("utf-8").split(heading, 1)[1].split("\n#", 1)[0]
    table = {
        words.split()[1]: row for words, row in re.findall(r"^\| `(zoufang \w+)` \| (.*) \|$", text, re.M)
    }
    context = click.Context(main)
    assert sorted(table) == main.list_commands(context)
    for name, row in table.items():
        command = main.get_command(context, name)
        assert command is not None
        known = {option for parameter in command.params for option in parameter.opts}
        known |= set(command.commands) if isinstance(command, click.Group) else set()
        mentioned = set(re.findall(r"`(--[\w-]+|add|list|set-password)`", row))
        assert mentioned <= known, name


@pytest.mark.parametrize("readme", READMES)
def test_links_lead_somewhere(readme: str) -> None:
    """Pictures and files that a README links to are in the repository."""
    text = (ROOT / readme).read_text("utf-8")
    links = re.findall(r'src="([^"]+)"', text) + re.findall(r"\]\((?!https?:)([^)]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []
