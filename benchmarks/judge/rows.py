"""What a row of the table is, and how a solution is judged for it."""

import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from scalebook.book import Unit, all_units
from scalebook.errors import ScalebookError
from scalebook.practice.front import Exercise, judge
from scalebook.practice.judge import PARTS
from scalebook.practice.judgement import Judgement

__all__ = ["Count", "judged", "labs"]


@dataclass
class Count:
    """How often an answer was judged as it must be; `seconds` of each, and `misses` in words."""

    what: str
    required: str
    good: int = 0
    times: int = 0
    seconds: list[float] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)

    def add(self, good: bool, seconds: float, miss: str) -> None:
        """One more judgement; told at once, for a table of hours."""
        self.times += 1
        self.good += good
        self.seconds.append(seconds)
        if not good:
            self.misses.append(miss)
        told = f"{self.what}: {self.good} of {self.times}, {seconds:.0f} s"
        sys.stderr.write(f"{told}{'' if good else f': {miss}'}\n")

    def row(self, passed: bool | None = None) -> str:
        """As a line of the table; all must be good unless `passed` says otherwise."""
        mark = "✓" if (self.good == self.times if passed is None else passed) else "✗"
        took = statistics.median(self.seconds) if self.seconds else 0.0
        count = f"{self.good} of {self.times}"
        return f"| {self.what} | {self.required} | {count} | {took:.1f} | {mark} |"


def labs(names: tuple[str, ...]) -> Iterator[Unit]:
    """The units of the book that have a lab with a stored result, or those that are named.

    A lab without a result is still being written.
    """
    for unit in all_units():
        proven = (unit.folder / "result.json").exists()
        if unit.has_lab and (unit.id in names or (not names and proven)):
            yield unit


def judged(
    unit: Unit, text: str, named: str | None = None, parts: tuple[str, ...] = PARTS
) -> Judgement | ScalebookError:
    """Judge a solution; a fault of the harness is a result here, not an end."""
    exercise = Exercise(unit, text, f"{unit.folder}/solution.py", named=named, parts=parts)
    try:
        return judge(exercise)
    except ScalebookError as error:
        return error
