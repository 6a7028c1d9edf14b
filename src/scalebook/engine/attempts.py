"""Attempts at the promises: races, whole runs with steps and faults, and a few slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scalebook.engine.arm import Arm
from scalebook.engine.comparison import Comparison, disturbed_arm, whole_trial
from scalebook.lab import Client, Interleaved, Invariant, Promise, Slices, Whole
from scalebook.lab.lab import LabAt
from scalebook.load.scheduler import Scheduler

if TYPE_CHECKING:
    from scalebook.engine.labrun import LabRun

__all__ = ["Attempts"]

ATTEMPTS_TO_CATCH = 5


@dataclass(frozen=True)
class Attempts:
    """Tries every promise on its variants, in the trials that are not the comparison's own."""

    run: LabRun

    def make(self) -> None:
        """The quickest first, so that whoever is caught need not be tried again."""
        for point in self._points():
            self._races(point)
        for point in self._points():
            self._wholes(point)
        self._catch_in_slices()

    def _points(self) -> Sequence[Any]:
        """Where promises are tried: an invariant's claim, everywhere."""
        everywhere = isinstance(self.run.lab.claim, Invariant) or self.run.budget.name == "full"
        return self.run.points if everywhere else self.run.points[:1]

    def _races(self, point: Any) -> None:
        """Let the scheduler try every promise on its variants."""
        lab = self.run.at[point]
        for trial in lab.trials:
            if isinstance(trial, Interleaved):
                for variant in lab.variants:
                    wanted = [p for p in lab.promises if self._wants(p, variant, trial.name)]
                    if wanted:
                        self._race(lab, trial, variant, wanted)

    def _race(
        self, lab: LabAt, trial: Interleaved, variant: type[Client], wanted: list[Promise]
    ) -> None:
        breaks = [p for p in wanted if variant in p.broken_by]
        keeps = [p for p in wanted if p not in breaks]
        runs = min(trial.runs, self.run.budget.races) if keeps else trial.runs
        with Arm(self.run.bench, self.run.file, lab, variant) as arm:
            arm.observer()  # From now on it is known which engines the variant uses.
            scheduler = Scheduler(
                arm.recipe(self.run.seed),
                lab.workload or list(lab.roles),
                trial,
                self.run.bench.run,
            )
            try:
                for number in range(runs):
                    seed = self.run.seed + number
                    ops = scheduler.run(number, seed)
                    self.run.on_run(variant, arm.as_run(ops, trial.name), seed)
                    if not keeps and all(self.run.matrix.was_caught(p, variant) for p in breaks):
                        break
            finally:
                scheduler.close()
        self._tell_promises(wanted, variant, trial.name)
        self.run.bench.demand_alive()

    def _wants(self, promise: Promise, variant: type[Client], trial: str) -> bool:
        """Kept promises are tried at every point; a breach is wanted once, or by the claim."""
        if not self.run.matrix.wants(promise, variant, trial):
            return self._claims(promise, variant)
        once = variant in promise.broken_by and not self._claims(promise, variant)
        return not (once and self.run.matrix.was_caught(promise, variant))

    def _claims(self, promise: Promise, variant: type[Client]) -> bool:
        """Is this the very promise whose keeping the lab's claim is about?"""
        claim = self.run.lab.claim
        return (
            isinstance(claim, Invariant)
            and variant is claim.technique
            and promise.check == claim.check
        )

    def _wholes(self, point: Any) -> None:
        """Try promises, steps and faults in whole runs; the compared ones are checked already."""
        lab = self.run.at[point]
        primary = self.run.primary(lab)
        for trial in lab.trials:
            if not isinstance(trial, Whole):
                continue
            for variant in lab.variants:
                others = trial is primary and trial is not _last(lab)
                if trial is primary and (others or variant in self.run.timed(lab)):
                    continue
                wanted = [p for p in lab.promises if self._wants(p, variant, trial.name)]
                if wanted or (trial.figures and trial is not primary):
                    self._whole(lab, trial, variant, wanted)

    def _whole(
        self, lab: LabAt, trial: Whole, variant: type[Client], wanted: list[Promise]
    ) -> None:
        breaks = [p for p in wanted if variant in p.broken_by]
        once = not isinstance(self.run.lab.claim, Invariant) and self.run.budget.name != "full"
        attempts = 1 if once else self.run.budget.attempts
        if breaks and trial is _last(lab):
            attempts = max(attempts, ATTEMPTS_TO_CATCH)
        for attempt in range(attempts):
            seed = self.run.seed + attempt
            bench, file = self.run.bench, self.run.file
            with disturbed_arm(bench, file, lab, variant, trial) as arm:
                _, _, figures = whole_trial(arm, trial, seed, self.run.on_run)
            if figures:
                kept = self.run.figures.setdefault((lab.point, variant.__name__), {})
                for name, figure in figures.items():
                    kept.setdefault(f"{trial.name}: {name}", []).append(figure)
            self.run.tell("attempt", point=lab.point, variant=variant.__name__, trial=trial.name)
            if breaks and all(self.run.matrix.was_caught(p, variant) for p in breaks):
                break
        self._tell_promises(wanted, variant, trial.name)

    def _catch_in_slices(self) -> None:
        """Who should break a promise in slices, and was caught nowhere else, gets a few of them."""
        lab = self.run.at[self.run.points[0]]
        trial = next((t for t in lab.trials if isinstance(t, Slices)), None)
        if trial is None:
            return
        for variant in lab.variants:
            wanted = [
                p
                for p in lab.promises
                if variant in p.broken_by and self._wants(p, variant, trial.name)
            ]
            if not wanted or variant in self.run.timed(lab):
                continue
            comparison = Comparison(
                self.run.bench, self.run.file, lab, [variant], trial, self.run.seed, self.run.on_run
            )
            comparison.open()
            try:
                for _ in range(self.run.budget.attempts):
                    comparison.add_pair()
            finally:
                comparison.finish()
            self._tell_promises(wanted, variant, trial.name)

    def _tell_promises(self, promises: list[Promise], variant: type[Client], trial: str) -> None:
        for promise in promises:
            for cell in self.run.matrix.cells.values():
                if (cell.promise, cell.variant, cell.trial) == (promise, variant.__name__, trial):
                    self.run.tell(
                        "promise",
                        promise=promise.name,
                        variant=variant.__name__,
                        trial=trial,
                        attempts=cell.attempts,
                        violations=cell.violations,
                    )


def _last(lab: LabAt) -> Whole:
    """The last of the whole trials: where somebody who must be caught has all attempts."""
    return [trial for trial in lab.trials if isinstance(trial, Whole)][-1]
