"""The client's floor: what the cheapest round trip to each service costs this Python process."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from scalebook.engine.bench import Workbench
from scalebook.engine.figures import value
from scalebook.engine.sampling import Sample
from scalebook.results.figures import RatioRecord, TrialRecord
from scalebook.services.access import Spec
from scalebook.stats import floor_corrected

__all__ = ["corrected", "measure_floors"]

ROUNDS = 10
CALLS = 50


def measure_floors(bench: Workbench, services: Mapping[str, Spec]) -> dict[str, list[float]]:
    """Service -> seconds of its cheapest round trip, the median of each of some short rounds.

    The rounds of the services alternate in random order, as the slices of a comparison do.
    """
    found: dict[str, list[float]] = {name: [] for name in services}
    with ExitStack() as stack:
        calls = {}
        for name, spec in services.items():
            deployment = bench.lend(name, spec)
            stack.callback(bench.give_back, deployment)
            access = deployment.access("floor")
            stack.callback(deployment.release, access)
            calls[name] = stack.enter_context(access.floor())
        for number in range(ROUNDS):
            names = list(calls)
            random.Random(number).shuffle(names)  # noqa: S311 - a seeded order
            for name in names:
                found[name].append(_median_call(calls[name]))
    return found


def _median_call(call: object) -> float:
    assert callable(call)
    taken = []
    for _ in range(CALLS):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def corrected(
    record: RatioRecord,
    trials: Mapping[str, Sequence[TrialRecord]],
    samples: Mapping[str, Sample],
    floors: Mapping[str, Sequence[float]],
) -> RatioRecord | None:
    """The same ratio without the client's share, or one that says that it is not resolvable.

    A variant's floor is its round trips times the floor of each service. None where the round
    trips are not known, or where no time is compared.
    """
    if record.op not in _known(samples, record) or record.statistic == "throughput":
        return None
    ours, theirs = (
        _floor(samples[name].trips[record.op], floors) for name in (record.technique, record.over)
    )
    values = [
        (a, b)
        for mine, other in zip(trials[record.technique], trials[record.over], strict=False)
        if (a := value(mine, record.op, record.statistic)) is not None
        and (b := value(other, record.op, record.statistic)) is not None
    ]
    estimate = floor_corrected([b for _, b in values], [a for a, _ in values], theirs, ours)
    base = record.model_copy(update={"kind": "floor-corrected", "claim": False, "note": ""})
    if estimate is None:
        none = {"value": None, "low": None, "high": None, "resolvable": False}
        note = "not resolvable: what is left above the client's floor may be nothing"
        return base.model_copy(update={**none, "note": note})
    bounds = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return base.model_copy(update=bounds)


def _known(samples: Mapping[str, Sample], record: RatioRecord) -> set[str]:
    both = [samples.get(name, Sample()).trips for name in (record.technique, record.over)]
    return set(both[0]) & set(both[1])


def _floor(trips: Mapping[str, float], floors: Mapping[str, Sequence[float]]) -> list[float]:
    rounds = zip(*(floors[name] for name in floors), strict=True)
    return [
        sum(trips.get(name, 0) * floor for name, floor in zip(floors, one, strict=True))
        for one in rounds
    ]
