"""The judge: a learner's class in the place of the technique, attacked by the lab's own checks.

Nothing here knows any lab: the answers, the promises, the trials with their faults and the claim
are the lab's, and the engine tries them. The reference is not judged, only compared with.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from scalebook.engine import BUDGETS, Workbench
from scalebook.engine.arm import Arm, LabFile
from scalebook.engine.attempts import Attempts
from scalebook.engine.comparison import Comparison, disturbed_arm, whole_trial
from scalebook.engine.exact import ExactPoint
from scalebook.engine.figures import log_ratios
from scalebook.engine.labrun import LabRun, Named
from scalebook.engine.sampling import Sample, gates, sample
from scalebook.errors import HarnessError
from scalebook.lab import Client, Exact, Interleaved, Invariant, Lab, Promise, Run, Slices, Whole
from scalebook.lab.lab import LabAt
from scalebook.practice.attacks import attacks
from scalebook.practice.bar import FIRST_LOOK, weighed, weighed_exactly
from scalebook.practice.contract import BAR, WORKERS
from scalebook.practice.judgement import Bar, Finding, Judgement
from scalebook.results.figures import Gate
from scalebook.stats import Side, next_look

__all__ = ["PARTS", "Judge"]

PARTS = ("answers", "promises", "sweep", "bar")
"""What a judge does, in this order; it stops at the first finding."""
ATTEMPTS = 3
RACES = 60
SLICES_SWEPT = 3
SLICE_SECONDS = 0.2
BAR_SECONDS = 150.0
"""After which the pairs that there are have their last look."""
BAR_SEEDS = 3
SHARES = (0.4, 0.9)
"""Of the members that an exact lab's point says, when answers are compared."""
POINTS_TRIED = 3
CALIBRATIONS = 4
"""How often the reference must withstand an attack of the judge's own to which a solution fell,
and how often the solution must fall again, each time: an accident does not."""
ANSWER_SECONDS = 20.0
"""For the sampled answers of the learner's class, when the reference has answered."""
PHASE_SECONDS = {"answers": 60.0, "promises": 300.0, "sweep": 180.0, "bar": 300.0}
"""After which the front ends a judge that is still in this part."""
NOT_DECISIVE = {"plan", "commands"}
"""Gates that ask how an answer was come by: a solution may find a better way."""
Tell = Callable[[dict[str, object]], None]


class _Found(Exception):
    """Something was found; there is no need to look on."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


class _Watch(LabRun):
    """A run of the lab that ends as soon as a promise is broken."""

    yours: str = ""
    workers: int | None = None
    done: int = 0
    failed: int = 0
    last_error: str | None = None

    def on_run(self, variant: type[Client], run: Run, seed: int) -> None:
        """Check the promises, and count what succeeded where nothing disturbed it."""
        super().on_run(variant, run, seed)
        if variant.__name__ != self.yours:
            return
        if not run.windows:
            ops = [op for op in run.history if op.name not in ("delivery", "follow")]
            self.done += sum(op.outcome == "ok" for op in ops)
            self.failed += sum(op.outcome != "ok" for op in ops)
            self.last_error = next((op.error for op in ops if op.error), self.last_error)
        for cell in self.matrix.cells.values():
            if cell.violations:
                raise _Found(
                    Finding(
                        kind="promise",
                        text=cell.witness[0] if cell.witness else "a violation",
                        promise=cell.promise.name,
                        trial=cell.trial,
                        point=cell.point,
                        workers=self.workers,
                        seed=cell.seed,
                        witness=cell.witness[1:],
                    )
                )


@dataclass
class Judge:
    """Judges the class `yours` of the lab in `file`; `reference` is the lab's own technique."""

    bench: Workbench
    unit: Named
    file: LabFile
    lab: Lab
    reference: type[Client]
    yours: type[Client]
    seed: int
    tell: Tell
    parts: tuple[str, ...] = PARTS
    notes: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    bar: Bar | None = None

    def judgement(self) -> Judgement:
        """Do the parts in order. Raises what a fault of the harness, or of the code, raises."""
        begun = time.perf_counter()
        findings: list[Finding] = []
        work = {
            "answers": self._answers,
            "promises": self._promises,
            "sweep": self._sweep,
            "bar": self._bar,
        }
        for part in self.parts:
            self.tell({"event": "part", "part": part, "limit": PHASE_SECONDS[part]})
            try:
                work[part]()
            except _Found as found:
                findings.append(found.finding)
                break
        undecided = bool(findings) and findings[0].kind == "few"
        return Judgement(
            unit=self.unit.id,
            technique=self.reference.__name__,
            verdict="undecided" if undecided else "fail" if findings else "pass",
            seed=self.seed,
            findings=tuple(findings),
            notes=tuple(dict.fromkeys(self.notes)),
            tried=tuple(self.tried),
            bar=self.bar,
            seconds=time.perf_counter() - begun,
        )

    @property
    def points(self) -> list[Any]:
        """Where the promises are tried: an invariant's, wherever the reference keeps one."""
        kept = [point for point in self.lab.points if self._kept(self.lab.resolved(point))]
        if not isinstance(self.lab.claim, Invariant):
            return self.lab.points[:1]
        kept = kept or self.lab.points[:1]
        if len(kept) > POINTS_TRIED:
            kept = [kept[0], kept[len(kept) // 2], kept[-1]]
        return kept

    def _kept(self, lab: LabAt) -> list[Promise]:
        """The promises that the reference keeps, now to be kept by the learner's class."""
        return [
            Promise(promise.check, kept_by=[self.yours], under=promise.under)
            for promise in lab.promises
            if self.reference in promise.kept_by
        ]

    def _at(self, point: Any, *, both: bool = False) -> LabAt:
        lab = self.lab.resolved(point)
        variants = [self.reference, self.yours] if both else [self.yours]
        return replace(lab, variants=variants, promises=self._kept(lab))

    def _watch(self, points: list[Any]) -> _Watch:
        budget = replace(BUDGETS["full"], attempts=ATTEMPTS, races=RACES)
        run = _Watch(self.bench, self.unit, self.file, self.lab, budget, points, self.seed)
        run.yours = self.yours.__name__
        run.at = {point: self._at(point) for point in points}
        return run

    def _answers(self) -> None:
        """Equal answers to sampled questions; an exact lab is built once at its first point."""
        point = self.lab.points[0]
        lab = self._at(point, both=True)
        exact = next((t for t in lab.trials if isinstance(t, Exact)), None)
        if exact is not None:
            built = ExactPoint(self.bench, self.file, lab, lab.variants, exact)
            # Not as many members as the point says, which the code is told.
            share = random.Random(self.seed).uniform(*SHARES)  # noqa: S311 - a seeded choice
            built.build(self.seed, 0, share)
            self._demand(built.gates)
            self.tried.append(f"answers at {share:.0%} of {point}: as the reference's")
        elif lab.workload is not None:
            samples: dict[str, Sample] = {}
            asked: set[str] = set()
            for variant in lab.variants:
                limit = PHASE_SECONDS["answers"] if variant is self.reference else ANSWER_SECONDS
                self.tell({"event": "part", "part": "answers", "limit": limit})
                with Arm(self.bench, self.file, lab, variant) as arm:
                    samples[variant.__name__] = sample(arm, lab.workload, self.seed)
                    asked = {access.kind for access in arm.accesses.values()}
            self._demand(gates(lab, samples, lab.variants))
            self._demand_commands(samples, asked)
            count = sum(len(x) for x in samples[self.yours.__name__].results.values())
            self.tried.append(f"{count} sampled answers at {point}: as the reference's")

    def _demand_commands(self, samples: dict[str, Sample], asked: set[str]) -> None:
        """Raise where answers came from the process's memory alone: they end with it.

        Redis counts commands exactly; code that has asked for another engine is not looked at.
        """
        ours, theirs = (
            sum(len(names) for names in samples[who.__name__].commands.values())
            for who in (self.yours, self.reference)
        )
        if theirs and not ours and asked <= {"redis"}:
            text = "your answers came without one command to an engine, where they must be kept"
            raise _Found(Finding("answers", text, seed=self.seed))

    def _demand(self, found: list[Gate]) -> None:
        """Raise the first gate that the learner's class failed; the reference must fail none."""
        for gate in found:
            if gate.passed:
                continue
            if self.yours.__name__ not in gate.detail:
                raise HarnessError(f"the reference itself failed: {gate.name}: {gate.detail}")
            if gate.name in NOT_DECISIVE:
                self.notes.append(f"not as the reference does it: {gate.detail}")
            elif gate.name in {"schedule held", "rate carried"}:
                raise _Found(Finding("few", gate.detail, seed=self.seed))
            else:
                raise _Found(Finding("answers", f"{gate.name}: {gate.detail}", seed=self.seed))

    def _promises(self) -> None:
        """Races under the scheduler, then whole trials with their steps and faults."""
        for point in self.points:
            run = self._watch([point])
            Attempts(run).make()
            self._compared(run, point)
            self._count(run)
            for cell in run.matrix.cells.values():
                words = f"'{cell.promise.name}' kept in {cell.attempts} x {cell.trial}"
                self.tried.append(f"{words} at {point}")
            for trial in self.lab.resolved(point).trials:
                if isinstance(trial, Interleaved) and not run.at[point].promises:
                    self.notes.append(f"nothing is promised that {trial.name} could break")

    def _compared(self, run: _Watch, point: Any) -> None:
        """The whole trial whose times are compared is not among the attempts of others."""
        trial = run.primary(run.at[point])
        if isinstance(trial, Whole) and run.at[point].promises:
            with disturbed_arm(self.bench, self.file, run.at[point], self.yours, trial) as arm:
                whole_trial(arm, trial, self.seed, run.on_run)

    def _sweep(self) -> None:
        """The same promises with few and with many workers, then with a faulty wire."""
        point = self.points[0]
        plain = self._at(point)
        if not plain.promises:
            return
        self._crowds(point, plain)
        if plain.workload is not None:
            self._attacks(point, plain)

    def _crowds(self, point: Any, plain: LabAt) -> None:
        """Few and many workers, where their number may vary."""
        for workers in WORKERS:
            lab = _with_workers(plain, workers)
            if lab is None:
                return
            run = self._watch([point])
            run.workers, run.at = workers, {point: lab}
            self.tell({"event": "workers", "workers": workers})
            tried = [self._swept(run, lab, trial) for trial in lab.trials]
            self._count(run)
            if any(tried):
                done = f" ({run.done} operations)" if run.done else ""  # None where a fault was.
                self.tried.append(f"promises kept with {workers} workers{done}")

    def _attacks(self, point: Any, lab: LabAt) -> None:
        """Attacks that the lab does not make, on the services that the solution uses."""
        if self.yours.programs:
            return
        with Arm(self.bench, self.file, lab, self.yours) as arm:
            arm.observer()
            used = [name for name, access in arm.accesses.items() if access.one_door]
        if not used:
            return  # The nodes of a cluster have a door each, and no proxy stands before them.
        for trial in attacks(used, self.seed):
            self.tell({"event": "note", "text": f"promises with {trial.name}"})
            if (finding := self._attacked(point, lab, self.yours, trial, self.seed)) is None:
                self.tried.append(f"promises kept with {trial.name}")
            elif finding.promise is not None and self._counts(point, trial, finding.promise):
                raise _Found(finding)

    def _counts(self, point: Any, trial: Whole, promise: str) -> bool:
        """Was the attack no accident, and does the reference withstand it, again and again?"""
        lab = self.lab.resolved(point)
        kept = [p for p in lab.promises if self.reference in p.kept_by and p.name == promise]
        alone = replace(lab, variants=[self.reference], promises=kept)
        seeds = [self.seed + number for number in range(CALIBRATIONS)]
        if any(self._attacked(point, alone, self.reference, trial, seed) for seed in seeds):
            words = "is not kept by the lab's own either, so it does not count"
        elif all(self._attacked(point, self._at(point), self.yours, trial, s) for s in seeds):
            return True
        else:
            words = "was not broken every time, so it does not count"
        self.notes.append(f"{trial.name}: '{promise}' {words}")
        return False

    def _attacked(
        self, point: Any, lab: LabAt, variant: type[Client], trial: Whole, seed: int
    ) -> Finding | None:
        """What a trial of the judge's own finds of a variant."""
        run = self._watch([point])
        run.yours, run.at = variant.__name__, {point: lab}
        try:
            with disturbed_arm(self.bench, self.file, lab, variant, trial) as arm:
                whole_trial(arm, trial, seed, run.on_run)
        except _Found as found:
            return found.finding
        return None

    def _swept(self, run: _Watch, lab: LabAt, trial: object) -> bool:
        if isinstance(trial, Slices):
            swept = replace(trial, seconds=max(trial.seconds, SLICE_SECONDS))
            args = (self.bench, self.file, lab, [self.yours], swept, self.seed, run.on_run)
            comparison = Comparison(*args)
            comparison.open()
            for _ in range(SLICES_SWEPT):
                comparison.add_pair()
            comparison.finish()
            return True
        if isinstance(trial, Whole):
            with disturbed_arm(self.bench, self.file, lab, self.yours, trial) as arm:
                whole_trial(arm, trial, self.seed, run.on_run)
            return True
        return False

    def _count(self, run: _Watch) -> None:
        """Undecided where hardly anything succeeded: nothing was proven then."""
        if run.failed > run.done:
            text = f"{run.failed} of {run.done + run.failed} operations failed"
            raise _Found(Finding("few", f"{text}: {run.last_error}", seed=self.seed))
        if run.failed:
            text = f"{run.failed} of {run.done + run.failed} operations failed"
            self.notes.append(f"{text}, at last: {run.last_error}")

    def _bar(self) -> None:
        """Compare with the reference, where the claim is of a figure: at the middle point."""
        claim = self.lab.claim
        if isinstance(claim, Invariant):
            return
        point = self.lab.points[len(self.lab.points) // 2]
        lab = self._at(point, both=True)
        run = self._watch([point])
        run.at = {point: lab}
        exact = next((t for t in lab.trials if isinstance(t, Exact)), None)
        if exact is not None:
            built = ExactPoint(self.bench, self.file, lab, lab.variants, exact)
            for number in range(BAR_SEEDS):
                built.build(self.seed + number, number)
            self._demand(built.gates)
            self._settle_bar(built.trials, point, exact=True)
            return
        trial = run.primary(lab)
        if trial is None:
            return
        args = (self.bench, self.file, lab, lab.variants, trial, self.seed, run.on_run)
        comparison = Comparison(*args)
        with self._finished(comparison):
            comparison.open()
            self._demand(comparison.gates)
            self._pairs(comparison, point)
        self._demand([g for g in comparison.gates if g.name != "operations succeed"])

    @contextmanager
    def _finished(self, comparison: Comparison) -> Iterator[None]:
        """Close the arms, and check the promises on what was compared, if nothing was found."""
        yield
        comparison.finish()

    def _pairs(self, comparison: Comparison, point: Any) -> None:
        deadline = time.perf_counter() + BAR_SECONDS
        goal: int | None = FIRST_LOOK
        while goal is not None:
            while comparison.pairs < goal:
                if comparison.pairs >= FIRST_LOOK and time.perf_counter() >= deadline:
                    break
                comparison.add_pair()
                self.tell({"event": "pairs", "pairs": comparison.pairs})
            goal = next_look(goal) if time.perf_counter() < deadline else None
            if self._settle_bar(comparison.trials, point, last=goal is None):
                return

    def _settle_bar(
        self, trials: Any, point: Any, *, last: bool = True, exact: bool = False
    ) -> bool:
        """True if the bar is cleared; raise if it is missed, or still open at the `last` look."""
        claim = self.lab.claim
        if isinstance(claim, Invariant):
            return True
        ours, theirs = trials[self.yours.__name__], trials[self.reference.__name__]
        logs = log_ratios(ours, theirs, claim.of, claim.statistic)
        if len(logs) < BAR_SEEDS:
            text = f"{claim.of}: only {len(logs)} pairs have a figure of both"
            raise _Found(Finding("few", text, point=point, seed=self.seed))
        side, found = (weighed_exactly if exact else weighed)(claim.of, logs)
        self.bar = found
        what = f"{claim.of} {claim.statistic}" if claim.statistic != "figure" else claim.of
        if side is Side.ABOVE:
            self.tried.append(f"{what} at {point}: {found.value:.2f} of the reference's")
            return True
        text = (
            f"{what} at {point} reaches {found.value:.2f} of the reference's "
            f"({found.low:.2f} to {found.high:.2f} in {len(logs)} pairs); {BAR} is asked for"
        )
        if side is Side.BELOW:
            raise _Found(Finding("bar", text, point=point, seed=self.seed))
        if last:
            raise _Found(Finding("few", f"undecided: {text}", point=point, seed=self.seed))
        return False


def _with_workers(lab: LabAt, workers: int) -> LabAt | None:
    """The lab with so many workers; None where it has none whose number may vary.

    An open loop keeps its rate. So do roles with one, those that listen, and those that are one
    client by design; `contract.py` tells the learner the same.
    """
    work = lab.workload
    if work is not None:
        arrivals = replace(work.arrivals, workers=workers) if work.arrivals else None
        return replace(lab, workload=replace(work, clients=workers, arrivals=arrivals))
    varied = [r for r in lab.roles if r.clients > 1 and r.rate is None and not r.listens]
    if not varied:
        return None
    roles = [replace(role, clients=workers) if role in varied else role for role in lab.roles]
    return replace(lab, roles=roles)
