"""The engine alone: the same operation from a native load generator."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Self

from scalebook.engine.arm import Arm, LabFile
from scalebook.engine.bench import Workbench
from scalebook.lab import Client
from scalebook.lab.lab import LabAt
from scalebook.lab.native import Native
from scalebook.load.native import NativeReport, measure

__all__ = ["NativePoint", "native_ops"]


def native_ops(variants: Sequence[type[Client]]) -> dict[str, list[type[Client]]]:
    """Operation -> the variants that have it for a native generator, where at least two do."""
    found: dict[str, list[type[Client]]] = {}
    for variant in variants:
        for op in variant.native:
            found.setdefault(op, []).append(variant)
    return {op: having for op, having in found.items() if len(having) > 1}


class NativePoint:
    """Runs of the generators at one point, alternating; a context manager.

    An operation is called once by its client with key 0 before, so that what it leaves behind
    (a cached copy) is there.
    """

    def __init__(
        self,
        bench: Workbench,
        file: LabFile,
        lab: LabAt,
        variants: Sequence[type[Client]],
        ops: Sequence[str],
        seed: int,
    ) -> None:
        self.bench = bench
        self.seed = seed
        self.ops = {op: having for op, having in native_ops(variants).items() if op in ops}
        having = [v for v in variants if any(v in vs for vs in self.ops.values())]
        self._arms = {v.__name__: Arm(bench, file, lab, v) for v in having}
        self._stack = ExitStack()
        self.reports: dict[tuple[str, str], list[NativeReport]] = {}

    def __enter__(self) -> Self:
        try:
            for arm in self._arms.values():
                self._stack.enter_context(arm)
                for op in arm.variant.native:
                    getattr(arm.observer(), op)(0)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add_pair(self, seconds: float) -> None:
        """One run of `seconds` for each variant of each operation, in random order."""
        for op, variants in self.ops.items():
            order = list(variants)
            number = len(self.reports.get((op, order[0].__name__), ()))
            random.Random(f"{self.seed}/{op}/{number}").shuffle(order)  # noqa: S311 - seeded
            for variant in order:
                name = variant.__name__
                report = self._measure(self._arms[name], variant.native[op], seconds)
                self.reports.setdefault((op, name), []).append(report)

    def log_ratios(self, op: str, technique: str, over: str) -> list[float]:
        """One log-ratio of throughputs per pair; above 0 the technique is better."""
        ours, theirs = self.reports.get((op, technique), []), self.reports.get((op, over), [])
        pairs = zip(ours, theirs, strict=False)
        return [
            math.log(a.throughput_per_second / b.throughput_per_second)
            for a, b in pairs
            if a.throughput_per_second > 0 and b.throughput_per_second > 0
        ]

    def _measure(self, arm: Arm, native: Native, seconds: float) -> NativeReport:
        access = arm.services[native.on]
        return measure(self.bench.run, self.bench.provisions, access, native, seconds)
