"""Static types of the conditions in forms, and which operators join which of them."""

from __future__ import annotations

from dataclasses import dataclass


class Outside(Exception):
    """The expression is not in the subset; the message says what to write instead."""


@dataclass(frozen=True)
class Kind:
    """A static type: ``num str bool null list map value``.

    ``parts`` are the known keys of a map; an item of a question's list has that question as its ``root``.
    """

    name: str
    parts: frozenset[str] = frozenset()
    item: Kind | None = None
    root: str = ""


NUM, STR, BOOL, NULL, VALUE = (Kind(name) for name in ("num", "str", "bool", "null", "value"))


def demand(kind: Kind, wanted: Kind, where: str) -> None:
    """Raises Outside unless ``kind`` is the wanted type."""
    if kind != wanted:
        hint = {"num": "num(…)", "bool": "truthy(…) or empty(…)", "str": "str(…)"}[wanted.name]
        raise Outside(f"{where} must be {wanted.name}; write {hint}")


def same(left: Kind, right: Kind, where: str) -> None:
    """Raises Outside unless both branches have one plain type."""
    if left.name != right.name or left.name not in ("num", "str", "bool"):
        raise Outside(f"{where} must both be num, str or bool")


def combine(op: str, left: Kind, right: Kind) -> Kind:
    """The type of ``left op right`` for ``&& || + - * /``."""
    if op in ("&&", "||"):
        for kind in (left, right):
            demand(kind, BOOL, f"each side of {op}")
        return BOOL
    if op == "+" and left == right == STR:
        return STR
    for kind in (left, right):
        demand(kind, NUM, f"each side of {op}")
    return NUM


def compare(op: str, left: Kind, right: Kind) -> Kind:
    """The type of ``left op right`` for the comparisons and ``in``."""
    if op == "in":
        if right.name != "list" or right.item not in (STR, VALUE) or left != STR:
            raise Outside("in takes a str(…) at its left and a list of texts at its right")
    elif op in ("==", "!=") and left == VALUE:
        if right not in (STR, BOOL, NULL):
            raise Outside(
                f"{op} compares an answer with a text, true, false or null; for numbers write num(…)"
            )
    elif left != right or left not in (NUM, STR) + ((BOOL,) if op in ("==", "!=") else ()):
        raise Outside(f"{op} needs the same type on both sides: num(…) or str(…)")
    return BOOL
