"""Run one unit: import its lab, measure, and hand back the record."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scalebook.engine.arm import LabFile
from scalebook.engine.bench import Workbench
from scalebook.engine.budget import budget as budget_named
from scalebook.engine.budget import quoted, tested
from scalebook.engine.labrun import LabRun, Named
from scalebook.engine.outcome import Outcome, outcome
from scalebook.errors import LabError, ScalebookError, UsageError
from scalebook.labfile import import_lab
from scalebook.results.environment import observe
from scalebook.results.record import now

__all__ = ["run_unit"]

NO_SETTINGS: Mapping[str, object] = MappingProxyType({})


def run_unit(
    bench: Workbench,
    unit: Named,
    *,
    budget: str = "default",
    settings: Mapping[str, object] = NO_SETTINGS,
    points: Sequence[Any] | None = None,
    purpose: str = "run",
    seed: int | None = None,
) -> Outcome:
    """Measure a unit's lab within a budget and return its record; Ctrl-C keeps what there is.

    `settings` replaces constants of the lab, `points` the points of its axis, `seed` decides
    every random choice. Raises a ScalebookError: of the lab (2), a missing engine (3), the
    harness (4).
    """
    limits = budget_named(budget)
    if purpose == "reference":
        limits = quoted(limits)
    elif purpose == "test":
        limits = tested(limits)
    file = LabFile(Path(unit.folder).resolve() / "lab.py", dict(settings))
    lab = import_lab(file.path, settings)
    chosen = _points(lab.points, points, lab.axis) or limits.points(lab.points)
    if seed is None:
        seed = secrets.randbelow(1_000_000)
    started = now()
    environment = observe(bench.run.path)
    run = LabRun(
        bench,
        unit,
        file,
        lab,
        limits,
        chosen,
        seed,
        quoted=purpose == "reference",
        more_points=limits.all_points and points is None,
    )
    run.tell(
        "run-started",
        points=chosen,
        variants=[v.__name__ for v in run.at[chosen[0]].variants],
        budget=budget,
        seed=seed,
        axis=lab.axis,
        question=unit.question,
    )
    interrupted = False
    bench.seed = seed
    try:
        run.measure()
    except KeyboardInterrupt:
        interrupted = True
        run.tell("note", text="interrupted: keeping what was measured")
    except Exception as error:
        bench.demand_alive()  # What follows from an engine's death is not the lab's fault.
        bench.forget_loads()
        explained = _in_lab(error, file.path)
        if explained is None:
            raise
        raise explained from error
    bench.forget_loads()
    found = outcome(
        run, started=started, environment=environment, purpose=purpose, interrupted=interrupted
    )
    _tell_end(run, found)
    return found


def _tell_end(run: LabRun, found: Outcome) -> None:
    """The last two events of a run."""
    result = found.result
    verdict = result.verdict
    run.tell(
        "verdict",
        state=verdict.state,
        reason=verdict.reason,
        crossing=verdict.crossing.model_dump() if verdict.crossing else None,
    )
    run.tell(
        "run-finished",
        run=result.run,
        valid=result.validity.valid,
        seconds=round((result.finished - result.started).total_seconds(), 1),
    )


def _in_lab(error: Exception, path: Path) -> LabError | None:
    """The error with the line of the lab where it arose; None if it is none of the lab's."""
    if isinstance(error, ScalebookError) and not isinstance(error, LabError):
        return None
    what = error.what if isinstance(error, LabError) else f"{type(error).__name__}: {error}"
    for cause in (error, error.__cause__):
        frames = traceback.extract_tb(cause.__traceback__ if cause else None)
        lines = [frame.lineno for frame in frames if frame.filename == str(path)]
        if lines and str(path) not in what:
            remedy = getattr(error, "remedy", None) or "mend that line of the lab"
            return LabError(f"{path}:{lines[-1]}: {what}", remedy=remedy)
    return None


def _points(known: list[Any], wanted: Sequence[Any] | None, axis: str) -> list[Any]:
    """The points asked for, as the axis has them; any number on an axis of numbers."""
    if wanted is None:
        return []
    numeric = all(isinstance(p, int | float) for p in known)
    found = []
    for text in wanted:
        same = [p for p in known if str(p) == str(text)]
        if same:
            found.append(same[0])
            continue
        try:
            if not numeric:
                raise ValueError
            number = float(text)
        except (TypeError, ValueError):
            choice = ", ".join(str(p) for p in known)
            raise UsageError(f"{text!r} is no point of {axis!r}", remedy=f"try {choice}") from None
        found.append(int(number) if number.is_integer() else number)
    return sorted(dict.fromkeys(found)) if numeric else list(dict.fromkeys(found))
