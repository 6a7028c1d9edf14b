import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebook.stats import LOOKS, Side, decide, next_look, precise
from scalebook.stats.rehearsal import verdicts


def logs(ratio: float, n: int, spread: float = 0.05) -> list[float]:
    rng = random.Random(1)
    return [math.log(ratio) + rng.gauss(0, spread) for _ in range(n)]


def test_sides() -> None:
    assert decide(logs(30, 5), 22) is Side.ABOVE
    assert decide(logs(10, 5), 22) is Side.BELOW
    assert decide(logs(22, 5), 22) is Side.UNDECIDED
    assert decide([math.log(30)], 22) is Side.UNDECIDED


def test_a_factor_is_positive() -> None:
    with pytest.raises(ValueError, match="above 0"):
        decide(logs(1, 5), 0)


@given(st.lists(st.floats(-3, 3), min_size=5, max_size=20), st.floats(0.1, 10))
def test_sides_mirror(ratios: list[float], factor: float) -> None:
    mirror = {Side.ABOVE: Side.BELOW, Side.BELOW: Side.ABOVE, Side.UNDECIDED: Side.UNDECIDED}
    back = decide([-ratio for ratio in ratios], 1 / factor)
    there = decide(ratios, factor)
    assert back is mirror[there] or Side.UNDECIDED in (back, there)


def test_looks_end_at_the_maximum() -> None:
    seen, n = [], 0
    while (look := next_look(n)) is not None:
        seen.append(look)
        n = look
    assert tuple(seen) == LOOKS
    assert next_look(5, maximum=8) == 8
    assert next_look(5, maximum=5) is None


def test_precision_goes_by_width_alone() -> None:
    assert precise(logs(3, 40), 0.10)
    assert precise(logs(3000, 40), 0.10)
    assert not precise(logs(3, 40, spread=1), 0.10)
    assert not precise([1.0] * 4)


def test_independent_noise_errs_as_documented() -> None:
    """4 % in the worst case; 2,000 rehearsals are within 1.5 points of it."""
    rng = random.Random(4)
    series = [rng.lognormvariate(0, 0.1) for _ in range(200_000)]
    wrong = 2000 - verdicts(series, 2000, seed=5)[Side.UNDECIDED]
    assert wrong / 2000 == pytest.approx(0.040, abs=0.015)
