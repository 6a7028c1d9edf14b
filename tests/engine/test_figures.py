"""From operations to figures, and from figures to ratios."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebook.engine.figures import log_ratios, op_figures, ratio_record, statistics_of, value
from scalebook.lab import Op
from scalebook.results.figures import OpFigures, TrialRecord


def ops(name: str, *seconds: float, outcome: Any = "ok") -> list[Op]:
    return [Op(name, 0, 0, 1.0, 1.0 + s, outcome) for s in seconds]


def trial(pair: int = 0, **medians: float | None) -> TrialRecord:
    figures = {op: OpFigures(count=1, median=m, throughput=m) for op, m in medians.items()}
    return TrialRecord(seed=1, pair=pair, order=0, kind="slices", ops=figures)


def test_figures_are_of_what_succeeded() -> None:
    done = ops("read", 0.1, 0.2, 0.3)
    bad = ops("read", 9.0, outcome="failed") + ops("read", 9.0, outcome="unknown")
    found = op_figures(done + bad, 2.0, {})["read"]

    assert (found.count, found.failed, found.unknown) == (5, 1, 1)
    assert found.mean == pytest.approx(0.2)
    assert found.median == pytest.approx(0.2)
    assert found.max == pytest.approx(0.3)
    assert found.throughput == pytest.approx(1.5)


def test_where_nothing_succeeded_there_is_no_figure() -> None:
    found = op_figures(ops("read", 0.1, outcome="failed"), 1.0, {})["read"]

    assert (found.count, found.failed) == (1, 1)
    assert found.median is None
    assert found.throughput is None


def test_a_batch_counts_as_many() -> None:
    found = op_figures(ops("add", 0.4, 0.4), 1.0, {"add": 4})["add"]

    assert found.count == 2
    assert found.median == pytest.approx(0.1)
    assert found.throughput == pytest.approx(8.0)


def test_an_open_loop_counts_from_the_schedule() -> None:
    late = Op("read", 0, 0, start=2.0, end=2.5, scheduled=1.0)
    assert op_figures([late], 1.0, {})["read"].median == pytest.approx(1.5)


@given(st.lists(st.floats(1e-6, 10), min_size=1, max_size=50))
def test_percentiles_are_in_order(seconds: list[float]) -> None:
    found = op_figures(ops("read", *seconds), 1.0, {})["read"]
    p50, p95, p99, most = found.median, found.p95, found.p99, found.max
    assert p50 is not None
    assert p95 is not None
    assert p99 is not None
    assert most is not None
    assert min(seconds) <= p50 * 1.001
    assert p50 <= p95 * 1.001
    assert p95 <= p99 * 1.001
    assert p99 <= most * 1.001


def test_a_value_may_be_missing() -> None:
    record = trial(read=0.5).model_copy(update={"figures": {"bytes": 7.0}})

    assert value(record, "read", "median") == 0.5
    assert value(record, "bytes", "figure") == 7.0
    assert value(record, "write", "median") is None
    assert value(record, "read", "nothing") is None
    assert value(record, "read", "figure") is None


def logs(
    ours: Sequence[float | None], theirs: Sequence[float | None], statistic: str
) -> list[float]:
    return log_ratios(
        [trial(read=x) for x in ours], [trial(read=x) for x in theirs], "read", statistic
    )


def test_lower_latency_and_higher_throughput_are_better() -> None:
    assert logs([1.0], [4.0], "median") == pytest.approx([math.log(4)])
    assert logs([1.0], [4.0], "throughput") == pytest.approx([-math.log(4)])


def test_a_pair_without_both_figures_is_left_out() -> None:
    assert logs([1.0, None, 0.0, 2.0], [1.0, 1.0, 1.0, None], "median") == [0.0]
    assert logs([1.0, 1.0], [1.0], "median") == [0.0]


def test_statistics_are_means_over_the_trials() -> None:
    found = statistics_of([trial(read=1.0), trial(read=3.0), trial(write=9.0)])

    assert found["read median"].value == pytest.approx(2.0)
    assert found["read median"].n == 2
    assert found["write throughput"].value == 9.0
    assert "read p99" not in found


def record(found: Sequence[float]) -> Any:
    return ratio_record(found, op="read", statistic="median", technique="New", over="Old")


def test_a_ratio_has_an_interval_unless_there_are_no_pairs() -> None:
    whole = record([math.log(x) for x in (3.8, 4.0, 4.2)])
    assert whole.resolvable
    assert whole.pairs == 3
    assert whole.low < whole.value < whole.high
    assert whole.value == pytest.approx(4.0, rel=0.01)

    assert record([0.5]).high is None
    none = record([])
    assert not none.resolvable
    assert none.value is None
    assert none.note == "no pair has both figures"
