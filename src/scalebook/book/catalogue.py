"""The catalogue: every unit that the book must hold, with its number and its published claim."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from scalebook.errors import HarnessError

__all__ = ["Catalogue", "Entry", "Metric", "PublishedClaim", "load_catalogue", "read"]

FILE = Path(__file__).with_name("catalogue.yaml")
METRICS = (
    "speedup",
    "throughput-ratio",
    "saving",
    "latency",
    "throughput",
    "hit-rate",
    "invariant",
)
KEYS = {"title", "lab", "claim", "engines", "system", "scale", "article", "covers", "hints"}

Metric = Literal[
    "speedup", "throughput-ratio", "saving", "latency", "throughput", "hit-rate", "invariant"
]


@dataclass(frozen=True)
class PublishedClaim:
    """A published headline: its words, and the figure in them (None for an invariant)."""

    text: str
    metric: Metric
    value: float | None = None


@dataclass(frozen=True)
class Entry:
    """One unit that the book must hold.

    `lab` is the number of its lab, `article` the plan's name of its article ("" for none).
    """

    id: str
    title: str
    lab: int | None = None
    claim: PublishedClaim | None = None
    engines: tuple[str, ...] = ()
    system: bool = False
    scale: Mapping[str, float] | None = None
    article: str = ""
    covers: str = ""
    hints: tuple[str, ...] = ()

    @property
    def chapter(self) -> str:
        """The part of the id before the slash."""
        return self.id.split("/")[0]

    @property
    def name(self) -> str:
        """The part of the id behind the slash."""
        return self.id.split("/")[1]


@dataclass(frozen=True)
class Catalogue:
    """All entries, in the order of the book, and the long-run targets (area -> labs)."""

    entries: tuple[Entry, ...]
    targets: Mapping[str, int]

    @functools.cached_property
    def by_id(self) -> Mapping[str, Entry]:
        """Id -> entry."""
        return {entry.id: entry for entry in self.entries}

    @functools.cached_property
    def by_number(self) -> Mapping[int, Entry]:
        """Number of a lab -> entry."""
        return {entry.lab: entry for entry in self.entries if entry.lab is not None}

    @property
    def chapters(self) -> list[str]:
        """The chapters, in the order of the book."""
        return list(dict.fromkeys(entry.chapter for entry in self.entries))


@functools.cache
def load_catalogue() -> Catalogue:
    """The catalogue that comes with this version."""
    return read(FILE)


def read(path: Path) -> Catalogue:
    """Read a catalogue; `HarnessError` names the entry that is wrong."""
    try:
        with path.open("rb") as file:
            data = yaml.load(file, _Loader)  # noqa: S506 - derived from the safe loader
    except (OSError, yaml.YAMLError) as error:
        raise _bad(path, str(error)) from error
    entries = [
        _entry(path, f"{chapter}/{name}", facts)
        for chapter, units in data["chapters"].items()
        for name, facts in units.items()
    ]
    _unique(path, "lab", [entry.lab for entry in entries if entry.lab is not None])
    _unique(path, "article", [entry.article for entry in entries if entry.article])
    return Catalogue(tuple(entries), dict(data["targets"]))


class _Loader(yaml.CSafeLoader):
    """Refuses a key that is there twice; plain YAML loaders keep the last one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                mark = node.start_mark
                raise yaml.YAMLError(f"line {mark.line + 1}: {key!r} is there twice")
        return super().construct_mapping(node, deep)


def _entry(path: Path, unit: str, facts: dict[str, Any]) -> Entry:
    if unit != unit.lower() or unit.count("/") != 1 or "_" in unit or " " in unit:
        raise _bad(path, f"{unit!r} is not an id such as redis/key-value-cache")
    if unknown := set(facts) - KEYS:
        raise _bad(path, f"{unit}: unknown {', '.join(sorted(unknown))}")
    if not facts.get("title"):
        raise _bad(path, f"{unit}: no title")
    if not any(facts.get(kind) for kind in ("lab", "article", "system")):
        raise _bad(path, f"{unit}: neither lab, article nor system")
    article = facts.get("article") or ""
    return Entry(
        id=unit,
        title=facts["title"],
        lab=facts.get("lab"),
        claim=_claim(path, unit, facts.get("claim")),
        engines=tuple(facts.get("engines", ())),
        system=bool(facts.get("system")),
        scale=facts.get("scale"),
        article=unit if article is True else article,
        covers=facts.get("covers", ""),
        hints=tuple(facts.get("hints", ())),
    )


def _claim(path: Path, unit: str, facts: dict[str, Any] | None) -> PublishedClaim | None:
    if facts is None:
        return None
    claim = PublishedClaim(facts["text"], facts["metric"], facts.get("value"))
    if claim.metric not in METRICS:
        raise _bad(path, f"{unit}: no metric is called {claim.metric!r}")
    return claim


def _unique(path: Path, kind: str, values: list[Any]) -> None:
    if len(set(values)) < len(values):
        twice = sorted({value for value in values if values.count(value) > 1})
        raise _bad(path, f"there twice as {kind}: {', '.join(map(str, twice))}")


def _bad(path: Path, what: str) -> HarnessError:
    return HarnessError(f"{path}: {what}", remedy="mend the catalogue, or install Scalebook anew")
