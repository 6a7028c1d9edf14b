"""The plan: how far each chapter is, from the catalogue and from what exists. Nobody types it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from scalebook.authoring.standing import standing
from scalebook.book import Catalogue, Entry, Unit, all_units, load_catalogue
from scalebook.book.remembered import Remembered

__all__ = ["ChapterProgress", "Plan", "make_plan"]


@dataclass(frozen=True)
class ChapterProgress:
    """Counts of one chapter: what the catalogue wants, and how much of that exists.

    `labs_proven` have a valid reference result of the code as it is; `beyond` are units that the
    catalogue does not ask for.
    """

    chapter: str
    labs_wanted: int = 0
    labs: int = 0
    labs_proven: int = 0
    articles_wanted: int = 0
    articles: int = 0
    systems_wanted: int = 0
    systems: int = 0
    beyond: int = 0

    def __add__(self, other: ChapterProgress) -> ChapterProgress:
        counts = [field.name for field in fields(self) if field.name != "chapter"]
        return ChapterProgress(
            self.chapter, **{name: getattr(self, name) + getattr(other, name) for name in counts}
        )

    def to_json(self) -> dict[str, object]:
        """The counts as plain data."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Plan:
    """Progress of every chapter, in the order of the book; `target` is the labs wanted at last."""

    chapters: tuple[ChapterProgress, ...]
    target: int

    @property
    def total(self) -> ChapterProgress:
        """The sum of all chapters."""
        return sum(self.chapters, ChapterProgress("total"))

    def to_json(self) -> dict[str, object]:
        """The plan as plain data."""
        return {
            "chapters": [chapter.to_json() for chapter in self.chapters],
            "total": self.total.to_json(),
            "target": self.target,
        }


def make_plan(catalogue: Catalogue | None = None, units: Iterable[Unit] | None = None) -> Plan:
    """The plan as it stands now; no lab is imported."""
    catalogue = catalogue or load_catalogue()
    by_id = {unit.id: unit for unit in (all_units() if units is None else units)}
    chapters = dict.fromkeys([*catalogue.chapters, *(unit.chapter for unit in by_id.values())])
    with Remembered.kept("standings") as remembered:
        progress = tuple(
            sum(
                [
                    _wanted(entry, by_id.get(entry.id))
                    for entry in catalogue.entries
                    if entry.chapter == name
                ]
                + [
                    _there(unit, catalogue, remembered)
                    for unit in by_id.values()
                    if unit.chapter == name
                ],
                ChapterProgress(name),
            )
            for name in chapters
        )
    return Plan(progress, catalogue.targets.get("total", 0))


def _wanted(entry: Entry, unit: Unit | None) -> ChapterProgress:
    """What one row of the catalogue wants, and which of its parts exist."""
    return ChapterProgress(
        entry.chapter,
        labs_wanted=int(entry.lab is not None),
        articles_wanted=int(bool(entry.article)),
        articles=int(bool(entry.article and unit and unit.has_article)),
        systems_wanted=int(entry.system),
        systems=int(bool(entry.system and unit and unit.has_system and unit.has_lab)),
    )


def _there(unit: Unit, catalogue: Catalogue, remembered: Remembered) -> ChapterProgress:
    """What one folder adds."""
    entry = catalogue.by_id.get(unit.id)
    wanted = entry is not None and entry.lab is not None
    return ChapterProgress(
        unit.chapter,
        labs=int(wanted and unit.has_lab),
        labs_proven=int(wanted and standing(unit, remembered) == "current"),
        beyond=int(entry is None),
    )
