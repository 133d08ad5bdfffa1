"""Where files that are not Python are: beside the packages in a checkout, inside this one when installed."""

from __future__ import annotations

from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent.parent
_INSTALLED = Path(__file__).resolve().parent / "assets"


def folder(name: str) -> Path:
    """`templates`, `pwa/dist` or `locale`, as pyproject.toml puts them into the wheel."""
    inside = _INSTALLED / name
    return inside if inside.exists() else _CHECKOUT / name
