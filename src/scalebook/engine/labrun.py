"""One run of one lab: what is measured in which order, and what has been found so far."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from scalebook.engine.arm import LabFile
from scalebook.engine.attempts import Attempts
from scalebook.engine.bench import Workbench
from scalebook.engine.budget import Budget
from scalebook.engine.comparison import Comparison
from scalebook.engine.events import Event
from scalebook.engine.exact import ExactPoint
from scalebook.engine.floors import measure_floors
from scalebook.engine.judge import claim_logs
from scalebook.engine.matrix import Matrix
from scalebook.engine.natives import NativePoint, native_ops
from scalebook.engine.timelines import timeline_of
from scalebook.lab import (
    Client,
    Exact,
    Invariant,
    Lab,
    Promise,
    Run,
    Slices,
    Whole,
)
from scalebook.lab.lab import LabAt
from scalebook.results.figures import Figure
from scalebook.results.timelines import TimelineRecord
from scalebook.stats import LOOKS, Side, decide, next_look, precise, ratio_interval

__all__ = ["LabRun", "Named"]

EXACT_WITHIN = 1.1
"""Points around an exact crossing are at most this factor apart."""


class Named(Protocol):
    """What the engine needs to know of a unit."""

    @property
    def id(self) -> str:
        """As on the command line."""

    @property
    def number(self) -> int | None:
        """The lab's number, if it has one."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def question(self) -> str:
        """The first line of its lab."""

    @property
    def claim_text(self) -> str | None:
        """The published headline."""

    @property
    def folder(self) -> Any:
        """Where its lab.py is (a path)."""


@dataclass
class LabRun:
    """Carries a lab through its trials; everything found so far can be read at any moment."""

    bench: Workbench
    unit: Named
    file: LabFile
    lab: Lab
    budget: Budget
    points: Sequence[Any]
    seed: int
    quoted: bool = False
    more_points: bool = False
    """May points be added where an exact crossing lies? Not where the user has named them."""
    comparisons: dict[Any, Comparison] = field(default_factory=dict)
    exacts: dict[Any, ExactPoint] = field(default_factory=dict)
    natives: dict[Any, NativePoint] = field(default_factory=dict)
    figures: dict[tuple[Any, str], dict[str, list[Figure]]] = field(default_factory=dict)
    """(point, variant) -> figures of the trials that are not part of the comparison, one a run."""
    timelines: dict[tuple[Any, str, str], TimelineRecord] = field(default_factory=dict)
    """(point, variant, trial) -> the last run of a trial with steps or faults."""
    floors: dict[str, list[float]] = field(default_factory=dict)
    sides: dict[Any, Side] = field(default_factory=dict)
    spent_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.matrix = Matrix(self.unit.id, self.bench.reporter, keep_all=self.quoted)
        self.at = {point: self.lab.resolved(point) for point in self.points}

    @property
    def promises(self) -> list[Promise]:
        """The promises of all points."""
        return [promise for lab in self.at.values() for promise in lab.promises]

    def tell(self, event: str, **facts: object) -> None:
        """Report an event of this unit."""
        told: Event = {"event": event, "unit": self.unit.id, **facts}
        self.bench.reporter(told)

    def measure(self) -> None:
        """Everything, the cheapest and most telling first."""
        first = self.at[self.points[0]]
        self.bench.warm(first.services)
        self.floors = measure_floors(self.bench, first.services)
        for point in self.points:
            self.tell("point-started", point=point)
            self._exact(point)
            self._compare(point)
        self._bisect()
        self._refine()
        for point in self.points if self.budget.all_points else self.points[-1:]:
            self._native(point)
        Attempts(self).make()

    def timed(self, lab: LabAt) -> list[type[Client]]:
        """The variants whose times are compared: not those that are there to be caught."""
        claim = self.lab.claim
        named = {claim.technique, claim.over}
        broken = {v for promise in lab.promises for v in promise.broken_by}
        return [v for v in lab.variants if v in named or v not in broken]

    def primary(self, lab: LabAt) -> Slices | Whole | None:
        """The trial whose times are compared: the first of slices, or of undisturbed runs."""
        for trial in lab.trials:
            if isinstance(trial, Slices):
                return trial
            if isinstance(trial, Whole) and not trial.steps and not trial.faults:
                return None if isinstance(self.lab.claim, Invariant) else trial
        return None

    def logs(self, point: Any) -> list[float]:
        """The claim's log-ratios at a point so far."""
        comparison = self.comparisons.get(point) or self.exacts.get(point)
        return claim_logs(self.lab.claim, comparison.trials) if comparison else []

    def on_run(self, variant: type[Client], run: Run, seed: int) -> None:
        """Check the promises on a run, and keep what a disturbed one looked like."""
        timeline = timeline_of(run, seed)
        if timeline is not None:
            self.timelines[(run.at, run.variant, run.trial)] = timeline
        self.matrix.judge(self.at[run.at].promises, variant, run, seed)

    def _exact(self, point: Any) -> None:
        lab = self.at[point]
        for trial in lab.trials:
            if not isinstance(trial, Exact):
                continue
            exact = ExactPoint(self.bench, self.file, lab, self.timed(lab), trial)
            self.exacts[point] = exact
            for number in range(min(trial.seeds, self.budget.seeds)):
                for variant, run in exact.build(self.seed + number, number):
                    self.on_run(variant, run, self.seed + number)
                self._tell_ratio(point, number + 1)
            self._decide(point)

    def _compare(self, point: Any) -> None:
        lab = self.at[point]
        trial = self.primary(lab)
        variants = self.timed(lab)
        if trial is None or not variants:
            return
        comparison = Comparison(self.bench, self.file, lab, variants, trial, self.seed, self.on_run)
        self.comparisons[point] = comparison
        begun = time.perf_counter()
        comparison.open()
        for gate in comparison.gates:
            if not gate.passed:
                self.tell("gate", name=gate.name, ok=False, text=gate.detail)
        share = self.budget.measure_seconds / len(self.points) / 2
        try:
            self._look(point, comparison, lambda: time.perf_counter() - begun > share)
        finally:
            comparison.finish()
        self.spent_seconds += time.perf_counter() - begun

    def _look(self, point: Any, comparison: Comparison, over: Any) -> None:
        """Add pairs up to each look, until the side is decided or the time is over."""
        goal: int | None = LOOKS[0]
        least = self.budget.least_pairs
        while goal is not None:
            while comparison.pairs < goal:
                comparison.add_pair()
                self._tell_ratio(point, comparison.pairs)
                if comparison.pairs >= least and over():
                    break
            self._decide(point)
            settled = self.sides.get(point) is not Side.UNDECIDED
            enough = comparison.pairs >= least
            if enough and (settled or over() or isinstance(self.lab.claim, Invariant)):
                return
            goal = next_look(comparison.pairs, self.budget.pairs)

    def _decide(self, point: Any) -> None:
        claim = self.lab.claim
        if isinstance(claim, Invariant):
            return
        logs = self.logs(point)
        if isinstance(self.exacts.get(point), ExactPoint):
            logs = _without_spread(logs)
        self.sides[point] = decide(logs, claim.factor)
        self.tell("look", point=point, pairs=len(logs), side=self.sides[point].value)

    def _bisect(self) -> None:
        """Halve the way between the points around an exact crossing until they are 10 % apart.

        An exact point costs little, and between two of them nothing is known: a figure of bytes
        jumps where a table doubles.
        """
        while self.more_points and (middle := self._between()) is not None:
            self.tell("point-started", point=middle)
            self.at[middle] = self.lab.resolved(middle)
            self.points = sorted([*self.points, middle])
            self._exact(middle)

    def _between(self) -> float | int | None:
        """The middle of the widest open crossing between two exact points, if there is one."""
        found: list[tuple[float, float | int]] = []
        for a, b in itertools.pairwise(p for p in self.points if p in self.exacts):
            if self.sides.get(a) is self.sides.get(b) or isinstance(a, str) or not 0 < a < b:
                continue
            middle = math.sqrt(a * b)
            whole = isinstance(a, int) and isinstance(b, int)
            middle = round(middle) if whole else middle
            if b / a > EXACT_WITHIN and a < middle < b:
                found.append((b / a, middle))
        return max(found)[1] if found else None

    def _refine(self) -> None:
        """Measure the two points around the crossing to +-10 %, by the interval's width alone."""
        ordered = [p for p in self.points if p in self.comparisons and p in self.sides]
        around = [
            point
            for a, b in itertools.pairwise(ordered)
            if self.sides[a] is not self.sides[b]
            for point in (a, b)
        ]
        left = self.budget.measure_seconds - self.spent_seconds
        for point in dict.fromkeys(around):
            comparison = self.comparisons[point]
            deadline = time.perf_counter() + left / len(set(around))
            if left <= 0 or precise(self.logs(point)) or comparison.pairs >= self.budget.pairs:
                continue
            self.tell("note", text=f"refining at {point}")
            comparison.open()
            try:
                while (
                    comparison.pairs < self.budget.pairs
                    and time.perf_counter() < deadline
                    and not precise(self.logs(point))
                ):
                    comparison.add_pair()
                    self._tell_ratio(point, comparison.pairs)
            finally:
                comparison.finish()
            if self.sides[point] is Side.UNDECIDED:
                self._decide(point)

    def _native(self, point: Any) -> None:
        """The claim's operation and variants; at the last point all that generators can do."""
        lab, claim = self.at[point], self.lab.claim
        every = point == self.points[-1] and self.budget.all_points
        chosen = self.timed(lab) if every else [claim.technique, claim.over]
        variants = [v for v in lab.variants if v in chosen and v.native]
        ops = [op for op in native_ops(variants) if every or op == getattr(claim, "of", None)]
        if point not in self.comparisons or not ops:
            return
        native = NativePoint(self.bench, self.file, lab, variants, ops, self.seed)
        self.natives[point] = native
        with native:
            for _ in range(self.budget.native_pairs):
                native.add_pair(self.budget.native_seconds)
        self.tell("native", point=point, pairs=self.budget.native_pairs)

    def _tell_ratio(self, point: Any, pairs: int) -> None:
        logs = self.logs(point)
        if not logs:
            self.tell("pair", point=point, pairs=pairs)
            return
        claim = self.lab.claim
        estimate = ratio_interval(logs)
        over = getattr(claim, "over", None)
        self.tell(
            "ratio",
            point=point,
            op=getattr(claim, "of", None),
            technique=claim.technique.__name__,
            over=over.__name__ if over else None,
            value=estimate.value,
            low=estimate.low if pairs > 1 else None,
            high=estimate.high if pairs > 1 and math.isfinite(estimate.high) else None,
            pairs=pairs,
        )


def _without_spread(logs: list[float]) -> list[float]:
    """Exact figures may not vary at all; then two equal ones decide as well as five."""
    return logs * 2 if len(logs) == 1 else logs
