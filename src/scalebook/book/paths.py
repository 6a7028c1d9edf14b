"""Paths through the book: ordered units, each with why it stands where it stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from scalebook.book import units
from scalebook.book.faults import Fault, PageError
from scalebook.book.renamed import load_renamed

if TYPE_CHECKING:
    from scalebook.book.page import Book

__all__ = ["Paths", "ReadingPath", "Stage", "load_paths", "path_files"]

RULE = "path"
KEYS: Mapping[str, type] = {"place": int, "title": str, "summary": str, "known": list}
UNIT = ("unit", "why")


@dataclass(frozen=True)
class Stage:
    """One unit of a path. `written` says whether it has a page; else it is planned."""

    unit: str
    title: str
    why: str
    written: bool
    line: int


@dataclass(frozen=True)
class ReadingPath:
    """A path by its name, the file's name without .toml.

    `known` are units that its readers are taken to know, though the path leaves them out.
    """

    name: str
    title: str
    summary: str
    place: int
    stages: tuple[Stage, ...]
    known: tuple[str, ...]
    file: Path

    @property
    def written(self) -> tuple[Stage, ...]:
        """The stages that can be read."""
        return tuple(stage for stage in self.stages if stage.written)


@dataclass(frozen=True)
class Paths:
    """All paths in their order, without those that cannot be used, and every fault."""

    paths: tuple[ReadingPath, ...]
    faults: tuple[Fault, ...]


def path_files() -> list[Path]:
    """The files of the paths, which lie in a folder beside the chapters of the book."""
    return sorted((units.BOOK.parent / "paths").glob("*.toml"))


def load_paths(book: Book) -> Paths:
    """Read the paths. Faults are found, never raised.

    In a path, a unit comes after every unit that its page names as a prerequisite, no unit comes
    twice, and every unit is one of the book or of the catalogue.
    """
    paths, faults = [], []
    for file in path_files():
        path, found = _read(file, book)
        faults += found
        if path is not None:
            faults += _order_faults(path, book)
            paths.append(path)
    paths.sort(key=lambda path: (path.place, path.name))
    for before, path in pairwise(paths):
        if before.place == path.place:
            said = (f"place {path.place} is that of {before.name}", "give each path its own")
            faults.append(Fault(path.file, 1, RULE, *said))
    return Paths(tuple(paths), tuple(sorted(faults)))


def _read(file: Path, book: Book) -> tuple[ReadingPath | None, list[Fault]]:
    """The path of a file, None where it cannot be used, and what is wrong with it."""
    try:
        text = file.read_text("utf-8")
        data = tomllib.loads(text)
    except (OSError, ValueError) as error:
        said = str(error)
        at = re.search(r"at line (\d+)", said)
        line = int(at[1]) if at else 1
        return None, [Fault(file, line, RULE, said, "mend the TOML")]
    lines = _Lines(text)
    faults = [Fault(file, line, RULE, *said) for line, *said in _shape(data, lines)]
    if faults:
        return None, faults
    stages = [_stage(entry, place, lines, book) for place, entry in enumerate(data["units"])]
    known = tuple(data.get("known", ()))
    named = [*((unit, lines.key("known")) for unit in known), *((s.unit, s.line) for s in stages)]
    for unit, line in named:
        if not book.knows(unit):
            faults.append(Fault(file, line, RULE, *_stranger(unit, book)))
    if faults:
        return None, faults
    told = {key: data[key] for key in ("title", "summary", "place")}
    return ReadingPath(file.stem, stages=tuple(stages), known=known, file=file, **told), []


def _stage(entry: Mapping[str, str], place: int, lines: _Lines, book: Book) -> Stage:
    unit, line = entry["unit"], lines.unit(place)
    there = book.by_id.get(unit)
    title = book.title(unit) if book.knows(unit) else unit
    why = " ".join(entry["why"].split())
    return Stage(unit, title, why, there is not None and there.has_article, line)


def _stranger(unit: str, book: Book) -> tuple[str, str]:
    """What to say of a unit that nobody knows by this id, and the remedy."""
    present = load_renamed().current(unit)
    if present != unit:
        return f"{unit} is called {present} now", f"write {present}"
    said = book.unknown(unit)
    return said.what, said.remedy or ""


def _shape(data: Mapping[str, object], lines: _Lines) -> Iterator[tuple[int, str, str]]:
    """(line, message, remedy) of keys that are missing, unknown or of another type."""
    for key, kind in KEYS.items():
        if key not in data and key != "known":
            yield 1, f"{key} is missing", f"write {key} above the units"
        elif key in data and type(data[key]) is not kind:
            yield lines.key(key), f"{key} is no {_word(kind)}", f"write a {_word(kind)}"
    for key in sorted(set(data) - set(KEYS) - {"units"}):
        yield lines.key(key), f"no key is called {key!r}", f"the keys: {', '.join(KEYS)}, units"
    units = data.get("units")
    if not isinstance(units, list) or not units:
        yield 1, "there are no units", "begin each with a line [[units]]"
        return
    for place, entry in enumerate(units):
        if isinstance(entry, dict):
            yield from _unit_shape(entry, place, lines)
        else:
            yield lines.key("units"), "a unit is no table", "begin each with a line [[units]]"


def _unit_shape(
    entry: Mapping[str, object], place: int, lines: _Lines
) -> Iterator[tuple[int, str, str]]:
    for key in UNIT:
        said = entry.get(key)
        if not isinstance(said, str) or not said.strip():
            yield lines.unit(place), f"unit {place + 1} has no {key}", f'write {key} = "..."'
    for key in sorted(set(entry) - set(UNIT)):
        yield lines.unit(place), f"no key is called {key!r}", f"the keys: {', '.join(UNIT)}"


def _order_faults(path: ReadingPath, book: Book) -> Iterator[Fault]:
    """Units that come twice, or before what they need."""
    places = {stage.unit: place for place, stage in reversed(list(enumerate(path.stages)))}
    for place, stage in enumerate(path.stages):
        if places[stage.unit] < place:
            said = (f"{stage.unit} is there twice", "keep the first")
            yield Fault(path.file, stage.line, RULE, *said)
            continue
        for needed in _prerequisites(stage, book):
            if needed in path.known:
                continue
            if needed not in places:
                what = f"{stage.unit} needs {needed}, which is not in the path"
                yield Fault(path.file, stage.line, RULE, what, "put it before, or into known")
            elif places[needed] > place:
                what = f"{stage.unit} comes before {needed}, which it needs"
                yield Fault(path.file, stage.line, RULE, what, "change their order")


def _prerequisites(stage: Stage, book: Book) -> Sequence[str]:
    """What a page names; nothing for one that is planned, or whose faults `lint` will tell."""
    if not stage.written:
        return ()
    try:
        return book.page(stage.unit).front.prerequisites
    except PageError:
        return ()


def _word(kind: type) -> str:
    return {int: "whole number", str: "text", list: "list"}[kind]


class _Lines:
    """Where things stand in a path's file; TOML itself does not tell."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._heads = [n for n, line in enumerate(self._lines, 1) if _is_head(line)]

    def key(self, name: str) -> int:
        """The line on which a key begins; 1 where it cannot be found."""
        found = re.compile(rf"\s*{re.escape(name)}\s*=")
        return next((n for n, line in enumerate(self._lines, 1) if found.match(line)), 1)

    def unit(self, place: int) -> int:
        """The line of `unit = ...` of the unit at that place, else of its head."""
        if place >= len(self._heads):
            return self.key("units")
        head = self._heads[place]
        for n in range(head, len(self._lines)):
            if re.match(r"\s*unit\s*=", self._lines[n]):
                return n + 1
            if self._lines[n].lstrip().startswith("["):
                break
        return head


def _is_head(line: str) -> bool:
    return re.match(r"\s*\[\[\s*units\s*\]\]", line) is not None
