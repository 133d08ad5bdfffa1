"""Finds what is wrong with form definitions before anybody fills one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync.forms import Form


def lint(forms: list[Form]) -> list[str]:
    """One line for each fault, naming form, version, question and what to change."""
    return []
