import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebook.stats import (
    Crossing,
    Estimate,
    Point,
    Side,
    VerdictStats,
    verdict,
    verdict_of_flags,
)

XS = (10, 100, 1_000, 10_000)


def around(value: float, spread: float = 0.1) -> Estimate:
    return Estimate(value, value / (1 + spread), value * (1 + spread), 0.95, 10)


def along(
    values: list[float], xs: tuple[float | str, ...] = XS, factor: float = 22
) -> VerdictStats:
    points = [Point(x, around(value)) for x, value in zip(xs, values, strict=True)]
    return verdict(points, factor)


@pytest.mark.parametrize(
    "values, state",
    [
        ([30, 40, 50, 60], "holds"),
        ([1, 2, 3, 4], "never"),
        ([1, 2, 30, 60], "holds-from"),
        ([60, 30, 2, 1], "holds-up-to"),
        ([1, 22, 30, 60], "holds-from"),
        ([1, 22, 22, 60], "holds-from"),
        ([22, 30, 40, 60], "unresolved"),
        ([1, 2, 3, 22], "unresolved"),
        ([1, 22, 2, 60], "unresolved"),
        ([30, 22, 30, 60], "unresolved"),
        ([30, 2, 30, 60], "unresolved"),
        ([22, 22, 22, 22], "unresolved"),
    ],
)
def test_states(values: list[float], state: str) -> None:
    stats = along(values)
    assert stats.state == state
    assert (stats.crossing is not None) is state.startswith("holds-")


def test_crossing_is_interpolated_between_logs() -> None:
    crossing = along([1, 10, 1000, 2000], factor=100).crossing
    assert crossing is not None
    assert crossing.at == pytest.approx(100 * 10**0.5)
    assert 100 < crossing.low < crossing.at < crossing.high < 1000


def test_axis_with_zero_is_linear() -> None:
    crossing = along([1, 100], xs=(0, 10), factor=10).crossing
    assert crossing is not None
    assert crossing.at == pytest.approx(5)


def test_points_may_come_in_any_order() -> None:
    assert along([60, 1, 2, 30], xs=(1000, 1, 10, 100)) == along(
        [1, 2, 30, 60], xs=(1, 10, 100, 1000)
    )


def test_the_callers_decision_goes_before_the_interval() -> None:
    points = [Point(1, around(23), Side.ABOVE), Point(2, around(24), Side.ABOVE)]
    assert verdict(points, 22).state == "holds"


def test_infinite_bounds_leave_the_whole_bracket() -> None:
    wide = Estimate(22.0, 0.0, float("inf"), 0.95, 1)
    crossing = verdict([Point(1, around(2)), Point(10, wide), Point(100, around(60))], 22).crossing
    assert crossing is not None
    assert 1 <= crossing.low < crossing.at == pytest.approx(10)
    assert crossing.high <= 100


def test_labels_have_an_order_but_no_crossing() -> None:
    stats = along([1, 2, 30], xs=("off", "local", "on"))
    assert (stats.state, stats.crossing, stats.true_at) == ("holds-from", None, ("on",))


@pytest.mark.parametrize("points", [[], [Point(1, around(2)), Point(1.0, around(3))]])
def test_wrong_points_are_refused(points: list[Point]) -> None:
    with pytest.raises(ValueError, match="point"):
        verdict(points, 22)


@given(
    st.lists(st.floats(0.01, 1000), min_size=2, max_size=8),
    st.lists(st.floats(0.001, 2), min_size=8, max_size=8),
    st.floats(0.1, 100),
    st.booleans(),
)
def test_crossing_lies_between_decided_points(
    values: list[float], spreads: list[float], factor: float, from_zero: bool
) -> None:
    points = [
        Point(float(i if from_zero else 10**i), around(value, spreads[i]))
        for i, value in enumerate(values)
    ]
    stats = verdict(points, factor)
    if stats.crossing is None:
        return
    rising = stats.state == "holds-from"
    last, first = (stats.false_at, stats.true_at) if rising else (stats.true_at, stats.false_at)
    low, at, high = stats.crossing.low, stats.crossing.at, stats.crossing.high
    assert float(last[-1]) <= low <= at <= high <= float(first[0])


@given(st.lists(st.floats(0.01, 1000), min_size=2, max_size=6), st.floats(0.01, 100))
def test_verdicts_do_not_depend_on_the_unit_of_the_ratio(values: list[float], scale: float) -> None:
    def scaled(by: float) -> list[Point]:
        return [
            Point(10.0**i, Estimate(v * by, v * by * 0.875, v * by * 1.125, 0.95, 5))
            for i, v in enumerate(values)
        ]

    one, other = verdict(scaled(1.0), 3.0), verdict(scaled(scale), 3.0 * scale)
    if one.crossing and other.crossing:
        assert other.crossing.at == pytest.approx(one.crossing.at, rel=1e-6)


@pytest.mark.parametrize(
    "flags, state, crossing",
    [
        ([True, True, True], "holds", None),
        ([False, False, False], "never", None),
        ([False, True, True], "holds-from", Crossing(2, 1, 2)),
        ([True, False, False], "holds-up-to", Crossing(1, 1, 2)),
        ([True, None, False], "holds-up-to", Crossing(1, 1, 3)),
        ([True, None, True], "unresolved", None),
        ([True, False, True], "unresolved", None),
        ([None, None, None], "unresolved", None),
    ],
)
def test_flags(flags: list[bool | None], state: str, crossing: Crossing | None) -> None:
    stats = verdict_of_flags(list(zip((1, 2, 3), flags, strict=True)))
    assert (stats.state, stats.crossing) == (state, crossing)
