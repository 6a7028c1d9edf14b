"""Is an exercise fair, again and again: starter, reference, broken variants, correctness only?"""

from collections.abc import Iterator

from benchmarks.judge.rows import Count
from scalebook.book import Unit
from scalebook.errors import ScalebookError
from scalebook.practice.rehearse import rehearse

__all__ = ["answers"]


def answers(unit: Unit, times: int) -> Iterator[Count]:
    """One row per answer: what `verify --exercise` judges, with new seeds each time."""
    found: dict[str, Count] = {}
    for _ in range(times):
        try:
            for one in rehearse(unit):
                promises = " or ".join(f"“{promise}”" for promise in one.promises)
                required = one.wanted + (f" by {promises}" if promises else "")
                row = found.setdefault(one.who, Count(f"{unit.id}: {one.who}", required))
                row.add(one.good, one.found.seconds, one.text)
        except ScalebookError as error:
            row = found.setdefault("harness", Count(f"{unit.id}: the harness", "no fault"))
            row.add(False, 0.0, str(error))
    yield from found.values()
