"""How far a reader is: each unit with what was done on it, and how good the guesses are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scalebook.practice.progress import Event, Progress

__all__ = ["Calibration", "Guess", "Reader", "Standing", "calibration", "standings"]

RECENT = 5


@dataclass(frozen=True)
class Guess:
    """The first guess at a unit's figure; the later ones know the answer."""

    at: datetime
    unit: str
    guess: float
    measured: float

    @property
    def factor(self) -> float:
        """How far off, as a factor of at least one."""
        return max(self.guess / self.measured, self.measured / self.guess)


@dataclass(frozen=True)
class Standing:
    """What was done on one unit. `read` and `passed` are the first time; `state` is the last run's.

    `hints` counts different hints; `revealed` says whether the solution was asked for.
    """

    unit: str
    read: datetime | None = None
    guess: Guess | None = None
    runs: int = 0
    state: str | None = None
    attempts: int = 0
    passed: datetime | None = None
    hints: int = 0
    revealed: bool = False

    def to_json(self) -> dict[str, object]:
        """Plain data; moments are UTC in ISO form."""
        guess = self.guess
        return {
            "unit": self.unit,
            "read": self.read.isoformat() if self.read else None,
            "predicted": {
                "at": guess.at.isoformat(),
                "guess": guess.guess,
                "measured": guess.measured,
                "factor_off": guess.factor,
            }
            if guess
            else None,
            "runs": self.runs,
            "state": self.state,
            "attempts": self.attempts,
            "passed": self.passed.isoformat() if self.passed else None,
            "hints": self.hints,
            "revealed": self.revealed,
        }


@dataclass(frozen=True)
class Calibration:
    """How good first guesses are. Factors are geometric means, so that 3x too high and 3x too low
    are equally far off; `lean` is below one for a reader who guesses too low.

    `recent` is the factor of the last guesses and `before` of those before them (None: too few).
    """

    guesses: int
    within_two: int
    factor: float
    lean: float
    recent: float | None
    before: float | None


class Reader:
    """The progress of whoever reads the live book."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress or Progress()
        self.read = self._progress.read
        self.predicted = self._progress.predicted

    def standings(self) -> Sequence[dict[str, object]]:
        """What was done on each unit, as plain data."""
        return [standing.to_json() for standing in standings(self._progress.events(), [])]


def standings(events: Iterable[Event], order: Sequence[str]) -> list[Standing]:
    """What was done on each unit, in the order given; units that it does not hold come last."""
    of: dict[str, list[Event]] = {}
    for event in events:
        of.setdefault(event.unit, []).append(event)
    place = {unit: at for at, unit in enumerate(order)}
    names = sorted(of, key=lambda unit: (place.get(unit, len(place)), unit))
    return [_standing(unit, of[unit]) for unit in names]


def calibration(guesses: Iterable[Guess]) -> Calibration | None:
    """How good the guesses are, over time; None for no guess."""
    found = sorted(guesses, key=lambda guess: guess.at)
    if not found:
        return None
    enough = len(found) > RECENT
    return Calibration(
        guesses=len(found),
        within_two=sum(guess.factor <= 2 for guess in found),
        factor=_mean([guess.factor for guess in found]),
        lean=_mean([guess.guess / guess.measured for guess in found]),
        recent=_mean([guess.factor for guess in found[-RECENT:]]) if enough else None,
        before=_mean([guess.factor for guess in found[:-RECENT]]) if enough else None,
    )


def _standing(unit: str, events: Sequence[Event]) -> Standing:
    kinds = {kind: [e for e in events if e.kind == kind] for kind in {e.kind for e in events}}
    ran, checked = kinds.get("ran", []), kinds.get("checked", [])
    passes = [event.at for event in checked if event.facts.get("verdict") == "pass"]
    return Standing(
        unit=unit,
        read=_first(kinds.get("read", [])),
        guess=_guess(kinds.get("predicted", [])),
        runs=len(ran),
        state=str(ran[-1].facts.get("state")) if ran else None,
        attempts=len(checked),
        passed=passes[0] if passes else None,
        hints=len({str(event.facts.get("step")) for event in kinds.get("hinted", [])}),
        revealed="revealed" in kinds,
    )


def _first(events: Sequence[Event]) -> datetime | None:
    return events[0].at if events else None


def _guess(events: Sequence[Event]) -> Guess | None:
    if not events:
        return None
    facts: Mapping[str, object] = events[0].facts
    guess, measured = float(str(facts["guess"])), float(str(facts["measured"]))
    return Guess(events[0].at, events[0].unit, guess, measured)


def _mean(factors: Sequence[float]) -> float:
    return math.exp(sum(math.log(factor) for factor in factors) / len(factors))
