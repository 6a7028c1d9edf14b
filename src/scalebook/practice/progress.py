"""What a reader has done: read, predicted, run, passed. One SQLite file that survives kill -9."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from scalebook.book.renamed import Renamed, load_renamed
from scalebook.errors import HarnessError, UsageError
from scalebook.files import MAKING, make_private

__all__ = ["CardState", "Event", "Kind", "Progress", "default_file"]

Kind = Literal["read", "predicted", "ran", "checked", "hinted", "revealed"]

Found = TypeVar("Found")
VERSION = 1
OURS = 0x53434C42
"""SQLite's application_id of a progress file."""
WAIT_SECONDS = 30
TABLES = (
    "CREATE TABLE events (id INTEGER PRIMARY KEY, at TEXT NOT NULL, unit TEXT NOT NULL, "
    "kind TEXT NOT NULL, facts TEXT NOT NULL) STRICT",
    "CREATE INDEX events_of_unit ON events (unit, kind, at)",
    "CREATE TABLE cards (id TEXT PRIMARY KEY, due TEXT NOT NULL, state TEXT NOT NULL) STRICT",
    "CREATE TABLE reviews (id INTEGER PRIMARY KEY, at TEXT NOT NULL, card TEXT NOT NULL "
    "REFERENCES cards, grade INTEGER NOT NULL) STRICT",
)


@dataclass(frozen=True)
class Event:
    """Something that the reader did with a unit, `unit` being its id as it is now.

    `facts` by kind: predicted {guess, measured}; ran {run, state, valid}; checked {verdict, seed,
    promise}; hinted {step}; none for read and for revealed (the solution was asked for).
    """

    at: datetime
    unit: str
    kind: str
    facts: Mapping[str, object]


@dataclass(frozen=True)
class CardState:
    """The schedule of one card: when it is due, and what the scheduler keeps of it."""

    id: str
    due: datetime
    state: Mapping[str, object]


def default_file() -> Path:
    """SCALEBOOK_PROGRESS, else progress.db beside the store of results where that is a file."""
    if chosen := os.environ.get("SCALEBOOK_PROGRESS"):
        return Path(chosen).expanduser()
    kind, _, rest = os.environ.get("SCALEBOOK_STORE", "").partition(":///")
    store = rest.partition("?")[0]
    if kind == "sqlite" and store and not store.startswith((":memory:", "file:")):
        return Path(store).with_name("progress.db")
    from platformdirs import user_data_path

    return user_data_path("scalebook") / "progress.db"


class Progress:
    """The progress file, made with the first thing that is kept.

    Each method opens the file, does one transaction and closes it, so that threads and processes
    may share it. What a method returned for is on the disk (write-ahead log, synchronised at each
    commit); what was killed before left nothing. HarnessError where the file cannot be used.
    """

    def __init__(self, file: Path | None = None, *, renamed: Renamed | None = None) -> None:
        """Name the file (None: `default_file`), without touching it."""
        self.file = file or default_file()
        self._renamed = renamed or load_renamed()

    def read(self, unit: str) -> None:
        """The page was opened; once a day is enough to know."""
        at = _now()
        with self._writing() as db:
            db.execute(
                "INSERT INTO events (at, unit, kind, facts) SELECT ?, ?, 'read', '{}' WHERE NOT "
                "EXISTS (SELECT 1 FROM events WHERE unit = ? AND kind = 'read' AND at >= ?)",
                (at, unit, unit, at[:10]),
            )

    def predicted(self, unit: str, guess: float, measured: float) -> None:
        """A guess was made and the figure shown; both above zero, or UsageError."""
        if not (0 < guess < float("inf") and 0 < measured < float("inf")):
            raise UsageError(f"a guess of {guess} for {measured}: both must be above zero")
        self._keep(unit, "predicted", guess=guess, measured=measured)

    def ran(self, unit: str, run: str, *, state: str, valid: bool) -> None:
        """A run of the lab came to its end: its id and the state of its verdict."""
        self._keep(unit, "ran", run=run, state=state, valid=valid)

    def checked(
        self, unit: str, verdict: Literal["pass", "fail", "undecided"], **facts: object
    ) -> None:
        """A solution was judged; `facts` are plain data such as the seed and the broken promise."""
        self._keep(unit, "checked", verdict=verdict, **facts)

    def hinted(self, unit: str, step: int) -> None:
        """A hint was shown: which one, from 1."""
        self._keep(unit, "hinted", step=step)

    def revealed(self, unit: str) -> None:
        """The solution was asked for."""
        self._keep(unit, "revealed")

    def events(self, kind: Kind | None = None) -> list[Event]:
        """Everything that was done, or all of one kind, the oldest first."""
        where, values = ("WHERE kind = ?", (kind,)) if kind else ("", ())
        query = f"SELECT at, unit, kind, facts FROM events {where} ORDER BY at, id"
        return [
            Event(_when(at), self._renamed.current(unit), what, json.loads(facts))
            for at, unit, what, facts in self._rows(query, values)
        ]

    def cards(self) -> dict[str, CardState]:
        """The cards that were graded at least once, by id."""
        rows = self._rows("SELECT id, due, state FROM cards ORDER BY due, id")
        return {name: CardState(name, _when(due), json.loads(state)) for name, due, state in rows}

    def graded(self, card: CardState, grade: int) -> None:
        """Keep a grade (1 again to 4 easy) with the schedule that follows from it, both or none."""
        state = json.dumps(dict(card.state), sort_keys=True)
        with self._writing() as db:
            db.execute(
                "INSERT INTO cards VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "due = excluded.due, state = excluded.state",
                (card.id, _text(card.due), state),
            )
            db.execute(
                "INSERT INTO reviews (at, card, grade) VALUES (?, ?, ?)", (_now(), card.id, grade)
            )

    def grades(self) -> list[tuple[datetime, str, int]]:
        """(when, card, grade) of all grades, the oldest first."""
        rows = self._rows("SELECT at, card, grade FROM reviews ORDER BY at, id")
        return [(_when(at), card, grade) for at, card, grade in rows]

    def _keep(self, unit: str, kind: Kind, **facts: object) -> None:
        with self._writing() as db:
            db.execute(
                "INSERT INTO events (at, unit, kind, facts) VALUES (?, ?, ?, ?)",
                (_now(), unit, kind, json.dumps(facts, sort_keys=True)),
            )

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """Rows of a query; none where there is no file yet."""
        if not self.file.exists():
            return []
        with self._explained(), closing(self._connect()) as db:
            if _patiently(db, lambda: self._version(db)) == 0:
                return []
            return _patiently(db, lambda: list(db.execute(query, values)))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A connection within one transaction, which is committed at the end."""
        with self._explained():
            make_private(self.file)
            with closing(self._connect()) as db:
                _patiently(db, lambda: self._begin(db))
                if self._version(db) == 0:
                    for table in TABLES:
                        db.execute(table)
                    db.execute(f"PRAGMA application_id = {OURS}")
                    db.execute(f"PRAGMA user_version = {VERSION}")
                yield db
                db.execute("COMMIT")

    def _begin(self, db: sqlite3.Connection) -> None:
        """Begin to write, in a file that has a write-ahead log.

        Where the file system allows none, SQLite keeps its rollback journal, which is as safe.
        """
        if self._version(db) == 0:
            db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")

    def _connect(self) -> sqlite3.Connection:
        with MAKING:
            db = sqlite3.connect(self.file, timeout=WAIT_SECONDS, isolation_level=None)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        return db

    def _version(self, db: sqlite3.Connection) -> int:
        """Version of the tables; 0 for an empty file. HarnessError for a file that is not ours."""
        # In one transaction, since another process may be making the tables at this moment.
        outer = db.in_transaction
        if not outer:
            db.execute("BEGIN")
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        owner = int(db.execute("PRAGMA application_id").fetchone()[0])
        if not outer:
            db.execute("COMMIT")
        if owner != OURS and (found or tables):
            raise HarnessError(
                f"{self.file} is a database, but no progress file of Scalebook",
                remedy="name another file in SCALEBOOK_PROGRESS",
            )
        if found > VERSION:
            raise HarnessError(
                f"{self.file} was written by a newer Scalebook (version {found})",
                remedy="upgrade Scalebook, or name another file in SCALEBOOK_PROGRESS",
            )
        return found

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of the file as a user should meet them."""
        try:
            yield
        except sqlite3.Error as error:
            raise HarnessError(f"{self.file}: {error}", remedy=_remedy(str(error))) from error
        except OSError as error:
            raise HarnessError(
                f"{self.file} cannot be written: {error.strerror or error}",
                remedy="free space or mend permissions, or name another in SCALEBOOK_PROGRESS",
            ) from error


def _patiently(db: sqlite3.Connection, act: Callable[[], Found]) -> Found:
    """Act again while the file is locked: SQLite does not wait for a change of its journal."""
    until = time.perf_counter() + WAIT_SECONDS
    while True:
        try:
            return act()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.perf_counter() > until:
                raise
            db.rollback()
            time.sleep(0.01)


def _remedy(said: str) -> str:
    if "not a database" in said or "malformed" in said:
        return "it is damaged: move it away, or restore a copy of it"
    if "full" in said or "disk I/O" in said:
        return "free some space; what was kept before is intact"
    if "locked" in said:
        return "another process keeps it busy: try again when that has ended"
    return "mend its permissions, or name another file in SCALEBOOK_PROGRESS"


def _now() -> str:
    return _text(datetime.now(UTC))


def _text(at: datetime) -> str:
    """A moment in UTC as text that sorts as moments do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _when(text: str) -> datetime:
    return datetime.fromisoformat(text)
