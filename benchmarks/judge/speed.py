"""The whole judgement with its bar: of the reference itself, and of one at half its speed."""

import itertools
import statistics

from benchmarks.judge.rows import Count, judged
from scalebook.book import Unit
from scalebook.errors import ScalebookError
from scalebook.labfile import import_lab
from scalebook.practice.judge import PARTS

__all__ = ["FAST", "half", "reference", "slow"]

FAST = {"Speedup", "ThroughputRatio", "Latency", "Throughput"}
"""Claims that are about speed."""
TWICE = """

class HalfAsFast({technique}):
    def {operation}(self, *given):
        super().{operation}(*given)
        return super().{operation}(*given)
"""
ASKS_TOO = """

class HalfAsFast({technique}):
    def increment(self, key):
        self.total(key)
        return super().increment(key)
"""
WAITS = """

class HalfAsFast({technique}):
    def {operation}(self, *given):
        import time

        begun = time.perf_counter()
        result = super().{operation}(*given)
        time.sleep(time.perf_counter() - begun)
        return result
"""
SLOWED = {"redis/counter": ASKS_TOO, "redis/key-value-cache": WAITS}
"""Doing it twice would count twice; or its second time would be a hit in the cache."""


def half(unit: Unit) -> str | None:
    """The lab with a class `HalfAsFast` that does double work; None without a claim of speed."""
    claim = import_lab(unit.folder / "lab.py").claim
    if type(claim).__name__ not in FAST:
        return None
    names = {"technique": claim.technique.__name__, "operation": claim.of}
    text = (unit.folder / "lab.py").read_text(encoding="utf-8")
    return text + SLOWED.get(unit.id, TWICE).format(**names)


def reference(units: list[Unit], times: int) -> tuple[Count, int]:
    """The lab's own technique as if it were a learner's, `times` in turn; and how many failed."""
    row = Count(
        f"the reference of {len(units)} labs, with the bar", "at least 96 % pass, none fails"
    )
    failed = 0
    for unit in itertools.islice(itertools.cycle(units), times):
        found = judged(unit, (unit.folder / "lab.py").read_text(encoding="utf-8"))
        if isinstance(found, ScalebookError):
            row.add(False, 0.0, f"{unit.id}: harness: {found}")
            continue
        said = "; ".join(finding.text for finding in found.findings)
        row.add(found.verdict == "pass", found.seconds, f"{unit.id}: {found.verdict}: {said}")
        failed += found.verdict == "fail"
    return row, failed


def slow(unit: Unit, text: str, times: int) -> Count:
    """One at half the speed, judged by the bar alone; its misses are passes."""
    row, ratios = Count(f"{unit.id}: half as fast", "never passes"), []
    for _ in range(times):
        found = judged(unit, text, "HalfAsFast", PARTS[-1:])
        if isinstance(found, ScalebookError):
            row.add(False, 0.0, f"harness: {found}")
            continue
        row.add(found.verdict != "pass", found.seconds, f"passed: {found.bar}")
        ratios += [found.bar.value] if found.bar else []
    if ratios:
        row.what += f" (median ratio {statistics.median(ratios):.2f})"
    return row
