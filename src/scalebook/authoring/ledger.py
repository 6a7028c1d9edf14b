"""The ledger: every published claim beside what the real engines did. No figure is typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from scalebook.authoring import words
from scalebook.authoring.standing import Standing, standing
from scalebook.authoring.tested import CurvePoint, Measured, curve_of, decisive, where_true
from scalebook.book import Catalogue, Entry, Unit, all_units, load_catalogue
from scalebook.book.published import Published, PublishedFigure, load_published
from scalebook.book.remembered import Remembered
from scalebook.errors import UsageError
from scalebook.results import Result
from scalebook.results.reference import read_reference

__all__ = ["STATES", "CurvePoint", "Ledger", "LedgerRow", "Measured", "make_ledger"]

STATES = ("holds", "holds-from", "holds-up-to", "never", "unresolved", "not-tested")


@dataclass(frozen=True)
class LedgerRow:
    """One published claim, and ours beside it.

    `factor` is the claim as a ratio (99.6 % saved is 250; None for a promise). A result that is
    stale or not valid is never quoted: then the state is "not-tested", `standing` says why, and
    `remedy` is the command that mends it.
    """

    unit: str
    number: int | None
    chapter: str
    title: str
    claim: str
    metric: str
    factor: float | None
    factor_text: str
    published: PublishedFigure | None
    state: str
    standing: Standing
    ours: Measured | None
    axis: str | None
    crossing: tuple[float, float, float] | None
    where: str
    remedy: str
    curve: tuple[CurvePoint, ...]
    has_lab: bool
    has_page: bool
    run: str | None
    measured_on: date | None
    cpu: str | None

    @property
    def span(self) -> tuple[float, float] | None:
        """The smallest and the largest measured over published along the axis."""
        shares = [point.share for point in self.curve if point.share is not None]
        return (min(shares), max(shares)) if shares else None

    def to_json(self) -> dict[str, object]:
        """The row as plain data."""
        day = self.measured_on.isoformat() if self.measured_on else None
        return {**asdict(self), "measured_on": day, "span": self.span}


@dataclass(frozen=True)
class Ledger:
    """Every claim in the order of the catalogue, then published figures that no lab claims."""

    rows: tuple[LedgerRow, ...]
    others: tuple[PublishedFigure, ...]
    wanted: dict[str, int]
    """How many labs, systems and articles the catalogue asks for in all."""

    @property
    def counts(self) -> dict[str, int]:
        """State -> number of claims, every state of STATES."""
        return {state: sum(row.state == state for row in self.rows) for state in STATES}

    def to_json(self) -> dict[str, object]:
        """The ledger as plain data."""
        return {
            "catalogue": {**self.wanted, "claims": len(self.rows)},
            "counts": self.counts,
            "rows": [row.to_json() for row in self.rows],
            "others": [asdict(figure) for figure in self.others],
        }


def make_ledger(
    units: Iterable[Unit] | None = None,
    catalogue: Catalogue | None = None,
    published: Published | None = None,
) -> Ledger:
    """The ledger as it stands now; no lab is imported."""
    catalogue, published = catalogue or load_catalogue(), published or load_published()
    by_id = {unit.id: unit for unit in (all_units() if units is None else units)}
    with Remembered.kept("standings") as remembered:
        rows = tuple(
            _row(entry, by_id.get(entry.id), published.of_claim(entry), remembered)
            for entry in catalogue.entries
            if entry.claim is not None
        )
    quoted = {row.published for row in rows}
    others = tuple(fact for fact in published.facts if fact not in quoted)
    wanted = {
        "labs": sum(entry.lab is not None for entry in catalogue.entries),
        "systems": sum(entry.system for entry in catalogue.entries),
        "articles": sum(bool(entry.article) for entry in catalogue.entries),
    }
    return Ledger(rows, others, wanted)


def _row(
    entry: Entry, unit: Unit | None, published: PublishedFigure | None, remembered: Remembered
) -> LedgerRow:
    claim = entry.claim
    assert claim is not None
    stands = standing(unit, remembered) if unit else "none"
    result = None
    if unit is not None and stands == "current":
        result, stands = _read(unit)
    return LedgerRow(
        unit=entry.id,
        number=entry.lab,
        chapter=entry.chapter,
        title=entry.title,
        claim=claim.text,
        metric=claim.metric,
        factor=words.factor_of(claim),
        factor_text=words.published(claim),
        published=published,
        state=result.verdict.state if result else "not-tested",
        standing=stands,
        ours=decisive(result, claim) if result else None,
        axis=result.axis if result else None,
        crossing=_crossing(result),
        where=where_true(result, claim) if result else _why_not(unit, stands),
        remedy=_remedy(entry, unit, stands),
        curve=curve_of(result) if result else (),
        has_lab=bool(unit and unit.has_lab),
        has_page=bool(unit and unit.has_article),
        run=result.run if result else None,
        measured_on=result.started.date() if result else None,
        cpu=result.environment.cpu if result else None,
    )


def _read(unit: Unit) -> tuple[Result | None, Standing]:
    """The result that the unit quotes; damaged beyond what its standing looks at: invalid."""
    try:
        return read_reference(unit.folder / "result.json"), "current"
    except UsageError:
        return None, "invalid"


def _crossing(result: Result | None) -> tuple[float, float, float] | None:
    found = result.verdict.crossing if result else None
    return (found.at, found.low, found.high) if found else None


def _why_not(unit: Unit | None, stands: Standing) -> str:
    if unit is None or not unit.has_lab:
        return "no lab yet"
    return {
        "stale": "stale: lab.py was edited after its run",
        "invalid": "its result.json is not valid",
    }.get(stands, "not run yet")


def _remedy(entry: Entry, unit: Unit | None, stands: Standing) -> str:
    if stands == "current":
        return ""
    if unit is not None and unit.has_lab:
        return f"scalebook run --reference {entry.id}"
    return f"scalebook new {'system' if entry.system else 'lab'} {entry.id}"
