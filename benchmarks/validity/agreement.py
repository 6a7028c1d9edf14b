"""Our client and a native generator on the same operation, one that costs many floors."""

import statistics
import time
from dataclasses import dataclass

from benchmarks.validity.still import recipe_for
from scalebook.lab import Workload
from scalebook.load.closed import ClosedLoop
from scalebook.load.native import measure
from scalebook.services.access import Access
from scalebook.services.provide import Provisions
from scalebook.services.rundir import RunDirectory

__all__ = ["Agreement", "agree"]

FLOOR_CALLS = 200


@dataclass(frozen=True)
class Agreement:
    """Mean seconds of one operation, with one client, and the median of the floor."""

    client_seconds: float
    native_seconds: float
    floor_seconds: float
    generator: str

    @property
    def factor(self) -> float:
        """How far apart the two are, at least 1."""
        ratio = self.client_seconds / self.native_seconds
        return max(ratio, 1 / ratio)

    @property
    def floors(self) -> float:
        """How many floors the operation costs."""
        return self.client_seconds / self.floor_seconds


def agree(
    access: Access, run: RunDirectory, provisions: Provisions, *, rounds: int, seconds: float
) -> Agreement:
    """Client and generator in turn, so many rounds of `seconds` each."""
    recipe = recipe_for(access, heavy=True)
    native = recipe.variant_class().native["read"]
    client, generator, floors = [], [], []
    report = None
    loop_of = ClosedLoop(recipe, Workload(mix={"read": 1}), run, 1)
    with access.floor() as call, loop_of as loop:
        loop.slice(0.1)
        for _ in range(rounds):
            floors.append(statistics.median(_timed(call) for _ in range(FLOOR_CALLS)))
            client.append(statistics.fmean(op.seconds for op in loop.slice(seconds)))
            report = measure(run, provisions, access, native, seconds)
            generator.append(1 / report.throughput_per_second)
    assert report is not None
    return Agreement(
        statistics.fmean(client),
        statistics.fmean(generator),
        statistics.median(floors),
        report.generator,
    )


def _timed(call: object) -> float:
    assert callable(call)
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
