"""The timed comparison at one point: pairs of slices, or of whole runs, in random order."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext

from scalebook.engine.arm import Arm, LabFile
from scalebook.engine.bench import Workbench
from scalebook.engine.figures import log_ratios, op_figures
from scalebook.engine.sampling import Sample, gates, sample
from scalebook.engine.timeline import Timeline, targets
from scalebook.errors import HarnessError
from scalebook.lab import Client, Op, Run, Slices, Whole
from scalebook.lab.client import figures_of
from scalebook.lab.lab import LabAt
from scalebook.load.closed import ClosedLoop
from scalebook.load.whole import Drive, WholeReport
from scalebook.results.figures import Evidence, Figure, Gate, TrialRecord

__all__ = [
    "Comparison",
    "OnRun",
    "counter_figures",
    "disturbed_arm",
    "own_figures",
    "whole_trial",
]

OnRun = Callable[[type[Client], Run, int], None]
"""Told of every run of a variant, with its seed, so that promises are checked on it."""

FAILED_SHARE = 0.01
WARM_SECONDS = 0.05
TRIES_TO_HOLD = 3
OVERLOADED_SHARE = 0.25


class Comparison:
    """All trials of the measured variants at one point; pairs are added as they are needed."""

    def __init__(
        self,
        bench: Workbench,
        file: LabFile,
        lab: LabAt,
        variants: Sequence[type[Client]],
        trial: Slices | Whole,
        seed: int,
        on_run: OnRun,
    ) -> None:
        self.bench = bench
        self.file = file
        self.lab = lab
        self.variants = list(variants)
        self.trial = trial
        self.seed = seed
        self.on_run = on_run
        self.trials: dict[str, list[TrialRecord]] = {v.__name__: [] for v in variants}
        self.samples: dict[str, Sample] = {}
        self.gates: list[Gate] = []
        self._arms: dict[str, Arm] = {}
        self._loops: dict[str, ClosedLoop] = {}
        self._ops: dict[str, list[Op]] = {}
        self._figures: dict[str, dict[str, Figure]] = {}
        self._stack = ExitStack()

    @property
    def pairs(self) -> int:
        """How many pairs there are so far."""
        return min(len(trials) for trials in self.trials.values())

    def open(self) -> None:
        """Open the arms, ask the sampled questions, and check the gates."""
        arms = self._open_arms()
        if self.lab.workload is not None:
            for name, arm in arms.items():
                self.samples[name] = sample(arm, self.lab.workload, self.seed)
            self.gates = gates(self.lab, self.samples, self.variants)
        if isinstance(self.trial, Whole) and self.trial.fresh:
            self._stack.close()
            return
        self._arms = arms
        if isinstance(self.trial, Whole):
            return
        workload = self.lab.workload
        if workload is None or workload.arrivals is not None:
            raise HarnessError(
                f"{self.file.path}: slices need a workload in a closed loop",
                remedy="use Whole for roles and open loops",
            )
        for name, arm in arms.items():
            loop = ClosedLoop(arm.recipe(self.seed), workload, self.bench.run, self.seed)
            self._loops[name] = self._stack.enter_context(loop)
            sampled = self.samples[name].ops if name in self.samples else []
            self._ops[name] = [*sampled, *loop.slice(WARM_SECONDS)]
            arm.mark()

    def _open_arms(self) -> dict[str, Arm]:
        """The first arm loads; the others copy its load, some at once."""
        arms = {v.__name__: Arm(self.bench, self.file, self.lab, v) for v in self.variants}

        def enter(arm: Arm) -> None:
            arm.__enter__()
            arm.observer()

        first, *others = arms.values()
        for arm in arms.values():
            self._stack.callback(arm.close)
        enter(first)
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(enter, others))
        return arms

    def add_pair(self) -> None:
        """One more pair: every variant once, in random order."""
        pair = self.pairs
        order = list(self.variants)
        random.Random(f"{self.seed}/{pair}").shuffle(order)  # noqa: S311 - a seeded order
        for place, variant in enumerate(order):
            seed = self.seed + 1000 * (pair + 1)
            if isinstance(self.trial, Slices):
                self._slice(variant, pair, place, seed)
            else:
                record = self._whole(variant, pair, place, seed)
                self.trials[variant.__name__].append(record)
        self.bench.demand_alive()

    def log_ratios(
        self, technique: type[Client], over: type[Client], op: str, statistic: str
    ) -> list[float]:
        """One log-ratio per pair."""
        ours, theirs = self.trials[technique.__name__], self.trials[over.__name__]
        return log_ratios(ours, theirs, op, statistic)

    def finish(self) -> None:
        """Check the promises on what the slices did, read the counters, and close the arms."""
        for variant in self.variants:
            name = variant.__name__
            if name in self._loops:
                arm = self._arms[name]
                self._loops[name].close()
                self._count(name, arm)
                self._figures[name] = own_figures(arm)
                self.on_run(variant, arm.as_run(self._ops[name], self.trial.name), self.seed)
        self.gates += self._failures()
        self._stack.close()
        self._arms.clear()
        self._loops.clear()

    def evidence(self, variant: type[Client]) -> Evidence:
        """What was exactly observed of this variant here."""
        name = variant.__name__
        sampled = self.samples.get(name, Sample())
        return Evidence(
            plans=sampled.plans,
            counters=sampled.figures(),
            figures=self._figures.get(name, {}),
        )

    def _slice(self, variant: type[Client], pair: int, place: int, seed: int) -> None:
        name = variant.__name__
        assert isinstance(self.trial, Slices)
        begun = time.perf_counter()
        ops = self._loops[name].slice(self.trial.seconds)
        seconds = time.perf_counter() - begun
        self._ops[name] += ops
        self.trials[name].append(
            TrialRecord(
                seed=seed,
                pair=pair,
                order=place,
                kind="slices",
                seconds=seconds,
                ops=op_figures(ops, seconds, variant.batches),
            )
        )

    def _whole(self, variant: type[Client], pair: int, place: int, seed: int) -> TrialRecord:
        assert isinstance(self.trial, Whole)
        discarded = 0
        while True:
            kept = self._arms.get(variant.__name__)
            with (
                nullcontext(kept)
                if kept
                else disturbed_arm(self.bench, self.file, self.lab, variant, self.trial) as arm
            ):
                run, report, figures = whole_trial(arm, self.trial, seed, self.on_run)
            if report.held or discarded + 1 == TRIES_TO_HOLD:
                break
            discarded += 1
        if not report.held:
            text = f"{variant.__name__}: {report.why} ({TRIES_TO_HOLD} trials in a row)"
            self.gates.append(Gate(name="schedule held", passed=False, detail=text))
        if report.backlog_at_end > OVERLOADED_SHARE * len(report.ops):
            text = f"{variant.__name__} cannot carry {report.offered_rate:g}/s: "
            text += f"{report.backlog_at_end} requests were still waiting at the end"
            self.gates.append(Gate(name="rate carried", passed=False, detail=text))
        self._merge(variant.__name__, figures)
        late = sorted(report.lateness_seconds)
        return TrialRecord(
            seed=seed,
            pair=pair,
            order=place,
            kind="whole",
            seconds=self.trial.seconds,
            ops=op_figures(run.history, self.trial.seconds, variant.batches),
            figures={name: figure.value for name, figure in figures.items()},
            lateness=late[int(0.99 * (len(late) - 1))] if late else None,
            backlog=report.backlog_at_end if late else None,
            note=f"{discarded} discarded: the schedule was not held" if discarded else "",
        )

    def _merge(self, name: str, figures: dict[str, Figure]) -> None:
        """Keep the mean of each figure over the trials, with its extremes."""
        kept = self._figures.setdefault(name, {})
        for label, new in figures.items():
            old = kept.get(label)
            if old is None:
                kept[label] = Figure(value=new.value, low=new.value, high=new.value, unit=new.unit)
                continue
            n = old.n + 1
            kept[label] = Figure(
                value=old.value + (new.value - old.value) / n,
                low=min(old.low if old.low is not None else new.value, new.value),
                high=max(old.high if old.high is not None else new.value, new.value),
                n=n,
                unit=new.unit,
            )

    def _count(self, name: str, arm: Arm) -> None:
        """Hits and misses, and other exact counters of the engine, per operation."""
        done = sum(op.outcome == "ok" for op in self._ops[name])
        for service, before in arm.baseline.items():
            if self.lab.services[service].shareable:
                continue  # The other arms' slices would be counted too.
            shown = counter_figures(service, before, arm.accesses[service].counters())
            for label, figure in shown.items():
                per_op = figure.value / max(done, 1)
                counter = Figure(value=per_op, unit="per operation")
                self.samples[name].counters.setdefault(label, [counter.value])

    def _failures(self) -> list[Gate]:
        """Operations that failed without any fault make the comparison void."""
        found = []
        for name, trials in self.trials.items():
            count = sum(f.count for t in trials for f in t.ops.values())
            bad = sum(f.failed + f.unknown for t in trials for f in t.ops.values())
            if bad > FAILED_SHARE * count:
                text = f"{name}: {bad} of {count} operations failed"
                errors = [op.error for op in self._ops.get(name, ()) if op.error]
                detail = f"{text}: {errors[0]}" if errors else text
                found.append(Gate(name="operations succeed", passed=False, detail=detail[:300]))
        return found


def counter_figures(
    service: str, before: dict[str, int], after: dict[str, int]
) -> dict[str, Figure]:
    """What happened between two readings, of the counters that a page would quote."""
    shown = {"keyspace_hits": "hits", "keyspace_misses": "misses", "wal_bytes": "WAL bytes"}
    return {
        f"{service} {label}": Figure.exact(after[name] - before[name], "per trial")
        for name, label in shown.items()
        if name in before and after[name] > before[name]
    }


def own_figures(arm: Arm) -> dict[str, Figure]:
    """The figures that the variant's own methods yield, read after the load."""
    units = figures_of(arm.variant)
    return {n: Figure.exact(float(getattr(arm.observer(), n)()), u) for n, u in units.items()}


def disturbed_arm(
    bench: Workbench, file: LabFile, lab: LabAt, variant: type[Client], trial: Whole
) -> Arm:
    """An arm for one whole trial: what its steps and faults touch is private, or proxied."""
    hit, wire = targets(trial)
    stepped = set(lab.services) if trial.steps else set()
    private = hit & set(lab.services)
    return Arm(bench, file, lab, variant, private=private, proxied=wire, stepped=stepped)


def whole_trial(
    arm: Arm, trial: Whole, seed: int, on_run: OnRun
) -> tuple[Run, WholeReport, dict[str, Figure]]:
    """One whole trial on an open arm, with its steps and faults; promises are checked on it."""
    hit, _ = targets(trial)
    roles = list(arm.lab.roles)
    killed = {role.name for role in roles} & hit
    arm.forget_observer()
    arm.mark()
    recipe, run_directory = arm.recipe(seed), arm.bench.run
    drive = Drive(recipe, arm.lab.workload, roles, trial.seconds, run_directory, seed, killed)
    timeline = Timeline(arm, trial, drive)
    try:
        timeline.start(drive.start())
        report = drive.finish()
    except BaseException:
        timeline.abandon()
        raise
    timeline.finish()
    run = arm.as_run(
        report.ops,
        trial.name,
        settle=timeline.settle,
        listeners=report.listeners,
        windows=tuple(timeline.windows),
    )
    figures = _trial_figures(arm, trial, run, counted=not (hit or trial.steps))
    on_run(arm.variant, run, seed)
    return run, report, figures


def _trial_figures(arm: Arm, trial: Whole, run: Run, *, counted: bool) -> dict[str, Figure]:
    """The variant's own figures, the trial's, and what the engines counted unless restarted."""
    figures = own_figures(arm)
    for function in trial.figures:
        unit = getattr(function, "__figure_unit__", "")
        figures[function.__name__] = Figure.exact(float(function(run)), unit)
    for name, counts in arm.baseline.items() if counted else ():
        figures.update(counter_figures(name, counts, arm.accesses[name].counters()))
    return figures
