import collections
import random

import pytest

from scalebook.errors import LabError
from scalebook.lab import Uniform, Zipf
from scalebook.load.draw import Chooser, keys_at


def test_keys_are_a_number_the_axis_or_a_distribution() -> None:
    source = random.Random(1)
    assert {keys_at(3, "x").draw(source) for _ in range(100)} == {0, 1, 2}
    assert {keys_at("rows", 2).draw(source) for _ in range(100)} == {0, 1}
    zipf = Zipf(5)
    assert keys_at(zipf, None) is zipf


def test_an_axis_that_counts_nothing_gives_no_keys() -> None:
    with pytest.raises(LabError, match="'on'"):
        keys_at("mode", "on")


def test_operations_are_drawn_by_their_weight_and_replay() -> None:
    one, other = (Chooser({"read": 9, "write": 1}, Uniform(7), "seed") for _ in range(2))
    drawn = [(one.op(), one.key()) for _ in range(2000)]
    assert drawn == [(other.op(), other.key()) for _ in range(2000)]
    counts = collections.Counter(op for op, _ in drawn)
    assert 120 < counts["write"] < 280


def test_another_seed_draws_otherwise() -> None:
    one, other = (Chooser({"read": 1}, Uniform(1000), seed) for seed in ("a", "b"))
    assert [one.key() for _ in range(9)] != [other.key() for _ in range(9)]
