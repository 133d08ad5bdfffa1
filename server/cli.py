"""`zoufang`: everything that the person who runs it does, from a terminal."""

from __future__ import annotations

import gc
from importlib import import_module

import click

COMMANDS = {
    "backup": "server.backup.cli:backup",
    "demo": "server.demo:demo",
    "erase": "server.erasure.cli:erase_pupil",
    "import": "server.roster.cli:import_files",
    "migrate": "server.migrations.cli:migrate",
    "restore": "server.backup.cli:restore",
    "school": "server.vaults.cli:school",
    "serve": "server.serve:serve",
    "user": "server.accounts.commands:user",
    "worker": "server.reminders.cli:worker",
}
"""Where each command is. Only the one that is asked for is imported: a server that was killed is not kept
from coming back by what reads workbooks, moves tables and calls push services."""


class Commands(click.Group):
    """The commands of COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, as the help shows them."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command, imported; None for a name that there is none of."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        gc.disable()  # what an import makes stays: searching it for garbage takes a tenth of the start
        try:
            return getattr(import_module(module), name)
        finally:
            gc.enable()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="zoufang")
def main() -> None:
    """走访 Zoufang: field visits of rural schools that work without a signal.

    Begin with `zoufang migrate` (the database's tables), then `zoufang demo` (a school to try it with) or
    `zoufang import` (your own workbooks), then `zoufang serve` and, beside it, `zoufang worker` (reminders).

    Settings come from the environment: DATABASE_URL (default: SQLite in var/), SECRET_KEY, BASE_URL, PORT,
    ZOUFANG_ENV=production, and others that the README lists.
    """


if __name__ == "__main__":
    main()
