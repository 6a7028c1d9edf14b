"""What primary sources say of the published figures: facts that come with this version."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scalebook.book.catalogue import Entry
from scalebook.errors import HarnessError

__all__ = ["VERDICTS", "Published", "PublishedFigure", "load_published"]

FILE = Path(__file__).with_name("published.yaml")

VERDICTS: Mapping[str, str] = {
    "confirmed": "confirmed, with a reservation",
    "depends": "true under a condition",
    "contradicted": "contradicted",
    "other-source": "no source, but a figure of the same order",
    "no-source": "no source found",
}
"""Verdict -> as a reader is told."""


@dataclass(frozen=True)
class PublishedFigure:
    """A figure as it was published with a unit, and what primary sources say of it."""

    unit: str
    figure: str
    verdict: str
    says: str

    @property
    def label(self) -> str:
        """The verdict in words."""
        return VERDICTS[self.verdict]


@dataclass(frozen=True)
class Published:
    """All facts; `rest` is what holds of ratios that have none of their own."""

    facts: tuple[PublishedFigure, ...]
    rest: Mapping[str, Any]

    def of(self, unit: str) -> tuple[PublishedFigure, ...]:
        """The facts about one unit."""
        return tuple(fact for fact in self.facts if fact.unit == unit)

    def of_claim(self, entry: Entry) -> PublishedFigure | None:
        """The fact about a unit's claim; None where nobody looked or the unit claims nothing."""
        if entry.claim is None:
            return None
        for fact in self.of(entry.id):
            if fact.figure == entry.claim.text:
                return fact
        rest = self.rest
        if entry.chapter in rest["chapters"] and entry.claim.metric in rest["metrics"]:
            return PublishedFigure(entry.id, entry.claim.text, rest["verdict"], rest["says"])
        return None


@functools.cache
def load_published() -> Published:
    """The facts that come with this version; `HarnessError` for a damaged file."""
    try:
        with FILE.open("rb") as file:
            data = yaml.load(file, yaml.CSafeLoader)
        facts = tuple(PublishedFigure(**fact) for fact in data["facts"])
        wrong = {fact.verdict for fact in facts} - set(VERDICTS)
        if wrong:
            raise ValueError(f"no verdict is called {', '.join(sorted(wrong))}")
        return Published(facts, data["rest"])
    except (OSError, yaml.YAMLError, TypeError, KeyError, ValueError) as error:
        raise HarnessError(f"{FILE}: {error}", remedy="install Scalebook anew") from error
