"""An open loop against an engine that stands still for a while: does the latency tell?"""

import time
from pathlib import Path

from scalebook.lab import Op, OpenLoop, Workload
from scalebook.load.openloop import percentile
from scalebook.load.session import Recipe
from scalebook.load.whole import Drive
from scalebook.services.access import Access
from scalebook.services.namespace import Services
from scalebook.services.rundir import RunDirectory

__all__ = ["PROBES", "p99_from_start", "p99_seconds", "paused", "recipe_for"]

PROBES = Path(__file__).with_name("probes.py")
RATE = 100.0


def recipe_for(access: Access, *, heavy: bool = False) -> Recipe:
    """How to make clients of the probe that fits this engine."""
    names = {
        ("postgresql", False): ("pg", "DatabasePing"),
        ("postgresql", True): ("pg", "SeriesCount"),
        ("redis", False): ("redis", "CachePing"),
        ("redis", True): ("redis", "LoopCount"),
    }
    service, variant = names[access.kind, heavy]
    return Recipe(PROBES, {}, variant, 0, Services({service: access}), seed=1)


def paused(access: Access, run: RunDirectory, *, seconds: float, pause_seconds: float) -> list[Op]:
    """100 reads a second from two workers; the engine stands still from a third of the time on."""
    workload = Workload(mix={"read": 1}, arrivals=OpenLoop(RATE, workers=2))
    with Drive(recipe_for(access), workload, [], seconds, run, trial_seed=1) as drive:
        begun = drive.start()
        time.sleep(max(0.0, begun + seconds / 3 - time.perf_counter()))
        access.pause()
        time.sleep(pause_seconds)
        access.resume()
        return drive.finish().ops


def p99_seconds(ops: list[Op]) -> float:
    """Latency as the engine counts it: from the moment at which a request was due."""
    return percentile([op.seconds for op in ops], 0.99)


def p99_from_start(ops: list[Op]) -> float:
    """The same counted wrongly: from when a worker got round to it, as a closed loop would."""
    return percentile([op.end - op.start for op in ops], 0.99)
