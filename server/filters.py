"""Filters of the templates, twins of pwa/filters.ts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.text import fmt

FILTERS: dict[str, Callable[..., Any]] = {"fmt": fmt}
"""Name in templates → function."""
