"""Keys, members, and fields of a lab that are functions of the point."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebook.errors import LabError
from scalebook.lab import (
    Client,
    Items,
    Lab,
    OpenLoop,
    Promise,
    Role,
    Slices,
    Speedup,
    Uniform,
    Whole,
    Workload,
    Zipf,
)
from scalebook.lab.agree import anything, same, unordered, within
from scalebook.lab.checks import at_most_once
from scalebook.services import Postgres, Redis

DRAWS = 40_000


class Old(Client):
    """The baseline."""

    def read(self, key: int) -> int:
        return key


class New(Old):
    """The technique."""


@pytest.mark.parametrize("s", [0.5, 1.0, 1.2])
def test_zipf_draws_key_k_in_proportion_to_its_rank(s: float) -> None:
    keys = Zipf(20, s=s)
    source = random.Random(1)
    seen = Counter(keys.draw(source) for _ in range(DRAWS))

    total = sum(1 / k**s for k in range(1, 21))
    for key in range(20):
        expected = DRAWS / (key + 1) ** s / total
        assert abs(seen[key] - expected) < 6 * expected**0.5  # Six standard deviations.


@given(st.integers(1, 500), st.floats(0.1, 3), st.integers(0, 2**32))
def test_every_key_lies_among_the_n(n: int, s: float, seed: int) -> None:
    for keys in (Zipf(n, s), Uniform(n)):
        source = random.Random(seed)
        drawn = [keys.draw(source) for _ in range(20)]
        again = random.Random(seed)
        assert all(0 <= key < n for key in drawn)
        assert drawn == [keys.draw(again) for _ in range(20)]


def test_uniform_draws_all_keys_equally_often() -> None:
    source = random.Random(2)
    seen = Counter(Uniform(10).draw(source) for _ in range(DRAWS))
    assert all(abs(seen[key] - DRAWS / 10) < 6 * (DRAWS / 10) ** 0.5 for key in range(10))


@given(st.integers(0, 300), st.integers(0, 2**40), st.integers(1, 100))
def test_items_are_distinct_seeded_and_come_in_chunks(n: int, seed: int, size: int) -> None:
    items = Items(n, seed)

    members = list(items)
    assert len(items) == len(members) == len(set(members)) == n
    assert members == list(Items(n, seed))
    assert set(members).isdisjoint(Items(n, seed + 1))
    chunks = list(items.chunks(size))
    assert [member for chunk in chunks for member in chunk] == members
    assert all(len(chunk) == size for chunk in chunks[:-1])


def lab(**changes: Any) -> Lab:
    fields: dict[str, Any] = {
        "at": ("rows", [10, 1_000]),
        "services": {"redis": Redis},
        "workload": Workload(mix={"read": 1}),
        "variants": [Old, New],
        "trials": [Slices()],
        "claim": Speedup(2, of="read", technique=New, over=Old),
    }
    return Lab(**{**fields, **changes})


def test_the_name_of_the_axis_stands_for_as_many_keys() -> None:
    made = lab(workload=Workload(mix={"read": 1}, keys="rows"))
    found = [made.resolved(point).workload for point in made.points]
    assert [work.keys for work in found if work] == [10, 1_000]


def test_a_roles_keys_may_be_the_axis_too() -> None:
    made = lab(workload=None, roles=[Role("read", keys="rows")])
    assert made.resolved(1_000).roles[0].keys == 1_000


@pytest.mark.parametrize(
    "field, function, expected",
    [
        ("services", lambda n: {"pg": Postgres(replicas=n)}, {"pg": Postgres(replicas=10)}),
        ("workload", lambda n: Workload({"read": n}), Workload({"read": 10})),
        ("variants", lambda n: [Old, New][:n], [Old, New]),
        ("trials", lambda n: [Whole(seconds=n)], [Whole(seconds=10)]),
        (
            "promises",
            lambda n: [Promise(at_most_once, [Old] if n < 100 else [New])],
            [Promise(at_most_once, [Old])],
        ),
    ],
)
def test_any_field_may_be_a_function_of_the_point(
    field: str, function: Any, expected: object
) -> None:
    assert getattr(lab(**{field: function}).resolved(10), field) == expected


def test_roles_may_be_a_function_of_the_point() -> None:
    made = lab(workload=None, roles=lambda n: [Role("read", clients=n)])
    assert [made.resolved(point).roles[0].clients for point in made.points] == [10, 1_000]


def test_sql_has_the_point_in_place_of_the_axis() -> None:
    made = lab(services={"pg": Postgres}, load="SELECT {rows}, {at}, '{other}'")
    assert made.resolved(10).load == "SELECT 10, 10, '{other}'"


def test_a_service_may_be_given_as_a_class_or_as_a_value() -> None:
    made = lab(services={"a": Redis, "b": Redis(appendonly="always")})
    assert made.resolved(10).services == {"a": Redis(), "b": Redis(appendonly="always")}


def test_a_lab_says_in_which_line_it_is_wrong() -> None:
    with pytest.raises(LabError, match=r"test_workload\.py:\d+: .*operation 'reed'"):
        lab(workload=Workload({"reed": 1}))


def test_an_open_loop_brings_its_own_workers() -> None:
    arrivals = OpenLoop(100, workers=3)
    made = lab(workload=Workload({"read": 1}, arrivals=arrivals), trials=[Whole(1)])
    work = made.resolved(10).workload
    assert work is not None
    assert work.arrivals == arrivals


def test_comparators() -> None:
    assert same([1], [1])
    assert not same(1, 2)
    assert within(0.03)(100, 97)
    assert not within(0.03)(100, 96)
    assert within(0.03).__name__ == "within 3%"
    assert unordered([2, 1], [1, 2])
    assert not unordered([1], [1, 1])
    assert anything(1, "other")
