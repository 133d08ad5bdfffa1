"""The words of `words.yaml`, loaded once."""

from pathlib import Path

import msgspec


def _load() -> dict[str, dict[str, list[str]]]:
    found = msgspec.yaml.decode((Path(__file__).parent / "words.yaml").read_bytes())
    return {
        part: {name: str(words).split() for name, words in named.items()} for part, named in found.items()
    }


WORDS = _load()
"""Part → name → words: `WORDS["answers"]["yes_words"]`."""
