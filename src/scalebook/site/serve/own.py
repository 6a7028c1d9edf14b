"""The reader's own runs of a unit, each compared with the reference that its page quotes."""

from __future__ import annotations

from dataclasses import dataclass

from scalebook.book import Unit
from scalebook.book.parameters import parameters
from scalebook.errors import UsageError
from scalebook.results import Result, read_reference
from scalebook.results.store import Store
from scalebook.site.serve.outcome import Outcome, outcome

__all__ = ["OwnRuns"]

SHOWN = 5
MOST_REMEMBERED = 256


@dataclass(frozen=True)
class _Key:
    run: str
    reference: str


class OwnRuns:
    """Reads the store; what a run says of a reference is remembered, since neither changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[_Key, Outcome] = {}

    def of(self, unit: Unit) -> list[Outcome]:
        """The newest runs of a unit, the newest first; a ScalebookError where they are unreadable.

        References that were made here stand in the book, not in this list.
        """
        rows = self._store.recent(unit.id, limit=4 * SHOWN)
        mine = [row.id for row in rows if row.purpose == "run"][:SHOWN]
        reference = read_reference(unit.folder / "result.json")
        return [self._compared(unit, run, reference) for run in mine]

    def load(self, unit: Unit, run: str) -> Result:
        """One stored run of this unit, by its whole id; UsageError for any other."""
        result = self._store.load(run)
        if result.run != run or result.unit != unit.id:
            raise UsageError(f"{run[:40]} is no run of {unit.id}")
        return result

    def outcome(self, unit: Unit, run: str) -> Outcome:
        """What one run says of the reference."""
        return self._compared(unit, run, read_reference(unit.folder / "result.json"))

    def _compared(self, unit: Unit, run: str, reference: Result | None) -> Outcome:
        key = _Key(run, reference.run if reference else "")
        if key not in self._known:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            names = frozenset(parameters(unit.folder / "lab.py").constants)
            self._known[key] = outcome(self.load(unit, run), reference, names)
        return self._known[key]
