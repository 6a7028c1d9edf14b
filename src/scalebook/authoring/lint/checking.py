"""Check the book: every unit and page by itself, then all of them together, remembering both."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scalebook.authoring.lint.draft import Draft, Drafts
from scalebook.authoring.lint.registry import RULES, Scope
from scalebook.authoring.standing import code_of, leans
from scalebook.book import Unit, all_units, load_catalogue
from scalebook.book.faults import Fault
from scalebook.book.naming import units_named
from scalebook.book.paths import path_files
from scalebook.book.remembered import Remembered
from scalebook.book.survey import survey

if TYPE_CHECKING:
    from scalebook.book.page import Book

__all__ = ["Outcome", "check", "check_each", "lint"]

COUNTING = {"article.md", "lab.py", "result.json", "requirements.toml", "model.py"}
"""Files of a unit whose content findings depend on; of the others their being there."""

_PACKAGE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """All findings, sorted by file and line, and how many figures of each page are bound."""

    faults: tuple[Fault, ...]
    bound: dict[str, int]

    def of(self, unit: Unit) -> list[Fault]:
        """The findings in one unit's folder."""
        return [fault for fault in self.faults if fault.file.parent == unit.folder]


def lint(units: Iterable[Unit] | None = None, book: Book | None = None) -> list[Fault]:
    """The findings in these units (all of the book without), sorted; no lab is imported.

    Rules that look across pages see the whole book even then.
    """
    there = tuple(book.units if book is not None else all_units())
    found = check(there, book)
    if units is None:
        return list(found.faults)
    chosen = {unit.folder: unit for unit in units}
    strangers = [u for u in chosen.values() if u.folder not in {unit.folder for unit in there}]
    faults = [fault for fault in found.faults if fault.file.parent in chosen]
    if strangers:  # Folders outside the book are looked at beside it.
        others = [unit for unit in there if unit.id not in {s.id for s in strangers}]
        beside = check((*others, *strangers), None)
        faults += [fault for unit in strangers for fault in beside.of(unit)]
    return sorted(faults)


def check(units: Sequence[Unit], book: Book | None = None) -> Outcome:
    """The outcome for all of these units, from what is remembered where nothing has changed."""
    files = [
        unit.folder / name for unit in units for name in sorted(unit.files) if name in COUNTING
    ]
    if not files:
        return Outcome((), {})
    files += path_files()
    salt = _salt(units)
    with Remembered.kept("lint-book") as remembered:
        known = remembered.answer(*files)
        if isinstance(known, dict) and known.get("salt") == salt:
            return _thawed(known)
        with Remembered.kept("lint-pages") as pages:
            found = _look(units, book, pages)
        remembered.put({"salt": salt, **_frozen(found)}, *files)
    return found


def check_each(units: Sequence[Unit], book: Book | None = None) -> Outcome:
    """The outcome for every unit and page by itself, without the rules that look across pages.

    After an edit this looks at what leans on the edited file alone.
    """
    with Remembered.kept("lint-pages") as pages:
        return _each(units, book, pages)


def _look(units: Sequence[Unit], book: Book | None, remembered: Remembered) -> Outcome:
    alone = _each(units, book, remembered)
    read = (_read(unit) for unit in units if unit.has_article)
    pages = tuple(draft for draft in read if isinstance(draft, Draft))
    planned = frozenset(load_catalogue().by_id)
    across = _by(("book",), Drafts(pages, {unit.id: unit for unit in units}, planned))
    return Outcome(tuple(sorted({*alone.faults, *across})), alone.bound)


def _each(units: Sequence[Unit], book: Book | None, remembered: Remembered) -> Outcome:
    leaning = _Leaning(units)
    survey(units)
    faults, bound = [], {}
    for unit in units:
        faults += _by(("unit",), unit)
        if not unit.has_article:
            continue
        try:
            files, salt = leaning.of(unit)
        except OSError:
            files, salt = [], ""
        known = remembered.answer(*files) if files else None
        if not (isinstance(known, dict) and known.get("salt") == salt):
            # Imported here: whoever has seen every page before needs no renderer.
            from scalebook.authoring.lint.binder import bind
            from scalebook.book.page import Book

            draft = _read(unit)
            if isinstance(draft, Fault):
                faults.append(draft)
                continue
            book = book or Book(units)
            own, count = bind(unit, book)
            own = [fault for fault in own if not _told_by_no_result(fault, unit)]
            own += _by(("page",), draft)
            known = {"salt": salt, **_frozen(Outcome(tuple(own), {unit.id: count}))}
            if files:
                remembered.put(known, *files)
        page = _thawed(known)
        faults += page.faults
        bound.update(page.bound)
    leaning.save()
    return Outcome(tuple(sorted(set(faults))), bound)


def _by(scopes: Iterable[Scope], subject: Any) -> list[Fault]:
    return [
        fault for rule in RULES.values() if rule.scope in scopes for fault in rule.faults(subject)
    ]


def _read(unit: Unit) -> Draft | Fault:
    try:
        return Draft.of(unit)
    except OSError as error:
        file = unit.folder / "article.md"
        return Fault(file, 1, "text", f"cannot be read: {error.strerror}", "mend its permissions")


def _told_by_no_result(fault: Fault, unit: Unit) -> bool:
    """Where a unit has no result at all, one finding says it; not one for each bound figure."""
    there = "result.json" in unit.files or not unit.has_lab
    return not there and fault.rule == "missing" and fault.message.startswith(unit.id)


class _Leaning:
    """On what the findings in a page depend, read from the page only when it has changed."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._by_id = {unit.id: unit for unit in units}
        self._known = hashlib.sha256("\n".join(sorted(self._by_id)).encode()).hexdigest()[:16]
        self._names = Remembered("lint-names")

    def of(self, unit: Unit) -> tuple[list[str], str]:
        """The files, the page first, and what else: the rules, the renderer, and which of the
        units that it names are there. No files where a lab imports other units, which cannot be
        followed so cheaply. OSError for a page that cannot be read.
        """
        article = unit.folder / "article.md"
        others = [self._by_id[name] for name in self._named(article)]
        # Put together as text: done for every page at each look, paths would take longer.
        files = [str(article)]
        for other in (unit, *others):
            if other.has_lab and self._leans(other):
                return [], ""
            names = [*code_of(other), "result.json"]
            files += [f"{other.folder}{os.sep}{name}" for name in names if name in other.files]
        return files, _salt([unit, *others])

    def save(self) -> None:
        """Remember for the next look."""
        self._names.save()

    def _named(self, article: Path) -> list[str]:
        known = self._names.answer(article)
        if not (isinstance(known, list) and known[:1] == [self._known]):
            text = article.read_text("utf-8", "replace")
            known = [self._known, *units_named(text, self._by_id)]
            self._names.put(known, article)
        return [str(name) for name in known[1:]]

    def _leans(self, unit: Unit) -> bool:
        files = [unit.folder / name for name in code_of(unit)]
        known = self._names.answer(*files)
        if not isinstance(known, bool):
            known = leans(unit)
            self._names.put(known, *files)
        return known


def _salt(units: Sequence[Unit]) -> str:
    """Changes with the rules, the renderer, and with which of these units and files there are."""
    text = "\n".join(f"{unit.id} {unit.folder} {' '.join(sorted(unit.files))}" for unit in units)
    return hashlib.sha256(f"{_tools()}\n{text}".encode()).hexdigest()[:16]


@cache
def _tools() -> str:
    """A digest of the stamps of the linter, the book and what they read."""
    folders = ("authoring", "book", "results", "stats")
    files = [file for name in folders for file in sorted((_PACKAGE / name).rglob("*.py"))]
    files.append(_PACKAGE / "authoring" / "glossary.yaml")
    stamps = " ".join(str(file.stat().st_mtime_ns) for file in files)
    return hashlib.sha256(stamps.encode()).hexdigest()


def _frozen(outcome: Outcome) -> dict[str, object]:
    faults = [[str(f.file), f.line, f.rule, f.message, f.remedy] for f in outcome.faults]
    return {"faults": faults, "bound": outcome.bound}


def _thawed(known: dict[str, Any]) -> Outcome:
    return Outcome(tuple(_faults(known["faults"])), known["bound"])


def _faults(rows: list[list[Any]]) -> Iterator[Fault]:
    for file, line, rule, message, remedy in rows:
        yield Fault(Path(file), line, rule, message, remedy)
