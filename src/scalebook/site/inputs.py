"""What each page is made from: a page whose inputs are as they were need not be made again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

import scalebook
from scalebook.book.naming import units_named
from scalebook.book.units import Unit

__all__ = ["Stamps", "code_stamp", "key", "leans_on"]

PACKAGE = Path(scalebook.__file__).parent
PARTS = ("book", "site", "results", "stats", "authoring", "paths")
LIBRARIES = ("jinja2", "markdown-it-py", "mdit-py-plugins", "mmdr", "pygments")
LABS = "*"
"""Stands among what a page leans on for the labs of all units."""


class Stamps:
    """Size and time of every file of every unit, looked at once."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._of = {unit.id: _folder_stamp(unit.folder) for unit in units}
        self._labs = tuple(dict(stamp).get("lab.py") for stamp in self._of.values())

    def of(self, unit: str) -> object:
        """Something that changes when a file of the unit does; None for an unknown one."""
        return self._labs if unit == LABS else self._of.get(unit)

    def article(self, unit: str) -> list[int]:
        """Size and time of the unit's article.md."""
        return list(dict(self._of[unit]).get("article.md", ()))


def code_stamp() -> str:
    """Something that changes when what makes the pages does."""
    files = [
        (path.relative_to(PACKAGE).as_posix(), path.stat().st_mtime_ns, path.stat().st_size)
        for part in PARTS
        for path in sorted((PACKAGE / part).rglob("*"))
        if path.suffix not in {".pyc", ""} and path.is_file()
    ]
    return key(files, [(name, version(name)) for name in LIBRARIES])


def key(*parts: object) -> str:
    """A short digest of plain data."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def leans_on(unit: Unit, known: Mapping[str, Unit]) -> list[str]:
    """The other units that a page may quote or link to: every id that its text or lab names."""
    text = (unit.folder / "article.md").read_text("utf-8", "replace")
    named = {name for name in units_named(text, known) if name != unit.id}
    if unit.has_lab:
        lab = (unit.folder / "lab.py").read_bytes()
        if any(said in lab for said in (b"scalebook.chapters", b"from .", b"import chapters")):
            named.add(LABS)
    return sorted(named)


def _folder_stamp(folder: Path) -> tuple[tuple[str, tuple[int, int]], ...]:
    with os.scandir(folder) as found:
        files = [entry for entry in found if entry.is_file() and not entry.name.startswith(".")]
        return tuple(
            sorted((file.name, (file.stat().st_size, file.stat().st_mtime_ns)) for file in files)
        )
