"""Everything that `make check` looks at, each check a command of its own; all run, then the sum is told.

python scripts/check.py [name ...]
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ["server", "sync", "scripts", "tests"]
NODE_BIN = ROOT / "node_modules" / ".bin"

CHECKS: dict[str, list[str]] = {
    "ruff": ["ruff", "check", *PYTHON],
    "ruff format": ["ruff", "format", "--check", *PYTHON],
    "ty": ["ty", "check"],
    "tsc": [str(NODE_BIN / "tsc"), "--noEmit", "-p", "."],
    "biome": [str(NODE_BIN / "biome"), "check", "--error-on-warnings", "."],
    "templates": [sys.executable, "-m", "scripts.template_lint"],
    "forms": [sys.executable, "-m", "sync.forms", "lint", "templates/forms"],
    "catalogue": [sys.executable, "-m", "scripts.catalogue", "--check"],
    "bare strings": [sys.executable, "-m", "scripts.bare_strings"],
    "bundle size": [sys.executable, "-m", "scripts.bundle_size"],
}


def main(names: list[str]) -> int:
    """Run the named checks, or all; 0 when each is clean."""
    failed = 0
    chosen = {name: CHECKS[name] for name in names} if names else CHECKS
    for name, command in chosen.items():
        began = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        failed += bool(done.returncode)
        print(
            f"{'ok  ' if not done.returncode else 'FAIL'} {name} ({time.monotonic() - began:.1f} s)",
            flush=True,
        )
        if done.returncode:
            print((done.stdout + done.stderr).rstrip()[-12_000:], flush=True)
    print(f"{len(chosen) - failed} checks clean, {failed} not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
