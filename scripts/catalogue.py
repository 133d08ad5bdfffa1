"""The catalogue of words: every `_('…')` of Python, templates and TypeScript, in locale/messages.pot.

python -m scripts.catalogue            writes it, and brings locale/*/LC_MESSAGES/zoufang.po up to it
python -m scripts.catalogue --check    only says whether that is needed
"""

from __future__ import annotations

import io
import sys
from collections import defaultdict
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from scripts import sources

LOCALE = sources.ROOT / "locale"
TEMPLATE = LOCALE / "messages.pot"


def catalogue() -> Catalog:
    """Every marked text, once, with the files it stands in; sorted, so that only a text changes it."""
    places: dict[str, set[str]] = defaultdict(set)
    for words in sources.every():
        if words.marked:
            places[words.text].add(words.path)
    made = Catalog(project="zoufang", charset="utf-8", header_comment="# The words of Zoufang.")
    for text in sorted(places):
        made.add(text, locations=[(path, 0) for path in sorted(places[text])])
    return made


def as_po(made: Catalog) -> bytes:
    """A catalogue as a .po file without dates and line numbers: they would change with every edit."""
    out = io.BytesIO()
    write_po(out, made, width=0, include_lineno=False, omit_header=made.locale is None, ignore_obsolete=True)
    lines = out.getvalue().splitlines(keepends=True)
    return b"".join(
        line for line in lines if not line.startswith((b'"POT-Creation-Date', b'"PO-Revision-Date'))
    )


def wanted() -> dict[Path, bytes]:
    """Each file of the catalogue with what it should hold now."""
    made = catalogue()
    files = {TEMPLATE: as_po(made)}
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/zoufang.po")):
        with path.open("rb") as file:
            translated = read_po(file, locale=path.parts[-3])
        translated.update(made, no_fuzzy_matching=True, update_header_comment=False)
        files[path] = as_po(translated)
    return files


def main() -> int:
    """Write, or with --check compare; 1 when something is not up to date."""
    stale = {p: text for p, text in wanted().items() if not p.exists() or p.read_bytes() != text}
    if "--check" not in sys.argv:
        for path, text in stale.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        return 0
    for path in stale:
        print(f"{path.relative_to(sources.ROOT)} is not up to date: python -m scripts.catalogue")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
