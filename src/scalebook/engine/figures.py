"""From operations to the raw figures of a trial, and from trials to ratios."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from scalebook.lab import Op
from scalebook.results.figures import OpFigures, RatioRecord, TrialRecord
from scalebook.stats import Estimate, mean_estimate, ratio_interval

__all__ = ["log_ratios", "op_figures", "ratio_record", "statistics_of", "value"]

HIGHER_IS_BETTER = {"throughput"}


def op_figures(
    ops: Iterable[Op], seconds: float, batches: Mapping[str, int]
) -> dict[str, OpFigures]:
    """Operation name -> figures of one trial that lasted `seconds`; of one in a batch."""
    by_name: dict[str, list[Op]] = {}
    for op in ops:
        by_name.setdefault(op.name, []).append(op)
    return {n: _figures(found, seconds, batches.get(n, 1)) for n, found in sorted(by_name.items())}


def _figures(ops: Sequence[Op], seconds: float, batch: int) -> OpFigures:
    taken = np.array([op.seconds for op in ops if op.outcome == "ok"], dtype=np.float64) / batch
    counts = {
        "count": len(ops),
        "failed": sum(op.outcome == "failed" for op in ops),
        "unknown": sum(op.outcome == "unknown" for op in ops),
    }
    if not taken.size:
        return OpFigures(**counts)
    p50, p95, p99 = (float(x) for x in np.percentile(taken, [50, 95, 99]))
    return OpFigures(
        **counts,
        mean=float(taken.mean()),
        median=p50,
        p95=p95,
        p99=p99,
        max=float(taken.max()),
        throughput=batch * taken.size / seconds,
    )


def value(trial: TrialRecord, op: str, statistic: str) -> float | None:
    """One figure of a trial; None where it has none."""
    if statistic == "figure":
        return trial.figures.get(op)
    figures = trial.ops.get(op)
    found: float | None = getattr(figures, statistic, None) if figures else None
    return found


def log_ratios(
    technique: Sequence[TrialRecord], over: Sequence[TrialRecord], op: str, statistic: str
) -> list[float]:
    """One log-ratio per pair in which both have the figure; above 0 the technique is better."""
    logs = []
    for ours, theirs in zip(technique, over, strict=False):
        a, b = value(ours, op, statistic), value(theirs, op, statistic)
        if a is None or b is None or a <= 0 or b <= 0:
            continue
        log = math.log(b / a)
        logs.append(-log if statistic in HIGHER_IS_BETTER else log)
    return logs


def statistics_of(trials: Sequence[TrialRecord]) -> dict[str, Estimate]:
    """Statistic name ("read median") -> its mean over the trials, with a 95 % interval."""
    found = {}
    names = {
        (op, statistic)
        for trial in trials
        for op in trial.ops
        for statistic in ("mean", "median", "p95", "p99", "throughput")
    }
    names |= {(name, "figure") for trial in trials for name in trial.figures}
    for op, statistic in sorted(names):
        values = [v for t in trials if (v := value(t, op, statistic)) is not None]
        if values:
            label = op if statistic == "figure" else f"{op} {statistic}"
            found[label] = mean_estimate(values)
    return found


def ratio_record(
    logs: Sequence[float],
    *,
    op: str,
    statistic: str,
    technique: str,
    over: str,
    kind: str = "application",
    claim: bool = False,
    note: str = "",
) -> RatioRecord:
    """The ratio over all pairs with its 95 % interval; unresolvable where there are no pairs."""
    if not logs:
        return RatioRecord.model_validate(
            {
                "op": op,
                "statistic": statistic,
                "technique": technique,
                "over": over,
                "kind": kind,
                "claim": claim,
                "resolvable": False,
                "note": note or "no pair has both figures",
            }
        )
    estimate = ratio_interval(logs)
    high = estimate.high if math.isfinite(estimate.high) else None
    return RatioRecord.model_validate(
        {
            "op": op,
            "statistic": statistic,
            "technique": technique,
            "over": over,
            "kind": kind,
            "claim": claim,
            "pairs": len(logs),
            "note": note,
            "value": estimate.value,
            "low": estimate.low,
            "high": high,
        }
    )
