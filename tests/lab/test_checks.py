"""The stock checks, each proven both ways: silent on a kept promise, loud on a broken one."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scalebook.lab import History, Op, Run, Violation
from scalebook.lab.checks import (
    at_least_once,
    at_most,
    at_most_once,
    conserved,
    counted,
    fresh_within,
    in_order,
    no_gap,
)
from scalebook.lab.promise import Check


def run_of(
    ops: Iterable[Op],
    *,
    listeners: int = 0,
    client: object = None,
    services: object = None,
    batches: Mapping[str, int] | None = None,
) -> Run:
    @contextmanager
    def settle(seconds: float) -> Iterator[object]:
        yield services

    return Run(
        History(ops), 1, "Variant", "whole", services, settle, client, batches or {}, listeners
    )


def texts(check: Check, run: Run) -> list[str]:
    return [found.text if isinstance(found, Violation) else found for found in check(run)]


def publish(message: int, at: float | None = None, outcome: Any = "ok", by: int = 0) -> Op:
    start = float(message) if at is None else at
    return Op("publish", by, message, start, start + 0.1, outcome, role="publish")


def delivery(cause: Op, at: float, to: int = 0) -> Op:
    return Op("delivery", to, cause.key, at, at, cause=cause, role="follow")


def delivered(order: list[int], to: int = 0, of: int = 4) -> list[Op]:
    """`of` messages published, and those of `order` delivered to one listener in that order."""
    published = [publish(n) for n in range(of)]
    arrivals = [delivery(published[n], 10.0 + i, to) for i, n in enumerate(order)]
    return [*published, *arrivals]


def test_at_least_once() -> None:
    whole = delivered([0, 1, 2, 3])
    assert texts(at_least_once, run_of(whole, listeners=1)) == []

    missed = texts(at_least_once, run_of(delivered([0, 1, 3]), listeners=1))
    assert missed == ["message 2 never reached listener 0"]
    both = texts(at_least_once, run_of(whole[:4], listeners=2))
    assert both[0] == "message 0 never reached 2 listeners"
    one = texts(at_least_once, run_of(whole, listeners=2))
    assert one[0] == "message 0 never reached listener 1"


def test_at_least_once_asks_nothing_of_what_was_not_acknowledged() -> None:
    ops = [publish(0, outcome="failed"), publish(1, outcome="unknown")]
    assert texts(at_least_once, run_of(ops, listeners=1)) == []


def test_at_most_once() -> None:
    assert texts(at_most_once, run_of(delivered([3, 0]))) == []
    found = list(at_most_once(run_of(delivered([0, 1, 0]))))
    assert isinstance(found[0], Violation)
    assert found[0].text == "message 0 reached listener 0 twice"
    assert len(found[0].witness) == 2


def test_two_listeners_may_get_the_same_message() -> None:
    ops = [*delivered([0], to=0), *delivered([0], to=1)]
    assert texts(at_most_once, run_of(ops)) == []


def test_in_order() -> None:
    assert texts(in_order, run_of(delivered([0, 2, 3]))) == []
    assert texts(in_order, run_of(delivered([0, 2, 1]))) == ["message 1 arrived after 2"]


def test_messages_published_at_once_or_by_others_have_no_order() -> None:
    together = [publish(0, at=0.0), publish(1, at=0.05)]
    arrivals = [delivery(together[1], 5.0), delivery(together[0], 6.0)]
    assert texts(in_order, run_of([*together, *arrivals])) == []
    apart = [publish(0, by=0), publish(1, by=1)]
    arrivals = [delivery(apart[1], 5.0), delivery(apart[0], 6.0)]
    assert texts(in_order, run_of([*apart, *arrivals])) == []


def test_no_gap() -> None:
    assert texts(no_gap, run_of(delivered([1, 2]))) == []
    assert texts(no_gap, run_of(delivered([0, 3]))) == [
        "listener 0 missed message 1",
        "listener 0 missed message 2",
    ]


@given(st.lists(st.integers(0, 7), max_size=16))
def test_deliveries_are_judged_as_by_definition(order: list[int]) -> None:
    run = run_of(delivered(order, of=8), listeners=1)

    missing = set(range(8)) - set(order)
    assert len(texts(at_least_once, run)) == len(missing)
    assert len(texts(at_most_once, run)) == len(order) - len(set(order))
    descents = sum(a > b for a, b in itertools.pairwise(order))
    assert len(texts(in_order, run)) == descents
    inner = [n for n in missing if order and min(order) < n < max(order)]
    assert len(texts(no_gap, run)) == len(inner)


def increments(acknowledged: int, unknown: int = 0, failed: int = 0) -> list[Op]:
    outcomes: list[Any] = ["ok"] * acknowledged + ["unknown"] * unknown + ["failed"] * failed
    return [Op("add", 0, "k", float(i), i + 0.5, o) for i, o in enumerate(outcomes)]


@given(st.integers(1, 5), st.integers(0, 3), st.integers(0, 3), st.integers(-4, 8))
def test_counted(acknowledged: int, unknown: int, failed: int, more: int) -> None:
    value = acknowledged + more
    client = SimpleNamespace(total=lambda key: value)
    run = run_of(increments(acknowledged, unknown, failed), client=client)

    found = texts(counted("add", "total"), run)

    assert found == (
        []
        if 0 <= more <= unknown
        else [f"key k: {acknowledged} acknowledged, the value is {value}"]
    )


def test_counted_knows_batches_and_leaves_out_keys_that_nobody_touched() -> None:
    client = SimpleNamespace(total=lambda key: 32)
    ops = increments(2)
    check = counted("add", "total")
    assert texts(check, run_of(ops, client=client, batches={"add": 16})) == []
    assert texts(check, run_of(ops, client=client)) == ["key k: 2 acknowledged, the value is 32"]
    other = [Op("read", 0, "other", 0.0, 1.0)]
    assert texts(check, run_of(other, client=client)) == []


def test_counted_reads_only_after_the_faults_are_healed() -> None:
    healed = []

    @contextmanager
    def settle(seconds: float) -> Iterator[object]:
        healed.append(True)
        yield None

    client = SimpleNamespace(total=lambda key: 1 if healed else 0)
    run = Run(History(increments(1)), 1, "Variant", "whole", None, settle, client)
    assert texts(counted("add", "total"), run) == []


def granted(*answers: object) -> list[Op]:
    return [Op("buy", i, "k", 0.0, float(i), result=a) for i, a in enumerate(answers)]


def test_at_most() -> None:
    assert texts(at_most(2, of="buy"), run_of(granted(True, True, False, None))) == []
    found = texts(at_most(2, of="buy"), run_of(granted(True, 1, "yes")))
    assert found == ["key k: 3 granted of 2"]


def test_conserved() -> None:
    def total(services: Any) -> float:
        return float(sum(services))

    assert texts(conserved(total, 100), run_of([], services=[40, 60])) == []
    found = texts(conserved(total, 100), run_of([], services=[40, 50]))
    assert found == ["the total is 90.0, it was 100"]


def versions(read_at: float, version: int) -> list[Op]:
    """Version 1 is written at 1.0, version 2 at 2.0, and a read begins at `read_at`."""
    writes = [Op("write", 0, "k", v - 0.5, float(v), result=v) for v in (1, 2)]
    return [*writes, Op("read", 1, "k", read_at, read_at + 0.1, result=version)]


def test_fresh_within() -> None:
    check = fresh_within(0.5)
    assert texts(check, run_of(versions(5.0, 2))) == []
    assert texts(check, run_of(versions(2.4, 1))) == []
    assert texts(check, run_of(versions(5.0, 1))) == [
        "read version 1, 3.00 s after it was replaced"
    ]
    assert texts(check, run_of(versions(5.0, 0))) == [
        "read version 0, 4.00 s after it was replaced"
    ]


def test_every_stock_check_is_known_as_one() -> None:
    made: list[Callable[..., object]] = [
        at_least_once,
        at_most_once,
        in_order,
        no_gap,
        counted("add", "total"),
        at_most(1, of="buy"),
        conserved(lambda services: 1.0, 1.0),
        fresh_within(1.0),
    ]
    assert all(getattr(check, "__stock__", False) for check in made)
