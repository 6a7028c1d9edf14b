"""The method on real engines, in small: `python -m benchmarks.validity` does the same at length."""

from benchmarks.validity.agreement import agree
from benchmarks.validity.live import named_sides
from benchmarks.validity.still import p99_from_start, p99_seconds, paused
from scalebook.engine import Workbench
from scalebook.lab import Op
from scalebook.services.access import Access

COMPARISONS = 20
FALSE = 3
"""With at most 6 false verdicts in 100, more than this in 20 come once in forty times."""


def test_twins_are_seldom_told_apart(bench: Workbench) -> None:
    sides = named_sides(bench, COMPARISONS, budget="quick")
    assert sides.total() == COMPARISONS
    assert sides["above"] + sides["below"] <= FALSE


def test_twice_the_cost_is_found_on_its_side(bench: Workbench) -> None:
    """Which proves that the check above can fail: twins that differ do not pass it."""
    assert named_sides(bench, 4, budget="default", ratio=2.0)["above"] > FALSE - 1
    assert named_sides(bench, 4, budget="default", ratio=0.5)["below"] > FALSE - 1


def stands_out(p99: float) -> bool:
    """The check: an engine that stood still for 0.5 s of 3 s must show in the 99th percentile."""
    return p99 >= 0.3


def test_an_engine_that_stands_still_shows_in_the_open_loop(
    access: Access, bench: Workbench
) -> None:
    ops: list[Op] = paused(access, bench.run, seconds=3.0, pause_seconds=0.5)
    assert all(op.outcome == "ok" for op in ops)
    assert stands_out(p99_seconds(ops))


def on_paper() -> list[Op]:
    """A request every 10 ms for two workers, and an engine that stands still from 1.0 to 1.5 s."""
    free, ops = [0.0, 0.0], []
    for number in range(300):
        due, worker = number / 100, free.index(min(free))
        start = max(due, free[worker])
        end = 1.501 if 1.0 <= start < 1.5 else start + 0.001
        free[worker] = end
        ops.append(Op("read", worker, number, start, end, scheduled=due))
    return ops


def test_latency_from_the_start_hides_it_and_is_refused() -> None:
    """Only the two requests under way were seen to wait; fifty were due meanwhile."""
    assert stands_out(p99_seconds(on_paper()))
    assert not stands_out(p99_from_start(on_paper()))


def test_the_client_agrees_with_the_native_generator(access: Access, bench: Workbench) -> None:
    found = agree(access, bench.run, bench.provisions, rounds=2, seconds=0.5)
    assert found.factor < 3
