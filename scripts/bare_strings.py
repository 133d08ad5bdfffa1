"""Finds Chinese that people would read and no translator would see: strings not inside `_('…')`."""

from __future__ import annotations

import sys
from fnmatch import fnmatch

from scripts import sources

# Chinese that is data, not words of ours; each with its reason.
DATA = {
    "server/roster/*": "the headers and answers that schools write into their workbooks",
    "server/demo*": "the demo school's people, places and answers",
    "server/accounts/people.py": "what people call roles when they type them",
    "server/accounts/commands.py": "an example of a class in the command line's English",
    "pwa/grades.ts": "numerals in the names of classes",
    "server/migrations/*": "comments on columns",
    "sync/vectors/*": "made-up answers in the cases that both languages must pass",
}


def bare() -> list[sources.Words]:
    """Each piece of Chinese that is neither marked nor data."""
    return [
        words
        for words in sources.every()
        if not words.marked and not any(fnmatch(words.path, pattern) for pattern in DATA)
    ]


def main() -> int:
    """Print what was found; 1 when there is any."""
    found = bare()
    for words in found:
        print(f"{words.path}:{words.line}: not through _('…'): {words.text[:60]}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
