"""How far a reader is on a path: of each unit, which of its steps are done, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scalebook.book.faults import PageError
from scalebook.book.page import Book
from scalebook.book.paths import ReadingPath, Stage
from scalebook.practice.standing import Standing

__all__ = ["STEPS", "StepName", "WalkedPath", "WalkedStage", "walk"]

StepName = Literal["read", "predicted", "run", "passed"]
STEPS: Sequence[StepName] = ("read", "predicted", "run", "passed")
"""The steps of a unit, in this order in every view."""


@dataclass(frozen=True)
class WalkedStage:
    """A unit of a path. `steps`: those that it has -> whether they are done; none while planned."""

    stage: Stage
    steps: Mapping[StepName, bool]

    @property
    def missing(self) -> StepName | None:
        """The first step that is not done; a guess counts only before the text, so it may lack."""
        for name, done in self.steps.items():
            if not done and name != "predicted":
                return name
        return None

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        return {
            "unit": self.stage.unit,
            "title": self.stage.title,
            "why": self.stage.why,
            "written": self.stage.written,
            "steps": dict(self.steps),
        }


@dataclass(frozen=True)
class WalkedPath:
    """A path with its reader's steps."""

    path: ReadingPath
    stages: tuple[WalkedStage, ...]

    def count(self, name: StepName) -> int:
        """Units on which that step is done."""
        return sum(stage.steps.get(name, False) for stage in self.stages)

    def following(self, steps: Iterable[StepName] = STEPS) -> tuple[Stage, StepName] | None:
        """The first unit with one of these steps still to do, and that step; None for the end."""
        wanted = set(steps)
        for one in self.stages:
            if (name := one.missing) is not None and name in wanted:
                return one.stage, name
        return None

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        following = self.following()
        return {
            "name": self.path.name,
            "title": self.path.title,
            "summary": self.path.summary,
            "units": [stage.to_json() for stage in self.stages],
            "next": {"unit": following[0].unit, "step": following[1]} if following else None,
        }


def walk(path: ReadingPath, book: Book, standings: Iterable[Standing]) -> WalkedPath:
    """The path with what its reader has done."""
    done = {one.unit: one for one in standings}
    stages = (
        WalkedStage(stage, _steps(stage, book, done.get(stage.unit, Standing(stage.unit))))
        for stage in path.stages
    )
    return WalkedPath(path, tuple(stages))


def _steps(stage: Stage, book: Book, standing: Standing) -> dict[StepName, bool]:
    if not stage.written:
        return {}
    steps: dict[StepName, bool] = {"read": standing.read is not None}
    if _predicts(stage.unit, book):
        steps["predicted"] = standing.guess is not None
    if book.by_id[stage.unit].has_lab:
        steps["run"] = standing.runs > 0
        steps["passed"] = standing.passed is not None
    return steps


def _predicts(unit: str, book: Book) -> bool:
    """Does its page ask for a guess? A page at fault asks nothing; `lint` tells why."""
    try:
        return book.page(unit).front.predict is not None
    except PageError:
        return False
