"""Verify units on real engines: their promises from fresh starts, and the results they quote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from scalebook.book import Unit
from scalebook.engine import Reporter, Workbench, run_unit, silent
from scalebook.results import Result, compare, read_reference

__all__ = ["STARTS", "Agreement", "Verified", "agreement_of", "verify"]

STARTS = 2
"""From how many fresh starts of the engines the promises are tried."""

Agreement = Literal["agrees", "disagrees", "undecided", "elsewhere", "nothing"]
"""Of the quoted result: it is reproduced; it is not; this run could not tell; it was made on
another machine and is not compared; nothing is quoted.
"""


@dataclass(frozen=True)
class Verified:
    """What fresh starts of a unit's engines said of its promises and of its quoted result."""

    unit: str
    starts: tuple[Result, ...]
    agreement: Agreement
    reason: str

    @property
    def problems(self) -> tuple[str, ...]:
        """Where reality differed from the promises, in any start, each once."""
        said = [problem for result in self.starts for problem in result.validity.problems]
        return tuple(dict.fromkeys(said))

    @property
    def passed(self) -> bool:
        """Were all starts valid, and does nothing contradict what is quoted?"""
        return all(r.validity.valid for r in self.starts) and self.agreement != "disagrees"

    def to_json(self) -> dict[str, object]:
        """The outcome as plain data."""
        return {
            "unit": self.unit,
            "passed": self.passed,
            "agreement": self.agreement,
            "reason": self.reason,
            "problems": list(self.problems),
            "starts": [_start(result) for result in self.starts],
        }


def verify(
    unit: Unit,
    *,
    quick: bool = False,
    engines: Mapping[str, str] = MappingProxyType({}),
    reporter: Reporter = silent,
) -> Verified:
    """Run the lab from two fresh starts; the first is compared with the quoted result.

    The second only tries the promises, at every point of the axis; with `quick` the first looks
    no closer than that. Raises what a run raises.
    """
    reference = read_reference(unit.folder / "result.json")
    starts: list[Result] = []
    for number in range(STARTS):
        with Workbench(engines, reporter=reporter) as bench:
            points = [point.point for point in starts[0].points] if starts else _points(unit, quick)
            closely = number == 0 and not quick
            outcome = run_unit(
                bench,
                unit,
                budget="default" if closely else "quick",
                points=None if closely else points,
                purpose="test",
            )
        starts.append(outcome.result)
        if outcome.result.interrupted:
            raise KeyboardInterrupt
    agreement, reason = agreement_of(starts[0], reference)
    return Verified(unit.id, tuple(starts), agreement, reason)


def agreement_of(run: Result, reference: Result | None) -> tuple[Agreement, str]:
    """Whether a run agrees with what is quoted, and why."""
    if reference is None:
        return "nothing", "Nothing is quoted yet: there is no result.json."
    found = compare(run, reference)
    if found.outcome == "reproduced":
        return "agrees", found.reason
    if found.outcome == "other environment":
        states = f"'{run.verdict.state}' here, '{reference.verdict.state}' there"
        return "elsewhere", f"{found.reason} The verdict is {states}; nothing was compared."
    unresolved = "unresolved" in (run.verdict.state, reference.verdict.state)
    if found.outcome == "weaker" and unresolved:
        return "undecided", found.reason
    return "disagrees", found.reason


def _points(unit: Unit, quick: bool) -> list[object] | None:
    """Every point of the axis, which a quick run would leave out; None where all are run."""
    if not quick:
        return None
    from scalebook.labfile import import_lab

    return list(import_lab(unit.folder / "lab.py").points)


def _start(result: Result) -> dict[str, object]:
    found = result.verdict.crossing
    return {
        "run": result.run,
        "budget": result.budget,
        "valid": result.validity.valid,
        "state": result.verdict.state,
        "crossing": found.model_dump() if found else None,
        "kept": sum(check.violations == 0 for check in result.checks),
        "caught": sum(example.caught for example in result.counterexamples),
        "seconds": round((result.finished - result.started).total_seconds(), 1),
    }
