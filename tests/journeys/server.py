"""The real server as a process of its own, which a journey can kill and start again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.needs import ROOT

STARTS_WITHIN = 60.0


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Server:
    """`zoufang serve` on a folder of its own. The address stays the same when it is started again."""

    module = "server.cli"
    options: tuple[str, ...] = ()  # of `serve`

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = os.environ | {"VAR_DIR": str(folder), "PYTHONUTF8": "1"} | env
        self.env.pop("DATABASE_URL", None)
        # As installed: what images of a machine for tests set makes each start compile all sources anew.
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)
        self._process: subprocess.Popen[bytes] | None = None

    def zoufang(self, *arguments: str, given: str = "") -> str:
        """Run a command of the CLI to its end; what it printed."""
        command = [sys.executable, "-m", "server.cli", *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.env,
            input=given,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"zoufang {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self) -> None:
        """Start it and wait until it answers /healthz."""
        process = self.spawn()
        until = time.monotonic() + STARTS_WITHIN
        while not self.answers():
            assert process.poll() is None, f"the server stopped: {self.log()}"
            assert time.monotonic() < until, f"the server does not answer: {self.log()}"
            time.sleep(0.1)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start it and wait for nothing."""
        log = (self.folder / "server.log").open("ab")
        command = [sys.executable, "-m", self.module, "serve", "--port", str(self.port), *self.options]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
        )
        return self._process

    def answers(self) -> bool:
        """Whether /healthz says it is well."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as reply:
                return reply.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def kill(self) -> None:
        """`kill -9` on the server and whatever it started: no chance to say goodbye."""
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def log(self) -> str:
        """The end of what the server wrote."""
        return (self.folder / "server.log").read_text("utf-8", "replace")[-4000:]
