"""A PostgreSQL cluster that lives as long as the tests do."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests import needs


class Postgres:
    """A PostgreSQL cluster of the tests' own, with a database that has the tables to copy from."""

    careless = "-F -c synchronous_commit=off -c full_page_writes=off"
    """Nothing in it has to survive, so it never waits for the disk."""

    def __init__(self, folder: Path) -> None:
        self.bin = needs.postgres_bin()
        self.folder = folder
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]

    def start(self) -> None:
        """Make the cluster and start it."""
        data = self.folder / "data"
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self.folder, "postgres")
        self.run(
            "initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"
        )
        self.begin()

    def begin(self) -> None:
        """Start the cluster that was made."""
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} {self.careless} -c max_connections=200"
        data, log = str(self.folder / "data"), str(self.folder / "log")
        self.run("pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def sql(self, statement: str) -> None:
        """Run one statement outside any database of the tests."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-q", "-d", "postgres"]
        self.run("psql", *where, "-c", statement)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the user it wants."""
        command = [str(self.bin / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder)

    @contextmanager
    def database(self, options: str = "") -> Generator[str]:
        """The address of a new database, dropped at the end."""
        name = f"test_{uuid.uuid4().hex}"
        self.sql(f"CREATE DATABASE {name} {options}")
        yield self.url(name)
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"
