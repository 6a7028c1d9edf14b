import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebook.stats import Estimate, Point, Wording, say_flags, say_verdict, verdict
from scalebook.stats import verdict_of_flags as of_flags
from scalebook.stats.words import count, duration, listed, number, quantity, ratio, size


@pytest.mark.parametrize(
    "said, expected",
    [
        (number(3412), "3,410"),
        (number(0.01234), "0.0123"),
        (number(5.0), "5"),
        (number(-1234567), "-1,230,000"),
        (number(999.9), "1,000"),
        (number(0), "0"),
        (number(float("inf")), "infinity"),
        (number(float("nan")), "unknown"),
        (number(3e-9), "3.00e-09"),
        (count(10_000), "10,000"),
        (count(0.5), "0.5"),
        (ratio(1.63), "1.6x"),
        (ratio(22), "22x"),
        (ratio(1.024), "1.02x"),
        (ratio(1234), "1,230x"),
        (duration(0.0013), "1.3 ms"),
        (duration(0.00099999), "1 ms"),
        (duration(55e-6), "55 us"),
        (duration(0), "0 s"),
        (duration(90), "90 s"),
        (size(12_000), "12 KB"),
        (size(1), "1 byte"),
        (size(14), "14 bytes"),
        (quantity(0.25, "seconds"), "250 ms"),
        (quantity(3, "round trips"), "3 round trips"),
        (listed(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_numbers_in_words(said: str, expected: str) -> None:
    assert said == expected


@given(st.floats(1e-6, 1e14))
def test_three_digits_are_within_half_a_percent(value: float) -> None:
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=0.00501)


def estimate(value: float, n: int = 10) -> Estimate:
    return Estimate(value, value * 0.9, value * 1.1, 0.95, n)


def say(values: dict[float | str, float], kind: str = "speedup", factor: float = 22) -> str:
    words = Wording("CacheAside", "DatabaseOnly", "reviews", factor, kind)  # type: ignore[arg-type]
    points = [Point(x, estimate(value)) for x, value in values.items()]
    return say_verdict(verdict(points, factor), points, words)


@pytest.mark.parametrize(
    "values, expected",
    [
        (
            {10: 1.6, 100: 3, 1000: 10, 10_000: 60},
            "CacheAside is 22x faster than DatabaseOnly from about 2,800 reviews on"
            " (between 2,400 and 3,200); at 10 it is 1.6x.",
        ),
        (
            {10: 60, 10_000: 2},
            "CacheAside is 22x faster than DatabaseOnly up to about 77 reviews"
            " (between 62 and 93); at 10,000 it is 2x.",
        ),
        (
            {10: 30, 100: 44},
            "CacheAside is at least 22x faster than DatabaseOnly at every point tried,"
            " 10 to 100 reviews: the least is 30x, at 10.",
        ),
        (
            {10: 3, 100: 8.3},
            "CacheAside is not 22x faster than DatabaseOnly at any point tried,"
            " 10 to 100 reviews: the most is 8.3x, at 100.",
        ),
        (
            {10: 3},
            "CacheAside is not 22x faster than DatabaseOnly at the one point tried, 10 reviews:"
            " the figure there is 3x.",
        ),
        (
            {10: 30, 100: 3, 1000: 30},
            "Not resolved whether CacheAside is 22x faster than DatabaseOnly: along reviews it is"
            " true at 10 and 1,000 and false at 100.",
        ),
        (
            {10: 22, 100: 30},
            "Not resolved whether CacheAside is 22x faster than DatabaseOnly along reviews:"
            " at 10 it is 22x (between 20x and 24x). It is true at 100.",
        ),
        (
            {"off": 2, "on": 30},
            "CacheAside is 22x faster than DatabaseOnly from reviews 'on' on; at off it is 2x.",
        ),
    ],
)
def test_verdicts_in_words(values: dict[float | str, float], expected: str) -> None:
    assert say(values) == expected


def test_a_saving_is_said_in_per_cent() -> None:
    assert say({10: 2, 100: 300, 1000: 4000}, "saving", 250).startswith(
        "CacheAside saves 99.6 % over DatabaseOnly from about"
    )
    assert "at 10 it saves 50 %" in say({10: 2, 100: 300, 1000: 4000}, "saving", 250)
    assert "the least is 99.975 %" in say({10: 4000, 100: 5000}, "saving", 250)


def test_flags_in_words() -> None:
    flags: list[tuple[float | str, bool | None]] = [(1, True), (2, None), (4, False)]
    assert (
        say_flags(of_flags(flags), "Lock", "no stale write", "seconds")
        == "Lock keeps 'no stale write' up to 1 seconds and breaks it at 4."
    )
    assert "broken" not in say_flags(of_flags([(1, True)]), "Lock", "no stale write", "seconds")
