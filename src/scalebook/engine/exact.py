"""Exact labs: no requests and no clock; each variant is built once per point and seed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import psycopg
import redis

from scalebook.engine.arm import Arm, LabFile
from scalebook.engine.bench import Workbench
from scalebook.engine.comparison import own_figures
from scalebook.errors import LabError
from scalebook.lab import Client, Exact, Items, Op, Run, same
from scalebook.lab.lab import LabAt
from scalebook.results.figures import Gate, TrialRecord

__all__ = ["ExactPoint"]


class ExactPoint:
    """All builds of all variants at one point."""

    def __init__(
        self,
        bench: Workbench,
        file: LabFile,
        lab: LabAt,
        variants: Sequence[type[Client]],
        trial: Exact,
    ) -> None:
        self.bench = bench
        self.file = file
        self.lab = lab
        self.variants = list(variants)
        self.trial = trial
        self.trials: dict[str, list[TrialRecord]] = {v.__name__: [] for v in variants}
        self.units: dict[str, dict[str, str]] = {v.__name__: {} for v in variants}
        self.gates: list[Gate] = []

    def build(self, seed: int, number: int, share: float = 1.0) -> list[tuple[type[Client], Run]]:
        """Build every variant from `seed`; compare the answers that should agree.

        With a `share` there are that many times fewer members than the point says.
        """
        answers: dict[str, dict[str, Any]] = {}
        runs: list[tuple[type[Client], Run]] = []
        for variant in self.variants:
            with Arm(self.bench, self.file, self.lab, variant) as arm:
                op = self._fill(arm, seed, share)
                figures = own_figures(arm)
                self.units[variant.__name__] = {n: f.unit for n, f in figures.items()}
                answers[variant.__name__] = {
                    method: getattr(arm.observer(), method)() for method in self.lab.agree
                }
                self.trials[variant.__name__].append(
                    TrialRecord(
                        seed=seed,
                        pair=number,
                        order=len(runs),
                        kind="exact",
                        seconds=op.seconds,
                        figures={n: f.value for n, f in figures.items()},
                    )
                )
                runs.append((variant, arm.as_run([op], self.trial.name)))
        self._compare(answers)
        return runs

    def _fill(self, arm: Arm, seed: int, share: float) -> Op:
        client = arm.observer()
        items = Items(max(1, int(self.lab.point * share)), seed)
        begun = time.perf_counter()
        try:
            result = getattr(client, self.trial.method)(items)
        except (psycopg.Error, redis.RedisError) as error:
            what = f"{arm.variant.__name__}.{self.trial.method} at {self.lab.point}"
            raise LabError(f"{self.file.path}: {what} failed: {error}") from error
        return Op(self.trial.method, 0, seed, begun, time.perf_counter(), result=result)

    def _compare(self, answers: dict[str, dict[str, Any]]) -> None:
        first = self.variants[0].__name__
        for method in self.lab.agree:
            agree = self.lab.agree.get(method, same)
            expected = answers[first][method]
            wrong = {n: a[method] for n, a in answers.items() if not agree(expected, a[method])}
            named = ", ".join(f"{n} {value!r}" for n, value in wrong.items())
            detail = f"{method}: {agree.__name__}"
            if wrong:
                detail = f"{method}: {first} {expected!r}, {named} ({agree.__name__})"
            self.gates.append(Gate(name="equal answers", passed=not wrong, detail=detail[:300]))
