"""How much the phone loads: gzip -9 of what was built, against what the project allows itself.

JavaScript is the worker and the pages; the first visit is all that is fetched until it works offline.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

DIST = Path(__file__).resolve().parent.parent / "pwa" / "dist"
SCRIPTS_LIMIT = 90_000
FIRST_VISIT_LIMIT = 300_000
ELSEWHERE = ("office", "fill", "rescue")


def sizes() -> dict[str, int]:
    """Bytes after gzip -9 of each built file that phones fetch, without what only desks or /rescue need."""
    files = [path for path in DIST.rglob("*") if path.is_file() and path.suffix not in (".map",)]
    return {
        path.relative_to(DIST).as_posix(): len(gzip.compress(path.read_bytes(), 9))
        for path in sorted(files)
        if not path.name.startswith(ELSEWHERE)
    }


def main() -> int:
    """Print the table; 1 when over a limit or nothing was built."""
    table = sizes()
    scripts = sum(size for name, size in table.items() if name.endswith(".js"))
    for name, size in table.items():
        print(f"{size:8} {name}")
    print(f"{scripts:8} JavaScript of the phone, of {SCRIPTS_LIMIT}")
    print(f"{sum(table.values()):8} first visit, of {FIRST_VISIT_LIMIT}")
    return 0 if 0 < scripts < SCRIPTS_LIMIT and sum(table.values()) < FIRST_VISIT_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
