"""Look a figure up in a result: each function finds one `Measured`, or says what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scalebook.book.faults import Mistake
from scalebook.book.values import interval_text, point_text, unstable, value_text
from scalebook.results import (
    AxisValue,
    Evidence,
    Figure,
    PointRecord,
    RatioRecord,
    Result,
    VariantRecord,
)
from scalebook.stats.words import number

__all__ = [
    "Measured",
    "choose",
    "claim_ratio_of",
    "counter",
    "crossing",
    "figure",
    "floor",
    "point_of",
    "ratio",
    "same_point",
    "statistic",
    "timeline",
    "variant_of",
]


@dataclass(frozen=True)
class Measured:
    """A measured value with its interval, what it is in words, and the run that it is from.

    `unit` is that of the figure ("s", "1/s", "bytes", "ratio", ...); `basis` says how the
    interval came about ("95 % interval, 40 pairs").
    """

    value: float
    low: float | None
    high: float | None
    unit: str
    what: str
    basis: str
    result: Result

    @property
    def text(self) -> str:
        """The value as the text shows it."""
        return value_text(self.value, self.low, self.high, self.unit)

    @property
    def interval(self) -> str:
        """The interval as the text shows it; "" for an exact value, or where there is none."""
        if self.low == self.high:
            return ""
        return interval_text(self.value, self.low, self.high, self.unit)

    def steady(self, rough: bool) -> Measured:
        """The same; `Mistake` for an unstable one, unless `rough` says that it may be."""
        why = unstable(self.low, self.high)
        if why and not rough:
            remedy = "measure longer, or show it as it is with rough=yes"
            raise Mistake("unstable", f"{self.what}: {self.text} is unstable, {why}", remedy)
        return self


def choose(kind: str, name: str, there: Iterable[str]) -> Mistake:
    """What to say where no `kind` is called `name`."""
    names = list(dict.fromkeys(there))
    near = difflib.get_close_matches(name, names, n=1)
    remedy = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(names) or 'none'}"
    return Mistake("unknown", f"no {kind} is called {name!r}", remedy)


def point_of(result: Result, at: str | None) -> PointRecord:
    """The point of the axis that `at` names; without it, the only one."""
    points = result.points
    names = ", ".join(str(point.point) for point in points)
    if at is None:
        if len(points) == 1:
            return points[0]
        raise Mistake("point", "which point of the axis is meant?", f"add at= one of {names}")
    for point in points:
        if same_point(point.point, at):
            return point
    raise Mistake("point", f"nothing was measured at {at}", f"at= is one of {names}")


def same_point(point: AxisValue, at: str) -> bool:
    """Does `at`, as typed, name this point?"""
    if str(point) == at:
        return True
    if isinstance(point, str):
        return False
    try:
        return float(at.replace(",", "").replace("_", "")) == point
    except ValueError:
        return False


def variant_of(point: PointRecord, name: str) -> VariantRecord:
    """The variant of that name."""
    if name not in point.variants:
        raise choose("variant", name, point.variants)
    return point.variants[name]


def ratio(
    result: Result,
    pair: str | None = None,
    *,
    at: str | None = None,
    op: str | None = None,
    kind: str | None = None,
    stat: str | None = None,
) -> Measured:
    """The ratio of a pair "Technique/Over"; without one, that of the claim."""
    point = point_of(result, at)
    if pair is None and kind is None and op is None and stat is None:
        return _ratio(result, point, _claimed(point))
    op, technique, over = op or claim_ratio_of(result).op, *_pair(result, pair)
    fitting = [r for r in point.ratios if (r.technique, r.over, r.op) == (technique, over, op)]
    if not fitting:
        there = ", ".join(dict.fromkeys(f"{r.technique}/{r.over} op={r.op}" for r in point.ratios))
        message = f"no ratio {technique}/{over} of {op!r} at {point.point}"
        raise Mistake("unknown", message, f"there is {there or 'none'}")
    kinds = [kind] if kind else ["application", "exact"]
    found = [r for r in fitting if r.kind in kinds and stat in (None, r.statistic)]
    if not found:
        there = ", ".join(f"kind={r.kind} stat={r.statistic}" for r in fitting)
        wanted = f"{'/'.join(kinds)}{f' {stat}' if stat else ''}"
        raise Mistake("unknown", f"no {wanted} ratio of {op!r} here", f"there is {there}")
    return _ratio(result, point, found[0])


def _claimed(point: PointRecord) -> RatioRecord:
    """The ratio that the verdict is about."""
    for record in point.ratios:
        if record.claim:
            return record
    raise Mistake(
        "unknown", "the claim has no ratio", "name a pair, such as CacheAside/DatabaseOnly"
    )


def claim_ratio_of(result: Result) -> RatioRecord:
    """Any ratio of the claim: it tells operation and statistic."""
    for point in result.points:
        for record in point.ratios:
            if record.claim:
                return record
    raise Mistake("unknown", "the claim is about no operation", "add op= and stat=")


def _pair(result: Result, pair: str | None) -> tuple[str, str]:
    """Technique and baseline, by default those of the claim."""
    if pair is None:
        verdict = result.verdict
        if verdict.technique and verdict.over:
            return verdict.technique, verdict.over
        raise Mistake("unknown", "the claim compares no two variants", "name a pair, as A/B")
    technique, slash, over = pair.partition("/")
    if not (technique and slash and over):
        raise Mistake("binding", f"{pair!r} is no pair", "write Technique/Baseline")
    names = [name for point in result.points for name in point.variants]
    for name in (technique, over):
        if name not in names:
            raise choose("variant", name, names)
    return technique, over


def _ratio(result: Result, point: PointRecord, record: RatioRecord) -> Measured:
    seen = {
        "application": "as a Python application sees it",
        "engine": "the engine alone",
        "floor-corrected": "with the client's floor taken off",
        "exact": "exact",
    }[record.kind]
    of = record.op if record.kind == "exact" else f"{record.statistic} {record.op}"
    what = f"{record.technique} over {record.over}, {of} {_at(result, point)}, {seen}"
    if record.value is None:
        raise Mistake("unresolvable", f"{what}: {record.note or 'not resolvable'}", "leave it out")
    basis = _basis(record.confidence, record.pairs, "pair", record.low == record.high)
    return Measured(record.value, record.low, record.high, "ratio", what, basis, result)


def statistic(result: Result, variant: str, name: str, *, at: str | None = None) -> Measured:
    """A statistic of a variant, such as "page median"."""
    point = point_of(result, at)
    there = variant_of(point, variant).statistics
    return _figure(result, point, variant, "statistic", name, there)


def figure(result: Result, variant: str, name: str, *, at: str | None = None) -> Measured:
    """A figure of the lab's own, such as "memory"."""
    point, evidence = _evidence(result, variant, at)
    return _figure(result, point, variant, "figure", name, evidence.figures)


def counter(result: Result, variant: str, name: str, *, at: str | None = None) -> Measured:
    """A counter of an engine, such as "page: redis get"."""
    point, evidence = _evidence(result, variant, at)
    return _figure(result, point, variant, "counter", name, evidence.counters)


def _evidence(result: Result, variant: str, at: str | None) -> tuple[PointRecord, Evidence]:
    point = point_of(result, at)
    return point, variant_of(point, variant).evidence


def _figure(
    result: Result,
    point: PointRecord,
    variant: str,
    kind: str,
    name: str,
    there: Mapping[str, Figure],
) -> Measured:
    if name not in there:
        raise choose(f"{kind} of {variant} at {point.point}", name, there)
    found = there[name]
    unit = f" ({found.unit})" if found.unit.startswith("per ") else ""
    what = f"{variant}, {name}{unit} {_at(result, point)}"
    exact = found.low is not None and found.low == found.high
    basis = _basis(found.confidence, found.n, "trial", exact)
    return Measured(found.value, found.low, found.high, found.unit, what, basis, result)


def floor(result: Result, service: str) -> Measured:
    """The client's cheapest round trip to a service, in seconds."""
    if service not in result.floor:
        raise choose("floor of a client", service, result.floor)
    found = result.floor[service]
    record = result.services.get(service)
    what = f"the client's floor: its cheapest round trip to {record.label if record else service}"
    basis = _basis(found.confidence, found.n, "trial", found.low == found.high)
    return Measured(found.value, found.low, found.high, "s", what, basis, result)


def crossing(result: Result) -> Measured:
    """Where the claim changes sides, in units of the axis."""
    found = result.verdict.crossing
    if found is None:
        state = result.verdict.state
        raise Mistake("unknown", f"the verdict, {state}, has no crossing", "use {{verdict}}")
    what = f"where '{result.verdict.claim}' changes sides, in {result.axis}"
    return Measured(found.at, found.low, found.high, "", what, "interval of the crossing", result)


def timeline(
    result: Result,
    trial: str,
    *,
    variant: str,
    op: str,
    percentile: str,
    at: str | None = None,
) -> Measured:
    """A percentile of the latencies of one disturbed trial, in seconds."""
    trials = [record for record in result.timelines if record.trial == trial]
    if not trials:
        raise choose("disturbed trial", trial, (record.trial for record in result.timelines))
    found = [record for record in trials if record.variant == variant]
    if not found:
        raise choose(f"variant in trial {trial!r}", variant, (record.variant for record in trials))
    if at is not None:
        found = [record for record in found if same_point(record.point, at)]
    if len(found) != 1:
        names = ", ".join(str(r.point) for r in trials if r.variant == variant)
        raise Mistake(
            "point", f"which point of trial {trial!r} is meant?", f"at= is one of {names}"
        )
    shares = found[0].percentiles.get(op)
    if shares is None:
        raise choose("operation", op, found[0].percentiles)
    if percentile not in shares:
        raise choose("percentile", percentile, shares)
    where = point_text(found[0].point, result.axis)
    what = f"{variant}, {op}, percentile {percentile} of trial '{trial}' at {where}"
    return Measured(shares[percentile], None, None, "s", what, "one trial", result)


def _at(result: Result, point: PointRecord) -> str:
    if result.axis is None:
        return ""
    return f"at {point_text(point.point, result.axis)}"


def _basis(confidence: float, n: int, noun: str, exact: bool) -> str:
    if exact:
        return f"exact, the same in {n} {noun}s" if n > 1 else "exact"
    return f"{number(100 * confidence)} % interval, {n} {noun}{'' if n == 1 else 's'}"
