"""PostgreSQL and Redis together, from a warm template: how long until both are ready?"""

import statistics
import time

from scalebook.engine import Workbench
from scalebook.services import Postgres, Redis

__all__ = ["main", "start_seconds"]


def start_seconds() -> float:
    """From nothing to both engines ready, the run directory included."""
    begun = time.perf_counter()
    with Workbench() as bench:
        bench.warm({"pg": Postgres(), "redis": Redis()})
        return time.perf_counter() - begun


def main(times: int = 20) -> None:
    """Print the table; the first start, which may have to make the template, does not count."""
    start_seconds()
    taken = [start_seconds() for _ in range(times)]
    print("| starts of both engines | median s | longest s | required |\n|---|---|---|---|")
    print(f"| {times} | {statistics.median(taken):.2f} | {max(taken):.2f} | median at most 1 |")


if __name__ == "__main__":
    main()
