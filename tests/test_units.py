"""Every lab of the book runs for real at its smallest point: invariants and exact evidence only."""

from collections.abc import Iterator

import pytest

from scalebook.book import all_units
from scalebook.book.units import Unit
from scalebook.engine import Workbench, run_unit
from scalebook.labfile import import_lab
from scalebook.results import Result, digest

LABS = [unit for unit in all_units() if "lab.py" in unit.files]


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    with Workbench() as bench:
        yield bench


def _marked(unit: Unit) -> object:
    mark = pytest.mark.unit(unit.id, digest(unit.folder / "lab.py"))
    return pytest.param(unit, id=unit.id, marks=mark)


def test_there_are_labs() -> None:
    assert {unit.number for unit in LABS} >= {1, 2, 3, 10, 27, 31}


@pytest.mark.parametrize("unit", [_marked(unit) for unit in LABS])
def test_lab(unit: Unit, bench: Workbench) -> None:
    lab = import_lab(unit.folder / "lab.py")
    outcome = run_unit(bench, unit, budget="quick", points=lab.points[:1], purpose="test", seed=1)
    result = outcome.result
    assert result.validity.valid, result.validity.problems
    assert all(check.violations == 0 for check in result.checks)
    assert all(example.caught for example in result.counterexamples)
    assert all(gate.passed for point in result.points for gate in point.gates)
    for promise in lab.resolved(lab.points[0]).promises:
        tried = result.checks if promise.kept_by else result.counterexamples
        assert promise.name in {one.promise for one in tried}
    assert Result.model_validate_json(result.model_dump_json()) == result
    EVIDENCE.get(unit.id, _nothing)(result)


def _nothing(result: Result) -> None:
    """A lab without exact evidence of its own at the smallest point."""
    del result


def _counter(result: Result, variant: str, name: str) -> float:
    return result.points[0].variants[variant].evidence.counters[name].value


def _figure(result: Result, variant: str, name: str) -> float:
    return result.points[0].variants[variant].evidence.figures[name].value


def _key_value_cache(result: Result) -> None:
    """A cached page is one GET; one that is not there costs a SET and a query as well."""
    assert _counter(result, "CacheAside", "page: redis get") == 1
    assert 0 < _counter(result, "CacheAside", "page: statements") < 1
    assert _counter(result, "DatabaseOnly", "page: statements") == 1
    assert _figure(result, "CacheAside", "redis hits") > _figure(
        result, "CacheAside", "redis misses"
    )


def _counter_lab(result: Result) -> None:
    """Sixteen increments for one call, sent as sixteen commands."""
    assert _counter(result, "Incr", "increment: redis incrby") == 1
    assert _counter(result, "Pipelined", "increment: redis incrby") == 16
    assert _counter(result, "DurableIncr", "increment: durable incrby") == 1


def _hyperloglog(result: Result) -> None:
    """A hundred members: HyperLogLog is sparse, a bitmap takes a bit each."""
    assert _figure(result, "HyperLogLog", "memory") < 1_000
    assert _figure(result, "Bitmap", "memory") < _figure(result, "Set", "memory")
    assert _figure(result, "Set", "error") == 0
    assert _figure(result, "HyperLogLog", "error") < 0.04


def _btree_index(result: Result) -> None:
    """An index is read where it is asked for, and costs disk and pages for each insert."""
    assert _figure(result, "BTree", "disk") > _figure(result, "NoIndex", "disk")
    assert _counter(result, "BTree", "add: buffers") > _counter(result, "NoIndex", "add: buffers")


def _isolation_levels(result: Result) -> None:
    """At read committed nothing is refused for serialisation, so nothing is run again."""
    assert _figure(result, "ReadThenWrite", "racing: retries") == 0


EVIDENCE = {
    "redis/key-value-cache": _key_value_cache,
    "redis/counter": _counter_lab,
    "redis/hyperloglog": _hyperloglog,
    "databases/btree-index": _btree_index,
    "databases/isolation-levels": _isolation_levels,
}
