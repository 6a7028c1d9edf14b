"""The plan: how far each chapter is, from the catalogue and from what exists. Nobody types it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from scalebook.authoring.standing import Standing, standing
from scalebook.book import Catalogue, Entry, Unit, all_units, load_catalogue
from scalebook.book.faults import Fault
from scalebook.book.remembered import Remembered

__all__ = ["ChapterProgress", "Mark", "Obstacle", "Plan", "UnitProgress", "make_plan"]

Mark = Literal["planned", "exists", "passes", "fault"]
"""Of a unit: nothing is there; some of it; all that is wanted, and it passes; something fails."""

Kind = Literal["lab", "article", "system"]

WAITING = {"no-page", "no-result", "unwritten"}
"""Findings that say only that something is still to be done: the unit has no fault."""

UNBACKED = "unbacked-figure"


@dataclass(frozen=True)
class ChapterProgress:
    """Counts of one chapter: what the catalogue wants, and how much of that is there.

    Of the labs wanted, `labs` exist, `labs_run` have a result of the code as it is,
    `labs_proven` have one that is valid, and `labs_pages` moreover a page without findings. Of
    articles and systems some exist and some pass. `bound` figures of its pages come from a
    run, `unbacked` ones from nowhere; `beyond` are units that the catalogue does not ask for.
    """

    chapter: str
    labs_wanted: int = 0
    labs: int = 0
    labs_run: int = 0
    labs_proven: int = 0
    labs_pages: int = 0
    articles_wanted: int = 0
    articles: int = 0
    articles_passing: int = 0
    systems_wanted: int = 0
    systems: int = 0
    systems_passing: int = 0
    units_wanted: int = 0
    units: int = 0
    units_passing: int = 0
    bound: int = 0
    unbacked: int = 0
    beyond: int = 0

    def __add__(self, other: ChapterProgress) -> ChapterProgress:
        counts = [field.name for field in fields(self) if field.name != "chapter"]
        return ChapterProgress(
            self.chapter, **{name: getattr(self, name) + getattr(other, name) for name in counts}
        )

    def to_json(self) -> dict[str, object]:
        """The counts as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class UnitProgress:
    """One unit for its mark: `shape` is what it mainly is, `wants` all that the catalogue asks.

    `faults` counts the findings that are more than work still to be done.
    """

    id: str
    chapter: str
    name: str
    title: str
    number: int | None
    wants: tuple[Kind, ...]
    shape: Kind
    mark: Mark
    standing: Standing
    has_lab: bool
    has_page: bool
    bound: int
    faults: int
    beyond: bool


@dataclass(frozen=True)
class Obstacle:
    """Something that stands in the way of a unit: the finding, its place, and the remedy."""

    unit: str
    finding: str
    rule: str
    place: str
    file: Path
    line: int
    remedy: str


@dataclass(frozen=True)
class Plan:
    """Progress of every chapter and unit, in the order of the book; `target`: labs at last."""

    chapters: tuple[ChapterProgress, ...]
    units: tuple[UnitProgress, ...]
    obstacles: tuple[Obstacle, ...]
    target: int

    @property
    def total(self) -> ChapterProgress:
        """The sum of all chapters."""
        return sum(self.chapters, ChapterProgress("total"))

    @property
    def standing(self) -> int:
        """How many units pass."""
        return sum(unit.mark == "passes" for unit in self.units)

    def to_json(self) -> dict[str, object]:
        """The plan as plain data."""
        return {
            "chapters": [chapter.to_json() for chapter in self.chapters],
            "total": self.total.to_json(),
            "target": self.target,
            "units": [asdict(unit) for unit in self.units],
            "obstacles": [{**asdict(row), "file": str(row.file)} for row in self.obstacles],
        }


def make_plan(catalogue: Catalogue | None = None, units: Iterable[Unit] | None = None) -> Plan:
    """The plan as it stands now, after a look by the linter; no lab is imported.

    What only shows across pages, such as a sentence said twice, is no fault of one unit: the
    linter alone tells it.
    """
    # Imported here: whoever draws a plan that is made needs nothing of the linter.
    from scalebook.authoring.lint.checking import check_each

    catalogue = catalogue or load_catalogue()
    there = tuple(all_units() if units is None else units)
    found = check_each(there)
    faults: dict[Path, list[Fault]] = {}
    for fault in found.faults:
        faults.setdefault(fault.file.parent, []).append(fault)
    by_id = {unit.id: unit for unit in there}
    looks = [_Look(entry.id, entry, by_id.get(entry.id)) for entry in catalogue.entries]
    looks += [_Look(unit.id, None, unit) for unit in there if unit.id not in catalogue.by_id]
    chapters = {name: ChapterProgress(name) for name in catalogue.chapters}
    marks, obstacles = [], []
    with Remembered.kept("standings") as remembered:
        for look in looks:
            if look.unit is not None:
                look.standing = standing(look.unit, remembered)
                look.faults = faults.get(look.unit.folder, [])
                look.bound = found.bound.get(look.id, 0)
            progress = look.progress()
            marks.append(progress)
            before = chapters.get(progress.chapter, ChapterProgress(progress.chapter))
            chapters[progress.chapter] = before + look.counts(progress.mark)
            obstacles += look.obstacles()
    target = catalogue.targets.get("total", 0)
    return Plan(tuple(chapters.values()), tuple(marks), tuple(obstacles), target)


class _Look:
    """A unit of the catalogue, or beyond it, and what there is of it."""

    def __init__(self, name: str, entry: Entry | None, unit: Unit | None) -> None:
        self.id, self.entry, self.unit = name, entry, unit
        self.standing: Standing = "none"
        self.faults: list[Fault] = []
        self.bound = 0

    @property
    def wants(self) -> tuple[Kind, ...]:
        entry, unit = self.entry, self.unit
        if entry is None:
            assert unit is not None
            there = {"lab": unit.has_lab, "article": unit.has_article, "system": unit.has_system}
        else:
            lab, article = entry.lab is not None, bool(entry.article)
            there = {"lab": lab, "article": article, "system": entry.system}
        kinds: tuple[Kind, ...] = ("lab", "article", "system")
        return tuple(kind for kind in kinds if there[kind])

    @property
    def failing(self) -> list[Fault]:
        return [fault for fault in self.faults if fault.rule not in WAITING]

    def mark(self) -> Mark:
        unit = self.unit
        if unit is None:
            return "planned"
        if self.failing or self.standing in ("stale", "invalid"):
            return "fault"
        lab = self.standing == "current" or not self._needs_lab(unit)
        system = unit.has_system or "system" not in self.wants
        return "passes" if unit.has_article and lab and system and not self.faults else "exists"

    def _needs_lab(self, unit: Unit) -> bool:
        return unit.has_lab or "lab" in self.wants or "system" in self.wants

    def progress(self) -> UnitProgress:
        unit, entry, wants = self.unit, self.entry, self.wants
        shape: Kind = "lab" if "lab" in wants else "article"
        title = entry.title if entry else unit.title if unit else self.id
        chapter, name = self.id.split("/")
        return UnitProgress(
            id=self.id,
            chapter=chapter,
            name=name,
            title=title,
            number=entry.lab if entry else None,
            wants=wants,
            shape="system" if "system" in wants else shape,
            mark=self.mark(),
            standing=self.standing,
            has_lab=bool(unit and unit.has_lab),
            has_page=bool(unit and unit.has_article),
            bound=self.bound,
            faults=len(self.failing),
            beyond=entry is None,
        )

    def counts(self, mark: Mark) -> ChapterProgress:
        """What this unit adds to its chapter."""
        wants, unit, passes = set(self.wants), self.unit, mark == "passes"
        there: dict[str, Any] = {"lab": False, "article": False, "system": False}
        if unit is not None:
            there = {
                "lab": unit.has_lab,
                "article": unit.has_article,
                "system": unit.has_system and unit.has_lab,
            }
        if self.entry is None:
            wants = set()
        lab = "lab" in wants and there["lab"]
        page_passes = there["article"] and not self.faults
        return ChapterProgress(
            self.id.split("/")[0],
            labs_wanted=int("lab" in wants),
            labs=int(lab),
            labs_run=int(lab and self.standing in ("current", "invalid")),
            labs_proven=int(lab and self.standing == "current"),
            labs_pages=int(lab and self.standing == "current" and page_passes),
            articles_wanted=int("article" in wants),
            articles=int("article" in wants and there["article"]),
            articles_passing=int("article" in wants and page_passes),
            systems_wanted=int("system" in wants),
            systems=int("system" in wants and there["system"]),
            systems_passing=int("system" in wants and passes),
            units_wanted=int(self.entry is not None),
            units=int(self.entry is not None and unit is not None),
            units_passing=int(self.entry is not None and passes),
            bound=self.bound,
            unbacked=sum(fault.rule == UNBACKED for fault in self.faults),
            beyond=int(self.entry is None),
        )

    def obstacles(self) -> list[Obstacle]:
        """What stands in the way of this unit, its standing first."""
        unit = self.unit
        if unit is None:
            return []
        rows = []
        if self.standing in ("stale", "invalid"):
            what = {
                "stale": "stale: lab.py was edited after the run that its page quotes",
                "invalid": "the result that its page quotes is not valid",
            }[self.standing]
            remedy = f"scalebook run --reference {self.id}"
            name = "lab.py" if self.standing == "stale" else "result.json"
            file = unit.folder / name
            rows.append(Obstacle(self.id, what, self.standing, f"{name}:1", file, 1, remedy))
        same: dict[tuple[str, str], list[Fault]] = {}
        for fault in self.faults:
            same.setdefault((fault.rule, fault.message), []).append(fault)
        for (rule, message), places in same.items():
            if rows and rule == self.standing and message.startswith(f"the lab of {self.id} "):
                continue  # Said above, for all figures at once.
            first, more = places[0], len(places) - 1
            place = f"{first.file.name}:{first.line}"
            finding = f"{message}, and {more} more times" if more else message
            rows.append(
                Obstacle(self.id, finding, rule, place, first.file, first.line, first.remedy)
            )
        return rows
