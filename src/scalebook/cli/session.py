"""One `scalebook run`: unit after unit, each told, stored, and counted into the exit status."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from scalebook.book import Unit
from scalebook.cli import choices, failure
from scalebook.cli.progress import Progress
from scalebook.cli.report import print_report
from scalebook.cli.screen import screen
from scalebook.errors import HarnessError, ScalebookError
from scalebook.practice import progress as reader
from scalebook.results import Result, now, write_reference
from scalebook.results.store import Store, StoredHistory

if TYPE_CHECKING:
    from scalebook.engine import Outcome, Workbench

__all__ = ["Order", "Session"]


@dataclass(frozen=True)
class Order:
    """How the units are to be run, and how it is told: `form`."""

    budget: str = "default"
    settings: Mapping[str, object] = field(default_factory=dict)
    engines: Mapping[str, str] = field(default_factory=dict)
    points: list[object] | None = None
    seed: int | None = None
    reference: bool = False
    form: Literal["report", "events", "json"] = "report"


class Session:
    """Runs units one after the other; a failing one does not stop the others."""

    def __init__(self, order: Order) -> None:
        """Check what can be checked: UsageError for a store that has no such URL."""
        self.order = order
        self.store = Store()
        self._progress = reader.Progress()
        self.console = screen()
        self._stack = ExitStack()
        self._bench: Workbench | None = None
        self._report = _Switch()
        self._printed: list[object] = []

    def run(self, asked: list[choices.Asked]) -> int:
        """Run them all and return the exit status."""
        statuses = []
        with self._stack:
            self._stack.callback(self.store.close)
            for one in asked:
                statuses.append(self._one(one))
                if statuses[-1] == failure.INTERRUPTED:
                    break
            if self.order.form == "json":
                click.echo(json.dumps(self._printed, indent=1, ensure_ascii=False))
        return failure.worst(statuses)

    def _one(self, asked: choices.Asked) -> int:
        """The exit status of one unit, told and stored."""
        try:
            if asked.unit is None:
                raise asked.fault or HarnessError(f"{asked.name} was not looked up")
            return self._measured(asked.unit)
        except ScalebookError as error:
            return self._failed(asked, error)
        except BrokenPipeError:
            raise
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            return failure.INTERRUPTED
        except Exception as error:
            return self._failed(asked, failure.unexpected(error))

    def _measured(self, unit: Unit) -> int:
        choices.readable(unit)
        from scalebook.engine import run_unit  # Here: a wrong name should be told at once.

        bench = self._workbench()
        order = self.order
        with ExitStack() as stack:
            if order.form == "events":
                self._report.to = _EventLines(unit.id)
            elif order.form == "report":
                self.console.print(f"\n{unit.title} ({unit.id})", style="bold")
                self._report.to = stack.enter_context(Progress(self.console))
            outcome = run_unit(
                bench,
                unit,
                budget=order.budget,
                settings=order.settings,
                points=order.points,
                purpose="reference" if order.reference else "run",
                seed=order.seed,
            )
        return self._told(unit, outcome)

    def _workbench(self) -> Workbench:
        """The engines, started once for all units."""
        if self._bench is None:
            from scalebook.engine import Workbench

            bench = Workbench(self.order.engines, reporter=self._report)
            self._bench = self._stack.enter_context(bench)
        return self._bench

    def _told(self, unit: Unit, outcome: Outcome) -> int:
        """Show the result, then keep it: what was measured is seen even where the disk is full."""
        result = outcome.result
        if self.order.form == "report":
            print_report(result, self.console)
        elif self.order.form == "json":
            self._printed.append(result.model_dump(mode="json"))
        status = 0 if result.validity.valid else 1
        status = failure.INTERRUPTED if result.interrupted else status
        problem = self._kept(outcome)
        if problem is not None:
            failure.tell(problem)
            if status != failure.INTERRUPTED:
                status = max(status, problem.exit_status)
        if self.order.reference:
            self._quote(unit, result)
        self._noted(result)
        return status

    def _noted(self, result: Result) -> None:
        """Note for `scalebook progress` that the reader has run this lab; no fault of the run's."""
        if result.interrupted:
            return
        try:
            self._progress.ran(
                result.unit, result.run, state=result.verdict.state, valid=result.validity.valid
            )
        except ScalebookError as error:
            click.echo(f"the run was not noted in your progress: {error}", err=True)

    def _kept(self, outcome: Outcome) -> ScalebookError | None:
        """Store the result; where that fails, write it to a file, and return what to tell."""
        kept = [StoredHistory(*history) for history in outcome.histories]
        try:
            self.store.save(outcome.result, kept)
        except ScalebookError as error:
            text = outcome.result.model_dump_json(indent=1)
            where = _saved_aside(f"scalebook-{outcome.result.run}.json", text)
            return HarnessError(error.what, remedy=f"{error.remedy or ''}\n{where}".strip())
        self._say(f"Stored in {self.store.where}")
        if self.order.form == "events":
            _EventLines(outcome.result.unit)({"event": "stored", "run": outcome.result.run})
        return None

    def _quote(self, unit: Unit, result: Result) -> None:
        """Write the reference, unless the result is not fit to be quoted."""
        if result.interrupted or not result.validity.valid:
            why = "interrupted" if result.interrupted else "not valid"
            self._say(f"No reference was written: the run is {why}.")
            return
        path = unit.folder / "result.json"
        write_reference(result, path)
        self._say(f"The page's reference is {path}")

    def _say(self, text: str) -> None:
        if self.order.form == "report":
            click.echo(text)

    def _failed(self, asked: choices.Asked, error: ScalebookError) -> int:
        """Tell an error in the form that was asked for, and on standard error."""
        name = asked.unit.id if asked.unit else asked.name
        facts = {"what": error.what, "remedy": error.remedy, "exit": error.exit_status}
        if self.order.form == "json":
            number = asked.unit.number if asked.unit else None
            self._printed.append({"unit": name, "number": number, "error": facts})
        elif self.order.form == "events":
            _EventLines(name)({"event": "error", **facts})
        failure.tell(error)
        return error.exit_status


class _Switch:
    """The reporter of the workbench, which outlives the display of each unit."""

    def __init__(self) -> None:
        self.to: Progress | _EventLines | None = None

    def __call__(self, event: dict[str, object]) -> None:
        if self.to is not None:
            self.to(event)


class _EventLines:
    """Prints each event of a unit as one line of JSON."""

    def __init__(self, unit: str) -> None:
        self.unit = unit

    def __call__(self, event: Mapping[str, object]) -> None:
        line = {"event": event["event"], "unit": self.unit, "time": now().isoformat(), **event}
        click.echo(json.dumps(line, ensure_ascii=False, default=str))


def _saved_aside(name: str, text: str) -> str:
    """Write a record beside the store that failed; say where it is, or that it is nowhere."""
    problem = ""
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        try:
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            problem = f"the record of this run could not be kept anywhere: {error}"
        else:
            return f"the record of this run is in {folder / name}"
    return problem
