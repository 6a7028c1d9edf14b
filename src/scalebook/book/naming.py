"""Which units a text may name: in a binding, a link, a block, the front matter, or by chance."""

from __future__ import annotations

from collections.abc import Container
from itertools import pairwise

__all__ = ["units_named"]

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"


def units_named(text: str, known: Container[str]) -> list[str]:
    """The ids of known units that stand in the text, sorted; quicker than by an expression."""
    parts = text.split("/")
    found = set()
    for before, after in pairwise(parts):
        chapter = before[len(before.rstrip(LETTERS)) :]
        name = after[: len(after) - len(after.lstrip(LETTERS))]
        if chapter and name and f"{chapter}/{name}" in known:
            found.add(f"{chapter}/{name}")
    return sorted(found)
