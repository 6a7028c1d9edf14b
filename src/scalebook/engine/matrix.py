"""The promise matrix: which variant kept which promise, and who was caught breaking one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from scalebook.engine.events import Reporter
from scalebook.errors import LabError
from scalebook.lab import Client, Op, Promise, Run, Violation
from scalebook.results.record import CheckRecord, Counterexample
from scalebook.results.timelines import WitnessStep

__all__ = ["Cell", "Matrix", "steps_of", "told"]

WITNESS_LINES = 12


@dataclass
class Cell:
    """One promise on one variant in one kind of trial."""

    promise: Promise
    variant: str
    trial: str
    attempts: int = 0
    violations: int = 0
    seed: int | None = None
    witness: tuple[str, ...] = ()
    steps: tuple[WitnessStep, ...] = ()
    point: Any = None


@dataclass
class Matrix:
    """Checks the promises on every run that it is told of.

    `histories` keeps the operations of the runs in which somebody was caught, smallest first.
    """

    unit: str
    reporter: Reporter
    cells: dict[tuple[str, str | None, str, bool, str, Any], Cell] = field(default_factory=dict)
    """(promise, under, variant, kept, trial, point) -> what was seen; one for all points (None)
    where the promise should be kept, one for each where somebody should be caught."""
    flags: dict[tuple[Any, Any, str], bool] = field(default_factory=dict)
    """(check, point, variant) -> kept in every run so far."""
    keep_all: bool = False
    """Keep one history of everybody, as a quoted run must, not only of those who were caught."""
    histories: dict[tuple[str, str, str], list[Op]] = field(default_factory=dict)

    def judge(
        self, promises: Sequence[Promise], variant: type[Client], run: Run, seed: int
    ) -> bool:
        """Check one run; true if somebody who should break a promise was caught in it."""
        if self.keep_all:
            self.histories[(run.variant, run.trial, "")] = list(run.history)
        caught = False
        found: dict[Callable[..., Any], list[Violation]] = {}
        for promise in promises:
            if promise.check not in found:
                found[promise.check] = self._violations(promise, run)
            violations = found[promise.check]
            key = (promise.check, run.at, run.variant)
            self.flags[key] = self.flags.get(key, True) and not violations
            listed = variant in promise.kept_by or variant in promise.broken_by
            if not listed or promise.under not in (None, run.trial):
                continue
            self._note(promise, variant in promise.kept_by, run, seed, violations)
            caught = caught or (bool(violations) and variant in promise.broken_by)
        return caught

    def wants(self, promise: Promise, variant: type[Client], trial: str) -> bool:
        """Is this promise to be tried on this variant in this kind of trial?"""
        listed = variant in promise.kept_by or variant in promise.broken_by
        return listed and promise.under in (None, trial)

    def was_caught(self, promise: Promise, variant: type[Client]) -> bool:
        """Has this variant broken this promise yet?"""
        return any(c.violations for c in self._cells(promise, variant, kept=False))

    def checks(self) -> list[CheckRecord]:
        """One record per promise, variant that should keep it, and kind of trial."""
        return [
            CheckRecord(
                promise=promise,
                variant=variant,
                trial=trial,
                attempts=cell.attempts,
                violations=cell.violations,
                under=under,
                point=cell.point,
                witness=cell.witness,
                steps=cell.steps,
            )
            for (promise, under, variant, kept, trial, _), cell in self.cells.items()
            if kept
        ]

    def counterexamples(self, replay: str) -> list[Counterexample]:
        """One record per promise, variant that should break it, and point where it was caught.

        Who was caught nowhere has one record that says so.
        """
        groups: dict[tuple[str, str | None, str, Any], list[Cell]] = {}
        for (promise, under, variant, kept, _, point), cell in self.cells.items():
            if not kept:
                groups.setdefault((promise, under, variant, point), []).append(cell)
        caught = {key[:3] for key, cells in groups.items() if any(c.violations for c in cells)}
        records, told_once = [], set()
        for (promise, under, variant, _), cells in groups.items():
            cell = next((c for c in cells if c.violations), cells[0])
            who = (promise, under, variant)
            if not cell.violations and (who in caught or who in told_once):
                continue
            told_once.add(who)
            records.append(
                Counterexample(
                    promise=promise,
                    variant=variant,
                    trial=cell.trial,
                    caught=cell.violations > 0,
                    attempts=sum(c.attempts for c in cells),
                    seed=cell.seed,
                    witness=cell.witness,
                    steps=cell.steps,
                    replay=replay if cell.violations else None,
                    under=under,
                    point=cell.point,
                )
            )
        return records

    def problems(self, promises: Sequence[Promise]) -> list[str]:
        """Where reality differs from the matrix, in words; `promises` of all points."""
        found = []
        for promise in promises:
            for variant in promise.kept_by:
                cells = self._cells(promise, variant, kept=True)
                name = f"{variant.__name__} should keep '{promise.name}'"
                broken = [c for c in cells if c.violations]
                if broken:
                    first = broken[0].witness[0] if broken[0].witness else "a violation"
                    where = f"{broken[0].trial} at {broken[0].point}"
                    found.append(f"{name}, but broke it in {where}: {first}")
                elif not cells:
                    found.append(f"{name}, but no trial tried it")
            for variant in promise.broken_by:
                if not self.was_caught(promise, variant):
                    tried = sum(c.attempts for c in self._cells(promise, variant, kept=False))
                    name = f"{variant.__name__} should break '{promise.name}'"
                    found.append(f"{name}, but {tried} attempts did not catch it")
        return list(dict.fromkeys(found))

    def _cells(self, promise: Promise, variant: type[Client], *, kept: bool) -> list[Cell]:
        wanted = (promise.name, promise.under, variant.__name__, kept)
        return [cell for key, cell in self.cells.items() if key[:4] == wanted]

    def _violations(self, promise: Promise, run: Run) -> list[Violation]:
        try:
            said = list(promise.check(run) or ())
        except LabError:
            raise
        except Exception as error:
            where = f"the check '{promise.name}' failed on {run.variant} at {run.at}"
            raise LabError(f"{where}: {type(error).__name__}: {error}") from error
        return [v if isinstance(v, Violation) else Violation(v) for v in said]

    def _note(
        self, promise: Promise, kept: bool, run: Run, seed: int, violations: list[Violation]
    ) -> None:
        where = None if kept else run.at
        key = (promise.name, promise.under, run.variant, kept, run.trial, where)
        cell = self.cells.setdefault(key, Cell(promise, run.variant, run.trial))
        cell.attempts += 1
        if not violations:
            return
        smallest = min(violations, key=lambda v: len(v.witness) or WITNESS_LINES)
        lines = told(smallest, run)
        if not cell.violations or len(lines) < len(cell.witness):
            cell.witness, cell.seed, cell.point = lines, seed, run.at
            cell.steps = steps_of(smallest, run)
            self.histories[(run.variant, run.trial, promise.name)] = list(run.history)
        cell.violations += len(violations)
        if cell.violations == len(violations):
            self.reporter(
                {
                    "event": "caught",
                    "unit": self.unit,
                    "promise": promise.name,
                    "variant": run.variant,
                    "trial": run.trial,
                    "seed": seed,
                    "attempts": cell.attempts,
                    "text": smallest.text,
                }
            )


def told(violation: Violation, run: Run) -> tuple[str, ...]:
    """The violation and the operations that show it, one line each, in the order of their start."""
    events: list[tuple[float, str]] = [(op.start, _line(op)) for op in _shown(violation, run)]
    events += [(start, f"{kind} {target}") for kind, target, start, _ in run.windows]
    events.sort()
    origin = events[0][0] if events else 0.0
    lines = [f"{(moment - origin) * 1e3:9.1f} ms  {text}" for moment, text in events]
    return (violation.text, *lines[:WITNESS_LINES])


def steps_of(violation: Violation, run: Run) -> tuple[WitnessStep, ...]:
    """The operations that show the violation, for a picture of them."""
    ops = _shown(violation, run)[:WITNESS_LINES]
    origin = ops[0].start if ops else 0.0
    return tuple(
        WitnessStep(
            who=_who(op),
            what=f"{op.name}({op.key!r})",
            answer=(repr(op.result) if op.outcome == "ok" else op.outcome)[:80],
            start=op.start - origin,
            end=op.end - origin,
            guilty=bool(violation.witness) and op is violation.witness[-1],
        )
        for op in ops
    )


def _shown(violation: Violation, run: Run) -> list[Op]:
    """The witness; of a short race under the scheduler, all that happened."""
    everything = run.trial.startswith("interleaved") and len(run.history) <= WITNESS_LINES
    return sorted(run.history if everything else violation.witness, key=lambda op: op.start)


def _who(op: Op) -> str:
    return f"{op.role or 'worker'} {op.session}"


def _line(op: Op) -> str:
    answer = f"-> {op.result!r}" if op.outcome == "ok" else f"{op.outcome}: {op.error}"
    taken = (op.end - op.start) * 1e3
    return f"{_who(op)}: {op.name}({op.key!r}) {answer}, {taken:.1f} ms"[:160]
