"""Every picture of every reference result of the book: drawn, valid, and honest about its ids."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from scalebook.book import pictures
from scalebook.book.units import all_units
from scalebook.results import PointRecord, Result, read_reference


def drawn(result: Result, ids: Iterator[str]) -> Iterator[str]:
    """All that the record allows, each with an id of its own."""
    yield pictures.curve(result, id=next(ids))
    yield pictures.verdict_plate(result, result.verdict.claim or "a claim")
    if result.checks or result.counterexamples:
        yield pictures.promises(result)
    for found in result.counterexamples:
        if found.steps:
            yield pictures.witness(found, id=next(ids))
    for record in result.points:
        yield from at_point(result, record, ids)
    for timeline in result.timelines:
        for op in timeline.buckets:
            given: Any = {"trial": timeline.trial, "op": op, "point": timeline.point}
            yield pictures.timeline(result, **given, show="failures", id=next(ids))
        for op in timeline.percentiles:
            yield pictures.percentiles(result, timeline.point, op, timeline.trial, id=next(ids))


def at_point(result: Result, record: PointRecord, ids: Iterator[str]) -> Iterator[str]:
    at = record.point
    held = list(record.variants.values())
    for op, plan in ((op, plan) for one in held for op, plan in one.evidence.plans.items()):
        assert op
        yield pictures.explain(plan, "PostgreSQL")
    for name in {name for one in held for name in one.statistics}:
        op, _, stat = name.rpartition(" ")
        if stat in ("median", "throughput") and op:
            yield pictures.bars(result, at, op, stat, id=next(ids))
        if stat == "median":
            yield pictures.percentiles(result, at, op, id=next(ids))
    for name in {name for one in held for name in one.evidence.figures}:
        yield pictures.bars(result, at, None, name, id=next(ids))
        yield pictures.table(result, figure=name)
    if any(one.evidence.counters for one in held):
        yield pictures.counters(result, at)
    if any(ratio.claim and ratio.value for ratio in record.ratios):
        yield pictures.ratios(result, at, id=next(ids))


def references() -> list[Result]:
    found = (read_reference(unit.folder / "result.json") for unit in all_units())
    return [result for result in found if result is not None]


@pytest.mark.parametrize("result", references(), ids=lambda result: result.unit)
def test_all_pictures_of_a_result_are_sound(result: Result, draft: Any) -> None:
    pictures_ = list(drawn(result, (f"p{i}" for i in count())))
    assert len(pictures_) > 3
    draft.check("".join(pictures_))  # All on one page: no id is there twice.
