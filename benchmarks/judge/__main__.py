"""`python -m benchmarks.judge`: is the judge right about answers that are known, as a table?"""

import argparse
import sys
import time
from collections.abc import Iterator

from benchmarks.judge.answers import answers
from benchmarks.judge.rows import Count, labs
from benchmarks.judge.speed import reference, slow
from benchmarks.judge.watching import kills

__all__ = ["main"]

ROWS = ("answers", "often", "reference", "half", "kills")
OFTEN = ("redis/counter", "redis/distributed-lock", "databases/isolation-levels")
"""The labs that are judged more often than the others."""
GOOD = "✓ |"


def rows(asked: argparse.Namespace) -> Iterator[str]:
    """The lines of the table, as they are known; what was missed comes below each."""
    units = list(labs(tuple(asked.unit)))
    if "answers" in asked.rows:
        for unit in units:
            yield from map(_told, answers(unit, asked.times or 3))
    if "often" in asked.rows:
        for unit in labs(tuple(asked.unit) or OFTEN):
            yield from map(_told, answers(unit, asked.times or 20))
    if "reference" in asked.rows:
        row, failed = reference(units, asked.times or 50)
        row.what += f" ({failed} failed)"
        yield _told(row, passed=failed == 0 and row.good >= 0.96 * row.times)
    if "half" in asked.rows:
        yield _told(slow(units, asked.times or 20))
    if "kills" in asked.rows:
        yield _told(kills(asked.times or 20))


def _told(row: Count, passed: bool | None = None) -> str:
    """A line of the table, and each miss as a comment."""
    return "\n".join([row.row(passed), *(f"<!-- {miss} -->" for miss in row.misses)])


def main() -> int:
    """Print the table, the rows as they are measured; 1 if one is not as required."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[[], *ROWS], help="all, unless named")
    parser.add_argument("--unit", action="append", default=[], help="these labs only")
    parser.add_argument("--times", type=int, help="so often, in place of the required number")
    asked = parser.parse_args()
    asked.rows = asked.rows or list(ROWS)
    begun = time.perf_counter()
    print("| answer | required | judged so | median s | |\n|---|---|---|---|---|", flush=True)
    lines = []
    for line in rows(asked):
        print(line, flush=True)
        lines.append(line)
    bad = [line for line in lines if not line.splitlines()[0].endswith(GOOD)]
    print(f"\n{len(lines) - len(bad)} of {len(lines)} rows as required, ", end="")
    print(f"{time.perf_counter() - begun:.0f} s in all")
    return 1 if bad or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
