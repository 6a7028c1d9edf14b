"""From a lab run to its immutable record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from scalebook.engine.comparison import Comparison
from scalebook.engine.exact import ExactPoint
from scalebook.engine.figures import log_ratios, ratio_record, statistics_of
from scalebook.engine.floors import corrected
from scalebook.engine.judge import judge_flags, judge_ratios, unresolved
from scalebook.engine.labrun import LabRun
from scalebook.engine.natives import NativePoint
from scalebook.lab import Invariant, Latency, Op, Throughput
from scalebook.results.digest import ENGINE_REVISION, digest
from scalebook.results.environment import Environment, noisy
from scalebook.results.figures import (
    Evidence,
    Figure,
    PointRecord,
    RatioRecord,
    TrialRecord,
    VariantRecord,
)
from scalebook.results.record import Result, ServiceRecord, Validity, VerdictRecord, new_run_id, now
from scalebook.services.access import Spec
from scalebook.stats import Side, mean_estimate

__all__ = ["Histories", "Outcome", "outcome"]

Histories = list[tuple[str, str, str | None, list[dict[str, object]]]]


@dataclass(frozen=True)
class Outcome:
    """A run's record, and the histories worth keeping: variant, trial, promise, operations."""

    result: Result
    histories: Histories


def outcome(
    run: LabRun,
    *,
    started: datetime,
    environment: Environment,
    purpose: str,
    interrupted: bool,
) -> Outcome:
    """Whatever has been found so far, as a record."""
    problems = _problems(run, interrupted)
    environment = environment.finish()
    result = Result.model_validate(
        {
            "run": new_run_id(),
            "unit": run.unit.id,
            "number": run.unit.number,
            "title": run.unit.title,
            "question": run.unit.question,
            "started": started,
            "finished": now(),
            "purpose": purpose,
            "budget": run.budget.name,
            "settings": {**run.file.settings, "seed": run.seed},
            "axis": run.lab.axis,
            "points": [_point(run, p) for p in run.points if _measured(run, p)],
            "checks": run.matrix.checks(),
            "counterexamples": run.matrix.counterexamples(_replay(run)),
            "timelines": list(run.timelines.values()),
            "floor": {
                name: Figure.of(mean_estimate(found), "s") for name, found in run.floors.items()
            },
            "verdict": _verdict(run),
            "validity": Validity(valid=not problems, problems=tuple(problems)),
            "environment": environment,
            "services": _services(run),
            "digest": digest(run.file.path),
            "engine_revision": ENGINE_REVISION,
            "interrupted": interrupted,
            "noisy": noisy(environment.load_before, environment.cores, environment.load_after),
        }
    )
    return Outcome(result, _histories(run))


def _replay(run: LabRun) -> str:
    """The command that makes the same choices again."""
    words = ["scalebook run", run.unit.id, f"--seed {run.seed}"]
    words += [f"--{run.budget.name}"] if run.budget.name != "default" else []
    words += [f"--set {name}={value}" for name, value in run.file.settings.items()]
    return " ".join(words)


def _measured(run: LabRun, point: Any) -> bool:
    return (
        point in run.comparisons
        or point in run.exacts
        or any(p == point for p, _ in run.figures)
        or any(at == point for _, at, _ in run.matrix.flags)
    )


def _problems(run: LabRun, interrupted: bool) -> list[str]:
    """Why no ratio of this run may be quoted."""
    found = [] if interrupted else run.matrix.problems(run.promises)
    both: dict[Any, Comparison | ExactPoint] = {**run.comparisons, **run.exacts}
    for point, measured in both.items():
        found += [
            f"{gate.name} at {point}: {gate.detail}" for gate in measured.gates if not gate.passed
        ]
    return [*found, "interrupted before the end"] if interrupted else found


def _verdict(run: LabRun) -> VerdictRecord:
    claim = run.lab.claim
    text = run.unit.claim_text or ""
    if isinstance(claim, Invariant):
        name = claim.technique.__name__
        flags = {p: run.matrix.flags.get((claim.check, p, name)) for p in run.points}
        promise = next(p.name for p in run.promises if p.check == claim.check)
        return judge_flags(claim, text, run.lab.axis, flags, promise)
    logs = {p: run.logs(p) for p in run.points}
    sides = {p: run.sides.get(p, Side.UNDECIDED) for p in run.points}
    if not any(logs.values()):
        return unresolved(claim, text, "Nothing was measured.")
    exact = all(point in run.exacts for point in run.points)
    return judge_ratios(claim, text, run.lab.axis, logs, sides, exact=exact)


def _point(run: LabRun, point: Any) -> PointRecord:
    measured = run.comparisons.get(point) or run.exacts.get(point)
    trials = measured.trials if measured else {}
    variants = {
        v.__name__: _variant(run, point, v.__name__, trials.get(v.__name__, ()))
        for v in run.at[point].variants
        if v.__name__ in trials or (point, v.__name__) in run.figures
    }
    side = run.sides[point].value if point in run.sides else None
    return PointRecord.model_validate(
        {
            "point": point,
            "variants": variants,
            "ratios": _ratios(run, point, trials),
            "gates": _distinct(measured.gates) if measured else [],
            "side": side,
        }
    )


def _distinct(gates: Sequence[Any]) -> list[Any]:
    return list({(g.name, g.passed, g.detail): g for g in gates}.values())


def _variant(run: LabRun, point: Any, name: str, trials: Sequence[TrialRecord]) -> VariantRecord:
    evidence = Evidence()
    comparison = run.comparisons.get(point)
    if isinstance(comparison, Comparison):
        variant = next(v for v in run.at[point].variants if v.__name__ == name)
        evidence = comparison.evidence(variant)
    units = {label: figure.unit for label, figure in evidence.figures.items()}
    exact = run.exacts.get(point)
    units |= exact.units.get(name, {}) if exact else {}
    statistics = {
        label: Figure.of(estimate, _unit(label, units))
        for label, estimate in statistics_of(trials).items()
    }
    native = run.natives.get(point)
    if native is not None:
        for (op, who), reports in native.reports.items():
            if who == name:
                rates = mean_estimate([r.throughput_per_second for r in reports])
                statistics[f"{op} engine throughput"] = Figure.of(rates, "1/s")
    more = {n: _over_runs(found) for n, found in run.figures.get((point, name), {}).items()}
    if isinstance(exact, ExactPoint):
        more = {n: f for n, f in statistics.items() if n in exact.units.get(name, {})} | more
    return VariantRecord(
        trials=tuple(trials),
        statistics=statistics,
        evidence=evidence.model_copy(update={"figures": {**evidence.figures, **more}}),
    )


def _over_runs(found: Sequence[Figure]) -> Figure:
    """A figure of whole runs, each one sample; a single run says nothing of its spread."""
    return Figure.of(mean_estimate([figure.value for figure in found]), found[0].unit)


def _unit(label: str, units: Mapping[str, str]) -> str:
    """The unit of a statistic: a figure has its own, operations are timed in seconds."""
    return "1/s" if label.endswith("throughput") else units.get(label, "s")


def _ratios(
    run: LabRun, point: Any, trials: Mapping[str, Sequence[TrialRecord]]
) -> list[RatioRecord]:
    """Every operation, every variant over every earlier one: application, floor, engine."""
    claim = run.lab.claim
    absolute = isinstance(claim, Throughput) or (
        isinstance(claim, Latency) and claim.seconds is not None
    )
    exact = point in run.exacts
    statistic = "figure" if exact else getattr(claim, "statistic", "median")
    ops = _ops(trials, exact)
    found = []
    for over, technique in combinations(trials, 2):
        for op in ops:
            claimed = _is_claim(run, op, technique, over) and not absolute
            chosen = statistic if claimed or statistic != "figure" or exact else "median"
            logs = log_ratios(trials[technique], trials[over], op, chosen)
            if not logs:
                continue
            record = ratio_record(
                logs,
                op=op,
                statistic=chosen,
                technique=technique,
                over=over,
                kind="exact" if exact else "application",
                claim=claimed,
            )
            found.append(record)
            comparison = run.comparisons.get(point)
            if comparison is not None:
                more = corrected(record, trials, comparison.samples, run.floors)
                found += [more] if more is not None else []
    if absolute and run.logs(point):
        found.append(
            ratio_record(
                run.logs(point),
                op=getattr(claim, "of", ""),
                statistic=statistic,
                technique=claim.technique.__name__,
                over="the published figure",
                claim=True,
            )
        )
    native = run.natives.get(point)
    return found + (_native_ratios(native) if native is not None else [])


def _native_ratios(native: NativePoint) -> list[RatioRecord]:
    found = []
    for op, variants in native.ops.items():
        for over, technique in combinations([v.__name__ for v in variants], 2):
            reports = [r for who in (technique, over) for r in native.reports.get((op, who), [])]
            found.append(
                ratio_record(
                    native.log_ratios(op, technique, over),
                    op=op,
                    statistic="throughput",
                    technique=technique,
                    over=over,
                    kind="engine",
                    note=", ".join(sorted({report.label for report in reports})),
                )
            )
    return found


def _ops(trials: Mapping[str, Sequence[TrialRecord]], exact: bool) -> list[str]:
    names: dict[str, None] = {}
    for records in trials.values():
        for record in records:
            names.update(dict.fromkeys(record.figures if exact else record.ops))
    return list(names)


def _is_claim(run: LabRun, op: str, technique: str, over: str) -> bool:
    claim = run.lab.claim
    if isinstance(claim, Invariant) or claim.over is None:
        return False
    named = (claim.technique.__name__, claim.over.__name__)
    return op == claim.of and (technique, over) == named


def _services(run: LabRun) -> dict[str, ServiceRecord]:
    """Every engine that took part; named with its point where that decides how it was set."""
    specs: dict[str, dict[Any, Spec]] = {}
    for point, lab in run.at.items():
        for name, spec in lab.services.items():
            specs.setdefault(name, {})[point] = spec
    found = {}
    for name, by_point in specs.items():
        for point, spec in by_point.items():
            label = name if len(set(by_point.values())) == 1 else f"{name} at {point}"
            described = run.bench.described.get(spec)
            if described is not None:
                found[label] = _service(described)
    return found


def _service(described: dict[str, object]) -> ServiceRecord:
    known = {"kind", "version", "label", "source", "settings", "capacity"}
    return ServiceRecord.model_validate(
        {
            **{name: described[name] for name in known if name in described},
            "details": {n: v for n, v in described.items() if n not in known},
        }
    )


def _histories(run: LabRun) -> Histories:
    return [
        (variant, trial, promise or None, [_plain(op) for op in ops])
        for (variant, trial, promise), ops in run.matrix.histories.items()
    ]


def _plain(op: Op) -> dict[str, object]:
    fields = ("name", "role", "session", "key", "start", "end", "outcome", "result", "error")
    told: dict[str, object] = {name: getattr(op, name) for name in fields}
    told["result"] = (
        op.result if isinstance(op.result, int | float | str | None) else repr(op.result)
    )
    told["key"] = op.key if isinstance(op.key, int | str) else repr(op.key)
    return told
