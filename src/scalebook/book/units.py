"""The units of the book. The folder is the registry; no lab is imported to know its facts."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scalebook.book import static
from scalebook.book.catalogue import Entry, load_catalogue
from scalebook.errors import UsageError

__all__ = ["BOOK", "Unit", "all_units", "hyphens", "roots", "unit_at"]

BOOK = Path(__file__).parents[1] / "chapters"
MARKS = frozenset({"lab.py", "article.md", "requirements.toml", "model.py"})


@dataclass(frozen=True)
class Unit:
    """One folder of the book, with what the catalogue says of it (`entry`, None for others).

    `files` are the names of what the folder holds.
    """

    id: str
    folder: Path
    files: frozenset[str]
    entry: Entry | None = None

    @property
    def chapter(self) -> str:
        """The part of the id before the slash."""
        return self.id.split("/")[0]

    @property
    def name(self) -> str:
        """The part of the id behind the slash."""
        return self.id.split("/")[1]

    @property
    def number(self) -> int | None:
        """The lab's number in the catalogue."""
        return self.entry.lab if self.entry else None

    @functools.cached_property
    def title(self) -> str:
        """The catalogue's title, or the page's own, or the name in words."""
        if self.entry:
            return self.entry.title
        page = static.page_title(self.folder / "article.md") if self.has_article else None
        return page or self.name.replace("-", " ").capitalize()

    @property
    def claim_text(self) -> str | None:
        """The published headline, in its own words."""
        return self.entry.claim.text if self.entry and self.entry.claim else None

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that the catalogue names."""
        return self.entry.engines if self.entry else ()

    @property
    def has_lab(self) -> bool:
        """Is there a lab.py?"""
        return "lab.py" in self.files

    @property
    def has_article(self) -> bool:
        """Is there an article.md?"""
        return "article.md" in self.files

    @property
    def has_system(self) -> bool:
        """Is it a mini version of a real system?"""
        return "requirements.toml" in self.files

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which of "lab", "article" and "system" it is."""
        there = {"lab": self.has_lab, "article": self.has_article, "system": self.has_system}
        return tuple(kind for kind, is_there in there.items() if is_there)

    @property
    def question(self) -> str:
        """The first line of the lab's docstring; empty without a lab."""
        return self._facts.question

    @property
    def fault(self) -> str | None:
        """Why the lab cannot be read, as file:line: text; None where it can."""
        return self._facts.fault

    def learn(self, facts: static.LabFacts) -> None:
        """Take the lab's facts from someone who has looked already."""
        self.__dict__["_facts"] = facts

    @functools.cached_property
    def _facts(self) -> static.LabFacts:
        return static.lab_facts(self.folder / "lab.py") if self.has_lab else static.LabFacts()


def roots() -> list[Path]:
    """The folders of chapters: the book, then those that SCALEBOOK_CHAPTERS names (a path list).

    `UsageError` for one that is not there.
    """
    extra = [
        Path(part) for part in os.environ.get("SCALEBOOK_CHAPTERS", "").split(os.pathsep) if part
    ]
    for folder in extra:
        if not folder.is_dir():
            raise UsageError(
                f"SCALEBOOK_CHAPTERS names {folder}, which is no folder",
                remedy="give the folder that holds the chapters, or unset the variable",
            )
    return [BOOK, *extra]


def all_units(chapter: str | None = None) -> list[Unit]:
    """All units in the order of the catalogue, then of the alphabet; or those of one chapter.

    A unit of a later root replaces one of the same id. `UsageError` for an unknown chapter.
    """
    found = {unit.id: unit for root in roots() for unit in _walk(root)}
    place = {name: i for i, name in enumerate(load_catalogue().by_id)}
    chapters = {name: i for i, name in enumerate(load_catalogue().chapters)}
    ordered = sorted(
        found.values(),
        key=lambda unit: (
            chapters.get(unit.chapter, len(chapters)),
            unit.chapter,
            place.get(unit.id, len(place)),
            unit.id,
        ),
    )
    if chapter is None:
        return ordered
    wanted = hyphens(chapter)
    known = {unit.chapter for unit in ordered} | set(chapters)
    if wanted not in known:
        raise UsageError(
            f"there is no chapter {chapter!r}", remedy=f"the chapters: {', '.join(sorted(known))}"
        )
    return [unit for unit in ordered if unit.chapter == wanted]


def unit_at(folder: Path) -> Unit | None:
    """The unit in this folder, inside the book or not; None where there is none."""
    folder = folder.resolve()
    files = _files(folder)
    if not files & MARKS:
        return None
    name = f"{hyphens(folder.parent.name)}/{hyphens(folder.name)}"
    inside = any(folder.parent.parent == root.resolve() for root in roots())
    return Unit(name, folder, files, load_catalogue().by_id.get(name) if inside else None)


def hyphens(name: str) -> str:
    """A name as it stands in ids: small letters, hyphens for underscores."""
    return name.lower().replace("_", "-")


def _walk(root: Path) -> Iterator[Unit]:
    """Every unit below one folder of chapters."""
    entries = load_catalogue().by_id
    for chapter in _folders(root):
        for folder in _folders(chapter):
            files = _files(folder)
            if files & MARKS:
                name = f"{hyphens(chapter.name)}/{hyphens(folder.name)}"
                yield Unit(name, folder, files, entries.get(name))


def _folders(root: Path) -> list[Path]:
    with os.scandir(root) as found:
        names = [entry.name for entry in found if entry.is_dir() and entry.name[0] not in "._"]
    return [root / name for name in names]


def _files(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except NotADirectoryError:
        return frozenset()
