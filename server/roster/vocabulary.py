"""The words of `words.yaml`, loaded once."""

from pathlib import Path

import yaml


def _load() -> dict[str, dict[str, list[str]]]:
    found = yaml.safe_load((Path(__file__).parent / "words.yaml").read_text(encoding="utf-8"))
    return {
        part: {name: str(words).split() for name, words in named.items()} for part, named in found.items()
    }


WORDS = _load()
"""Part → name → words: `WORDS["answers"]["yes_words"]`."""
