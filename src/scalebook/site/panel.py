"""What the Run panel of a page offers, known without a server: parameters and the command."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from scalebook.book import Unit
from scalebook.book.faults import Mistake
from scalebook.book.page import Book
from scalebook.book.parameters import Parameters, parameters
from scalebook.results import Result
from scalebook.site.run_facts import RunFacts, run_facts
from scalebook.stats import words

__all__ = ["Choice", "Panel", "duration_words", "panel"]

BUDGETS = (
    ("quick", "quick: two points, five pairs"),
    ("default", "default: all points"),
    ("full", "full: as close as it gets"),
)


@dataclass(frozen=True)
class Choice:
    """One thing that a reader may choose; `kind` is "whole" or "real" for numbers."""

    value: str
    text: str
    kind: str = ""


@dataclass(frozen=True)
class Panel:
    """Parameters of a unit's lab as the panel shows them; `command` runs it in a terminal."""

    unit: str
    command: str
    axis: str | None
    points: tuple[Choice, ...]
    constants: tuple[Choice, ...]
    budgets: tuple[Choice, ...]
    claim: str
    """The claimed factor ("22×"); empty where the claim has none."""
    reference: RunFacts | None


def panel(unit: Unit, book: Book) -> Panel:
    """The panel of a unit with a lab; the reader's own run does not matter to it."""
    offered = _parameters(unit, book)
    reference = _reference(unit, book)
    factor = reference.verdict.factor if reference else None
    return Panel(
        unit=unit.id,
        command=f"scalebook run {unit.id}",
        axis=offered.axis,
        points=tuple(
            Choice(str(p), words.count(p) if isinstance(p, int | float) else p)
            for p in offered.points
            if "," not in str(p)
        ),
        constants=tuple(
            Choice(f"{value:g}" if isinstance(value, float) else str(value), name, _kind(value))
            for name, value in offered.numbers.items()
        ),
        budgets=tuple(Choice(name, _budget(text, name, reference)) for name, text in BUDGETS),
        reference=run_facts(reference) if reference else None,
        claim=words.ratio(factor).removesuffix("x") + "×" if factor else "",
    )


def duration_words(seconds: float) -> str:
    """A duration as one would say it: "about 5 s", "about 2 min"."""
    if seconds < 95:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min"


def _budget(text: str, name: str, reference: Result | None) -> str:
    """The budget in words, with how long the reference took where it was of this budget."""
    if reference is None or reference.budget != name:
        return text
    return f"{text}, {duration_words((reference.finished - reference.started).total_seconds())}"


def _kind(value: object) -> str:
    return "whole" if isinstance(value, int) else "real"


def _parameters(unit: Unit, book: Book) -> Parameters:
    """What the lab declares, from an earlier look where it has not changed since."""

    def look() -> str:
        return json.dumps(asdict(parameters(unit.folder / "lab.py")))

    known = json.loads(book.kept.text(("parameters", book.lab_stamp(unit.id)), look))
    return Parameters(known["axis"], tuple(known["points"]), known["constants"])


def _reference(unit: Unit, book: Book) -> Result | None:
    """The reference; None for a damaged one, of which the page itself tells."""
    try:
        return book.result(unit.id, reference=True)
    except Mistake:
        return None
