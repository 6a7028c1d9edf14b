"""`python -m benchmarks.trust.failover`: labs that kill engines, again and again, as a table.

Each must come to the same state, its crossing within a factor of two, and leave nothing behind.
Two runs at a time share the machine's ports, so a collision shows as a run that fails.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.trust.place import Place, places

__all__ = ["UNITS", "Repeated", "main", "repeated"]

UNITS = ("redis/cluster", "caching/redis-replication", "redis/persistence")
FACTOR = 2.0
"""How far apart the crossings of one lab may be."""


@dataclass
class Repeated:
    """What so many quick runs of a unit came to, and what they left; seeds are 1, 2, 3...

    `states`: how often each verdict. `crossings`: of the runs that have one. `wrong`: failures,
    processes and files that were left, in words.
    """

    unit: str
    runs: int = 0
    states: Counter[str] = field(default_factory=Counter)
    crossings: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, result: dict[str, Any]) -> None:
        """One run that came to its end."""
        verdict = result["verdict"]
        self.states[verdict["state"]] += 1
        if verdict["crossing"]:
            self.crossings.append(verdict["crossing"]["at"])
        self.wrong += result["validity"]["problems"]

    @property
    def spread(self) -> float:
        """The largest crossing over the smallest; 1 where there is none."""
        if not self.crossings or min(self.crossings) == max(self.crossings):
            return 1.0
        return max(self.crossings) / min(self.crossings)

    @property
    def good(self) -> bool:
        """One state, crossings close together, and nothing wrong?"""
        told = sum(self.states.values()) == self.runs
        return told and len(self.states) == 1 and self.spread <= FACTOR and not self.wrong

    def row(self) -> str:
        """As a line of the table."""
        states = ", ".join(f"{state} {count}x" for state, count in self.states.items())
        apart = f"{self.spread:.2f}" if self.crossings else "none found"
        mark = "✓" if self.good else "✗"
        return f"| {self.unit} | {self.runs} | {states} | {apart} | {len(self.wrong)} | {mark} |"


def repeated(place: Place, unit: str, times: int, at_once: int = 2) -> Repeated:
    """Run a unit `times`, `at_once` of them beside each other, and look at what is left."""
    found = Repeated(unit)
    for seeds in _batches(range(1, times + 1), at_once):
        children = {
            seed: place.start("run", "--quick", unit, "--seed", str(seed), "--json")
            for seed in seeds
        }
        for seed, child in children.items():
            out, err = child.communicate()
            found.runs += 1
            if child.returncode not in (0, 1):
                found.wrong.append(f"seed {seed}: exit status {child.returncode}: {err.strip()}")
                continue
            (result,) = json.loads(out)
            found.add(result)
        found.wrong += [f"process {pid} was left" for pid in place.census.strays()]
        found.wrong += [f"{path} was left" for path in place.run_directories()]
    return found


def _batches(seeds: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for first in range(0, len(seeds), size):
        yield seeds[first : first + size]


def main() -> None:
    """Print the table; what was wrong comes below each row."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trust.failover")
    parser.add_argument("units", nargs="*", default=list(UNITS), metavar="UNIT")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--at-once", type=int, default=2)
    asked = parser.parse_args()
    print("| lab | runs | verdicts | crossings apart | wrong | |\n|---|---|---|---|---|---|")
    with places() as place:
        for unit in asked.units:
            found = repeated(place, unit, asked.times, asked.at_once)
            print("\n".join([found.row(), *(f"<!-- {one} -->" for one in found.wrong)]), flush=True)


if __name__ == "__main__":
    main()
