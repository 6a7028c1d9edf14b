"""Verdicts from log-ratios and from flags along an axis."""

import math
from typing import Any

import pytest

from scalebook.engine.judge import claim_logs, judge_flags, judge_ratios, unresolved
from scalebook.lab import (
    Claim,
    Client,
    Invariant,
    Latency,
    Run,
    Saving,
    Speedup,
    Throughput,
    ThroughputRatio,
)
from scalebook.results.figures import OpFigures, TrialRecord
from scalebook.stats import Side


class Old(Client):
    """The baseline."""


class New(Old):
    """The technique."""


def check(run: Run) -> list[str]:
    return []


def trials(*medians: float, **figures: float) -> list[TrialRecord]:
    return [
        TrialRecord(
            seed=1,
            pair=i,
            order=0,
            kind="slices",
            ops={"read": OpFigures(count=1, median=m, throughput=1 / m)},
            figures=figures,
        )
        for i, m in enumerate(medians)
    ]


@pytest.mark.parametrize(
    "claim, ratio",
    [
        (Speedup(22, of="read", technique=New, over=Old), 4.0),
        (ThroughputRatio(8, of="read", technique=New, over=Old), 4.0),
        (Saving(0.9, of="bytes", technique=New, over=Old), 5.0),
        (Latency(of="read", technique=New, over=Old), 4.0),
        (Latency(of="read", technique=New, seconds=0.5), 2.0),
        (Throughput(2.0, of="read", technique=New), 2.0),
    ],
)
def test_each_claim_is_a_ratio_that_is_better_above_one(claim: Claim, ratio: float) -> None:
    found = {"New": trials(0.25, 0.25, bytes=20.0), "Old": trials(1.0, 1.0, bytes=100.0)}

    assert claim_logs(claim, found) == pytest.approx(2 * [math.log(ratio)])


def test_a_claim_on_what_was_not_measured_has_no_ratio() -> None:
    assert claim_logs(Speedup(2, of="read", technique=New, over=Old), {}) == []
    assert claim_logs(Speedup(2, of="write", technique=New, over=Old), {"New": trials(1.0)}) == []
    assert claim_logs(Invariant(check, technique=New), {"New": trials(1.0)}) == []


CLAIM = Speedup(2, of="read", technique=New, over=Old)
LOW = [math.log(x) for x in (1.0, 1.1, 0.9, 1.0, 1.05)]
HIGH = [math.log(x) for x in (7.0, 8.0, 9.0, 8.5, 8.2)]


def judged(logs: dict[Any, list[float]], sides: dict[Any, Side]) -> Any:
    return judge_ratios(CLAIM, "2x faster", "rows", logs, sides)


@pytest.mark.parametrize(
    "first, last, state",
    [
        (HIGH, HIGH, "holds"),
        (LOW, LOW, "never"),
        (LOW, HIGH, "holds-from"),
        (HIGH, LOW, "holds-up-to"),
    ],
)
def test_a_factor_holds_on_one_side_of_a_crossing(
    first: list[float], last: list[float], state: str
) -> None:
    side = {id(HIGH): Side.ABOVE, id(LOW): Side.BELOW}
    found = judged({10: first, 1000: last}, {10: side[id(first)], 1000: side[id(last)]})

    assert found.state == state
    assert (found.claim, found.factor, found.metric) == ("2x faster", 2, "speedup")
    assert (found.technique, found.over) == ("New", "Old")
    assert "New" in found.reason
    if first is last:
        assert found.crossing is None
    else:
        assert 10 < found.crossing.at < 1000
        assert found.crossing.low <= found.crossing.at <= found.crossing.high


def test_an_undecided_point_leaves_the_verdict_open() -> None:
    found = judged({10: LOW, 1000: HIGH}, {10: Side.UNDECIDED, 1000: Side.ABOVE})
    assert found.state == "unresolved"


def test_points_without_figures_are_left_out() -> None:
    sides = {10: Side.UNDECIDED, 1000: Side.ABOVE}
    assert judged({10: [], 1000: HIGH}, sides).state == "holds"
    nothing = judged({10: [], 1000: []}, sides)
    assert nothing.state == "unresolved"
    assert nothing.reason == "No point of the axis was measured."


@pytest.mark.parametrize(
    "flags, state",
    [
        ({1: True, 2: True}, "holds"),
        ({1: False, 2: False}, "never"),
        ({1: True, 2: False}, "holds-up-to"),
        ({1: False, 2: True}, "holds-from"),
        ({1: True, 2: None}, "unresolved"),
        ({1: None, 2: None}, "unresolved"),
    ],
)
def test_an_invariant_is_judged_by_the_points_at_which_it_was_kept(
    flags: dict[Any, bool | None], state: str
) -> None:
    claim = Invariant(check, technique=New)
    found = judge_flags(claim, "never twice", "rows", flags, "never twice")

    assert found.state == state
    assert (found.factor, found.metric, found.over) == (None, "invariant", None)
    assert found.reason


def test_nothing_can_be_said_and_why() -> None:
    found = unresolved(CLAIM, "2x faster", "Nothing was measured.")
    assert (found.state, found.reason, found.crossing) == (
        "unresolved",
        "Nothing was measured.",
        None,
    )
