"""Ids that several sides derive alike, so that records made apart join."""

import uuid

NAMESPACE = uuid.UUID("6b0f4f1e-2f0a-5d0e-9c4e-7a6f75666e67")


def derived(*parts: str) -> str:
    """The UUIDv5 of these parts."""
    return str(uuid.uuid5(NAMESPACE, "\n".join(parts)))


def meal_id(school: str, date: str, sort: str) -> str:
    """The id of a meal (餐次): `date` as `2026-11-20`, `sort` as `lunch`."""
    return derived("meal", school, date, sort)


def form_id(name: str, version: int) -> str:
    """The id of the doc that carries a form definition."""
    return derived("form", name, str(version))
