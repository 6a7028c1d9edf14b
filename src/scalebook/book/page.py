"""A page's source, and the book around it: units, results and whether they still stand."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from scalebook.book.catalogue import Catalogue, load_catalogue
from scalebook.book.faults import Fault, Mistake, PageError
from scalebook.book.frontmatter import FrontMatter, Lines, line_of, read_front
from scalebook.book.kept import Kept
from scalebook.book.remembered import Remembered
from scalebook.book.units import Unit, all_units
from scalebook.errors import ScalebookError
from scalebook.results.digest import ENGINE_REVISION, digest

if TYPE_CHECKING:
    from scalebook.results import Figure, PointRecord, Result

__all__ = ["Book", "Page", "read_page"]

T = TypeVar("T")
KEPT = 4
"""Results kept in memory: one may take megabytes, and far more of them fit no processor's cache."""
RUN = "`scalebook run {} --reference` measures it"


@dataclass(frozen=True)
class Page:
    """The source of one page: what it says of itself, and its Markdown.

    `first_line` is the line of the body's first line in the file; `lines` are those of the keys
    of the front matter.
    """

    unit: Unit
    front: FrontMatter
    body: str
    first_line: int
    lines: Lines

    @property
    def file(self) -> Path:
        """The article.md."""
        return self.unit.folder / "article.md"


class Book:
    """Everything static that rendering needs. It may live on: a changed file is read again."""

    def __init__(
        self, units: Sequence[Unit] | None = None, own: Mapping[str, Result] | None = None
    ) -> None:
        """`own`: id of a unit -> a reader's run that is shown in place of the reference."""
        self.units: tuple[Unit, ...] = tuple(all_units() if units is None else units)
        self.by_id: Mapping[str, Unit] = {unit.id: unit for unit in self.units}
        self.catalogue: Catalogue = load_catalogue()
        self.own: Mapping[str, Result] = {} if own is None else own
        self._pages: dict[str, tuple[_Stamp, Page | PageError]] = {}
        self._results: dict[str, tuple[_Stamp, Result | Mistake | None]] = {}
        self._digests: dict[str, tuple[_Stamp, str | Mistake]] = {}
        self._remembered = Remembered("digests")

    @functools.cached_property
    def pages(self) -> tuple[Unit, ...]:
        """The units with an article.md, in the order of the book."""
        return tuple(unit for unit in self.units if unit.has_article)

    @functools.cached_property
    def kept(self) -> Kept:
        """Pictures and code that were drawn before."""
        return Kept()

    def page(self, unit: str) -> Page:
        """The page of the unit with that id; `PageError` says all that is wrong with it."""
        here = self.by_id[unit]
        stamp = _stamp(here.folder, "article.md")
        known = self._pages.get(unit)
        if known is None or known[0] != stamp:
            known = self._pages[unit] = (stamp, self._read(here))
        if isinstance(known[1], PageError):
            raise PageError(known[1].faults)
        return known[1]

    def result(self, unit: str, *, reference: bool = False) -> Result | None:
        """The reader's run of that unit, or its reference; None where there is neither.

        With `reference` never the reader's. `Mistake` for a result.json that cannot be read.
        """
        if unit in self.own and not reference:
            return self.own[unit]
        here = self.by_id[unit]
        stamp = _stamp(here.folder, "result.json")
        known = self._results.get(unit)
        if known is None or known[0] != stamp:
            known = self._results[unit] = (stamp, _reference(here))
            if len(self._results) > KEPT:
                del self._results[next(iter(self._results))]
        return _or_raise(known[1])

    def measured(self, unit: str, *, reference: bool = False) -> Result:
        """The result of that unit, fit to be quoted; with `reference` never the reader's run.

        `Mistake` for one that is missing, damaged, interrupted, invalid or stale.
        """
        if unit not in self.by_id:
            raise self.unknown(unit)
        if not self.by_id[unit].has_lab:
            raise Mistake("missing", f"{unit} has no lab", "bind a number of a unit that has one")
        result = self.result(unit, reference=reference)
        remedy = RUN.format(unit)
        if result is None:
            raise Mistake("missing", f"{unit} has no result", remedy)
        if result.unit != unit:
            raise Mistake("invalid", f"the result of {unit} is one of {result.unit}", remedy)
        if result.interrupted:
            raise Mistake("invalid", f"the run of {unit} was interrupted", remedy)
        if not result.validity.valid:
            why = "; ".join(result.validity.problems) or "no reason is given"
            raise Mistake("invalid", f"the result of {unit} is not valid: {why}", remedy)
        if result.digest != self.digest(unit):
            raise Mistake("stale", f"the lab of {unit} has changed since it was measured", remedy)
        return result

    def digest(self, unit: str) -> str:
        """The digest of the unit's lab as it is now; `Mistake` where it cannot be parsed."""
        folder = self.by_id[unit].folder
        stamp = _stamp(folder, "lab.py")
        known = self._digests.get(unit)
        if known is None or known[0] != stamp:
            lab = folder / "lab.py"
            leans = _leans(lab)
            known = (stamp, self._digest(lab, leans=leans))
            # A lab that imports others changes with them, and its own stamp does not.
            if not leans:
                self._digests[unit] = known
        return _or_raise(known[1])

    def lab_stamp(self, unit: str) -> tuple[object, ...]:
        """What tells the unit's lab from every other, and from itself before an edit."""
        folder = self.by_id[unit].folder if unit in self.by_id else Path()
        return str(folder), *_stamp(folder, "lab.py")

    def origin(self, result: Result) -> tuple[object, ...]:
        """What tells this result from every other: the file that it was read from, or its run."""
        own = self.own.get(result.unit)
        if own is result or result.unit not in self.by_id:
            return "run", result.run, result.digest, result.finished.isoformat()
        folder = self.by_id[result.unit].folder
        return "file", str(folder), *_stamp(folder, "result.json")

    def save(self) -> None:
        """Remember for later builds what was worked out; a cache that cannot be written is none."""
        self._remembered.save()

    def unknown(self, unit: str) -> Mistake:
        """What to say of a unit that is not there."""
        if unit in self.catalogue.by_id:
            return Mistake("missing", f"{unit} is planned, not written", "wait, or leave it out")
        return Mistake("unknown-unit", f"no unit is called {unit!r}", "`scalebook list` shows them")

    def knows(self, unit: str) -> bool:
        """Is there such a unit, at least in the catalogue?"""
        return unit in self.by_id or unit in self.catalogue.by_id

    def title(self, unit: str) -> str:
        """The title of a unit that the book or the catalogue knows."""
        return self.by_id[unit].title if unit in self.by_id else self.catalogue.by_id[unit].title

    def _digest(self, lab: Path, *, leans: bool) -> str | Mistake:
        known = self._remembered.answer(lab)
        if isinstance(known, list) and known[:1] == [ENGINE_REVISION] and not leans:
            return str(known[-1])
        try:
            found = digest(lab)
        except ScalebookError as error:
            return Mistake("stale", error.what, error.remedy or "")
        self._remembered.put([ENGINE_REVISION, found], lab)
        return found

    def _read(self, unit: Unit) -> Page | PageError:
        try:
            page = read_page(unit)
        except PageError as error:
            return error
        faults = [*_own_faults(page), *self._unit_faults(page)]
        return PageError(faults) if faults else page

    def _unit_faults(self, page: Page) -> list[Fault]:
        """Units that the front matter names and nobody knows."""
        named = [("prerequisites", page.front.prerequisites), ("related", page.front.related)]
        return [
            self.unknown(unit).at(page.file, line_of(page.lines, key, place))
            for key, units in named
            for place, unit in enumerate(units)
            if not self.knows(unit)
        ]


def read_page(unit: Unit) -> Page:
    """Read a unit's article.md; `PageError` with every fault of its front matter."""
    file = unit.folder / "article.md"
    try:
        text = file.read_text(encoding="utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PageError([Fault(file, line, "text", "not UTF-8", "save it as UTF-8")]) from error
    except OSError as error:
        raise PageError([Fault(file, 1, "text", f"{error.strerror}", "write it")]) from error
    lines = text.split("\n")
    ends = [place for place, line in enumerate(lines) if line.rstrip() == "---"]
    if len(ends) < 2 or ends[0] != 0:
        said = ("the page has no front matter", "begin it with YAML between two lines `---`")
        raise PageError([Fault(file, 1, "front-matter", *said)])
    front, places, faults = read_front("\n".join(lines[1 : ends[1]]) + "\n", file)
    if front is None or faults:
        raise PageError(faults)
    return Page(unit, front, "\n".join(lines[ends[1] + 1 :]), ends[1] + 2, places)


def _own_faults(page: Page) -> list[Fault]:
    """What does not go with the unit: backing beside a lab, a prediction without one."""
    front, lines, lab = page.front, page.lines, page.unit.has_lab
    said = []
    if lab and front.backing:
        said.append(("backing", "backing is for a page without a lab", "leave it out"))
    if not lab and not front.backing:
        said.append(("backing", "backing is missing", "say in one sentence what backs this page"))
    if not lab and front.predict:
        said.append(("predict", "predict needs a lab", "leave it out"))
    return [Fault(page.file, line_of(lines, key), "front-matter", *text) for key, *text in said]


_Stamp = tuple[int, ...]


def _stamp(folder: Path, name: str) -> _Stamp:
    """Numbers that change when the file does; none where there is none."""
    try:
        # Asked for at every number of a page: joining paths would take longer than looking.
        found = os.stat(f"{folder}{os.sep}{name}")
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _or_raise(known: T | Mistake) -> T:
    if isinstance(known, Mistake):
        raise Mistake(known.rule, known.what, known.remedy or "")
    return known


def _reference(unit: Unit) -> Result | Mistake | None:
    from scalebook.results import read_reference

    try:
        result = read_reference(unit.folder / "result.json")
    except ScalebookError as error:
        return Mistake("invalid", error.what, RUN.format(unit.id))
    if result is not None and (why := _impossible(result)):
        return Mistake("invalid", f"the result of {unit.id} cannot be: {why}", RUN.format(unit.id))
    return result


def _impossible(result: Result) -> str:
    """What no run would write, but a hand might: a ratio below zero, a value off its interval."""
    for point in result.points:
        for ratio in point.ratios:
            if any(bound is not None and bound <= 0 for bound in (ratio.value, ratio.low)):
                return f"a ratio of {ratio.op} at {point.point} is not above zero"
            if ratio.value is not None and not _inside(ratio.low, ratio.value, ratio.high):
                return f"a ratio of {ratio.op} at {point.point} lies outside its interval"
        for name, figure in _figures(point):
            if not _inside(figure.low, figure.value, figure.high):
                return f"{name} at {point.point} lies outside its interval"
    factor, crossing = result.verdict.factor, result.verdict.crossing
    if factor is not None and factor <= 0:
        return "the claimed factor is not above zero"
    if crossing is not None and not _inside(crossing.low, crossing.at, crossing.high):
        return "the crossing lies outside its interval"
    return ""


def _figures(point: PointRecord) -> Iterator[tuple[str, Figure]]:
    """Every figure of the variants at a point, with a name for it."""
    for name, variant in point.variants.items():
        evidence = variant.evidence
        for kind in (variant.statistics, evidence.counters, evidence.figures):
            for label, figure in kind.items():
                yield f"{name}, {label}", figure


def _inside(low: float | None, value: float, high: float | None) -> bool:
    slack = 1e-9 * abs(value)
    return (low is None or low <= value + slack) and (high is None or high >= value - slack)


def _leans(lab: Path) -> bool:
    """Might the lab change with another one that it imports? Rather once too often."""
    try:
        text = lab.read_bytes()
    except OSError:
        return True
    return b"scalebook.chapters" in text or b"from ." in text or b"import chapters" in text
