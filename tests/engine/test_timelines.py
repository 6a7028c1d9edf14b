"""The picture that is kept of a disturbed trial, on hand-made histories."""

from contextlib import nullcontext

import pytest

from scalebook.engine.timelines import SLICES, timeline_of
from scalebook.lab import History, Op, Run

PAUSE = (("pause", "db", 102.0, 102.001), ("end of pause", "db", 103.0, 103.001))


def a_run(ops: list[Op], windows: tuple[tuple[str, str, float, float], ...] = PAUSE) -> Run:
    settle = lambda seconds: nullcontext()  # noqa: E731
    return Run(History(ops), 1, "Plain", "pause", None, settle, windows=windows)


def steady(stalled: bool) -> list[Op]:
    """Ten a second for six seconds from 100 on; with a stall, all due in it end when it ends."""
    ops = []
    for i in range(60):
        due = 100 + i / 10
        end = 103.0 if stalled and 102 <= due < 103 else due + 0.01
        ops.append(Op("read", 0, i, due, end, scheduled=due))
    return ops


def test_the_windows_and_slices_count_from_the_first_operation() -> None:
    found = timeline_of(a_run(steady(stalled=True)), 7)
    assert found is not None
    assert [(w.kind, round(w.start, 3)) for w in found.windows] == [
        ("pause", 2.0),
        ("end of pause", 3.0),
    ]
    assert found.seed == 7
    assert len(found.buckets["read"]) == SLICES
    assert sum(bucket.ok for bucket in found.buckets["read"]) == 60


def test_a_stall_shows_where_it_was() -> None:
    quiet, stalled = (timeline_of(a_run(steady(stalled=s)), 7) for s in (False, True))
    assert quiet is not None
    assert stalled is not None
    slow = [b.at for b in stalled.buckets["read"] if b.worst is not None and b.worst > 0.1]
    assert slow
    assert all(1.9 < at < 3.1 for at in slow)
    assert not [b for b in quiet.buckets["read"] if b.worst is not None and b.worst > 0.1]
    assert stalled.percentiles["read"]["100"] == pytest.approx(1.0)
    assert quiet.percentiles["read"]["100"] == pytest.approx(0.01)


def test_failures_are_counted_where_they_were_due() -> None:
    ops = steady(stalled=False)
    ops[25].outcome = "failed"
    ops[26].outcome = "unknown"
    found = timeline_of(a_run(ops), 7)
    assert found is not None
    assert [round(b.at, 1) for b in found.buckets["read"] if b.failed] == [2.5]
    assert sum(b.unknown for b in found.buckets["read"]) == 1


def test_an_undisturbed_trial_has_no_picture() -> None:
    assert timeline_of(a_run(steady(stalled=False), windows=()), 7) is None
    assert timeline_of(a_run([]), 7) is None


def test_an_operation_that_never_succeeded_has_no_percentiles() -> None:
    found = timeline_of(a_run([Op("read", 0, 1, 100.0, 104.0, outcome="failed")]), 7)
    assert found is not None
    assert found.percentiles == {}
