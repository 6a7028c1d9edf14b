"""The whole judgement with its bar: of the reference itself, and of one at half its speed."""

import itertools
import statistics
from collections import Counter

from benchmarks.judge.rows import Count, judged
from scalebook.book import Unit
from scalebook.errors import ScalebookError
from scalebook.lab import Invariant, Saving
from scalebook.labfile import import_lab
from scalebook.practice.judge import PARTS

__all__ = ["half", "reference", "slow"]

SLOWER = """

class HalfAsFast({technique}):
    def {operation}(self, *given):
        {body}
"""
TWICE = """super().{operation}(*given)
        return super().{operation}(*given)"""
ASKS_TOO = """self.total(*given)
        return super().{operation}(*given)"""
WAITS = """import time

        begun = time.perf_counter()
        result = super().{operation}(*given)
        time.sleep(time.perf_counter() - begun)
        return result"""
SLOWED = {
    "caching/redis-analytics": TWICE,
    "databases/btree-index": TWICE,
    "redis/counter": ASKS_TOO,
    "redis/leaderboard": TWICE,
}
"""Half the speed by double work where that changes no answer; elsewhere by waiting as long again,
because doing it twice would count twice, or find the second time in the cache."""


def half(unit: Unit) -> str | None:
    """The lab with a class `HalfAsFast`; None where its claim is not of one operation's speed."""
    claim = import_lab(unit.folder / "lab.py").claim
    if isinstance(claim, Invariant | Saving) or not hasattr(claim.technique, claim.of):
        return None
    body = SLOWED.get(unit.id, WAITS).format(operation=claim.of)
    names = {"technique": claim.technique.__name__, "operation": claim.of, "body": body}
    return (unit.folder / "lab.py").read_text(encoding="utf-8") + SLOWER.format(**names)


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


def slow(units: list[Unit], times: int) -> Count:
    """Solutions at half the speed, `times` in turn, by the bar alone; its misses are passes."""
    solutions = [(unit, text) for unit in units if (text := half(unit))]
    row, ratios = Count(f"half as fast, over {len(solutions)} labs", "never passes"), []
    ended: Counter[str] = Counter()
    for unit, text in itertools.islice(itertools.cycle(solutions), times):
        found = judged(unit, text, "HalfAsFast", PARTS[-1:])
        if isinstance(found, ScalebookError):
            row.add(False, 0.0, f"{unit.id}: harness: {found}")
            continue
        other = [one for one in found.findings if one.kind not in ("bar", "few")]
        missed = found.verdict != "pass" and not other
        row.add(missed, found.seconds, f"{unit.id}: {found.verdict}: {found.bar}, {other}")
        ended[found.verdict] += 1
        ratios += [found.bar.value] if found.bar else []
    if ratios:
        said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(ended.items()))
        row.what += f" (median ratio {statistics.median(ratios):.2f}; {said})"
    return row
