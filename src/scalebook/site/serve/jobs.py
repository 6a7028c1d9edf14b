"""The runs that the browser asked for: one at a time, the others wait, all outlive a restart."""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from scalebook.errors import ScalebookError, UsageError
from scalebook.files import whole_file
from scalebook.results import now
from scalebook.results.failures import redacted
from scalebook.site.serve.child import Child, end_stray
from scalebook.site.serve.events import Tail
from scalebook.site.serve.orders import Order

__all__ = ["GRACE_SECONDS", "Job", "Jobs", "Launch"]

LOG = logging.getLogger(__name__)
GRACE_SECONDS = 25.0
"""Between the interrupt of a run and its end by force; its own cleaning takes less."""
KEPT = 100
MOST_WAITING = 20
JOB_ID = re.compile(r"[0-9a-f]{12}")
State = Literal["queued", "running", "finished", "failed", "cancelled", "interrupted"]
Launch = Callable[[Order], list[str]]
"""From an order to the command of its child; raises a ScalebookError for a unit that is gone."""


class Job(BaseModel):
    """One run that was asked for; `run` is the id of its stored record, if it has one.

    *finished* means that there is a result, valid or not; *failed* that there is none, and
    `problem` says why; *cancelled* by the reader; *interrupted* by the end of the server.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    order: Order
    state: State = "queued"
    asked: datetime
    started: datetime | None = None
    ended: datetime | None = None
    pid: int | None = None
    pid_created: float | None = None
    status: int | None = None
    run: str | None = None
    problem: str | None = None
    remedy: str | None = None

    @property
    def is_over(self) -> bool:
        """Has it ended, in whatever way?"""
        return self.state not in ("queued", "running")

    @property
    def seconds(self) -> float | None:
        """How long it ran; None until it has."""
        if self.started is None or self.ended is None:
            return None
        return (self.ended - self.started).total_seconds()


class Jobs:
    """The queue, and the thread that works through it; every change is on the disk at once."""

    def __init__(self, folder: Path, launch: Launch, grace_seconds: float = GRACE_SECONDS) -> None:
        """`folder` keeps one folder per job. Nothing happens before `open`."""
        self.folder = folder
        self.trouble: str | None = None
        """Why the state could not be written, if so."""
        self._launch = launch
        self._grace = grace_seconds
        self._jobs: dict[str, Job] = {}
        self._changed = threading.Condition()
        self._closing = False
        self._child: tuple[str, Child] | None = None
        self._cancelled: set[str] = set()
        self._thread = threading.Thread(target=self._work, name="jobs")

    def open(self) -> None:
        """Read what an earlier server left, and go on with its queue."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = [job for path in self.folder.iterdir() if (job := _read(path)) is not None]
        self._jobs = {job.id: job for job in sorted(found, key=lambda job: job.asked)}
        self._forget_old()
        self._thread.start()

    def close(self) -> None:
        """End the run that is under way, and return when it has ended."""
        with self._changed:
            self._closing = True
            if self._child is not None:
                self._child[1].end(self._grace)
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def close_soon(self) -> None:
        """Tell whoever follows a job that the server ends."""
        self._closing = True

    @property
    def closing(self) -> bool:
        """Is the server about to end?"""
        return self._closing

    def add(self, order: Order) -> Job:
        """Put an order at the end of the queue; UsageError where too many wait already."""
        with self._changed:
            if len(self.waiting()) >= MOST_WAITING:
                raise UsageError(f"{MOST_WAITING} runs wait already", remedy="cancel one of them")
            job = Job(id=secrets.token_hex(6), order=order, asked=now())
            self._put(job)
            self._changed.notify_all()
        return job

    def cancel(self, job: str) -> Job:
        """Take a job out of the queue, or interrupt it; of one that is over nothing changes."""
        with self._changed:
            found = self.get(job)
            if found.state == "queued":
                self._put(found.model_copy(update={"state": "cancelled", "ended": now()}))
            elif found.state == "running":
                self._cancelled.add(job)
                if self._child is not None and self._child[0] == job:
                    self._child[1].end(self._grace)
            return self.get(job)

    def get(self, job: str) -> Job:
        """The job of that id; UsageError for none."""
        if job not in self._jobs:
            raise UsageError("there is no such run in the queue or behind it")
        return self._jobs[job]

    def all(self) -> list[Job]:
        """Every job that is known, in the order in which they were asked for."""
        return list(self._jobs.values())

    def running(self) -> Job | None:
        """The job that is under way."""
        return next((job for job in self.all() if job.state == "running"), None)

    def waiting(self) -> list[Job]:
        """The queue, its head first."""
        return [job for job in self.all() if job.state == "queued"]

    def position(self, job: str) -> int:
        """How many runs come before this one is begun; 0 for one that does not wait."""
        names = [waiting.id for waiting in self.waiting()]
        ahead = 1 if self.running() is not None else 0
        return names.index(job) + ahead if job in names else 0

    def events(self, job: str) -> Tail:
        """A reader of the job's events, from the first one on."""
        return Tail(self._place(self.get(job).id) / "events.ndjson")

    def _work(self) -> None:
        self._bury()
        while (job := self._next()) is not None:
            self._run(job)

    def _bury(self) -> None:
        """What ran when the last server died is interrupted; it must have ended before we begin."""
        for job in [job for job in self.all() if job.state == "running"]:
            if job.pid is not None and job.pid_created is not None:
                end_stray(job.pid, job.pid_created, self._grace)
            self._end(job, "interrupted", None)

    def _next(self) -> Job | None:
        """The next job, now under way; None when the server ends."""
        with self._changed:
            while not self._closing and not self.waiting():
                self._changed.wait()
            if self._closing:
                return None
            job = self.waiting()[0].model_copy(update={"state": "running", "started": now()})
            self._put(job)
            return job

    def _run(self, job: Job) -> None:
        place = self._place(job.id)
        try:
            words = self._launch(job.order)
            with self._changed:
                child = Child(words, place / "events.ndjson", place / "complaints.txt")
                self._child = (job.id, child)
                job = job.model_copy(update={"pid": child.pid, "pid_created": child.created})
                self._put(job)
                if self._closing or job.id in self._cancelled:
                    child.end(self._grace)
        except (ScalebookError, OSError) as error:
            self._end(job, "failed", None, problem=str(error))
            return
        status = child.wait()
        with self._changed:
            self._child = None
        self._end(job, self._ended_as(job, status), status)

    def _ended_as(self, job: Job, status: int) -> State:
        if status in (0, 1):
            return "finished"
        if job.id in self._cancelled:
            return "cancelled"
        return "interrupted" if self._closing else "failed"

    def _end(self, job: Job, state: State, status: int | None, **more: Any) -> None:
        """Note the end of a job, with what its events tell of it."""
        facts: dict[str, Any] = {"state": state, "status": status, "ended": now(), **more}
        for event in Tail(self._place(job.id) / "events.ndjson").read():
            if event.get("event") == "stored":
                facts["run"] = event.get("run")
            elif event.get("event") == "error":
                facts |= {"problem": event.get("what"), "remedy": event.get("remedy")}
        if state == "finished" and "run" not in facts:
            facts["state"] = "failed"
        if facts["state"] == "failed" and "problem" not in facts:
            facts["problem"] = self._last_complaint(job) or f"it ended with exit status {status}"
        with self._changed:
            self._put(job.model_copy(update=facts))

    def _last_complaint(self, job: Job) -> str:
        try:
            text = (self._place(job.id) / "complaints.txt").read_text("utf-8", errors="replace")
        except OSError:
            return ""
        return redacted(" ".join(text.split())[-400:])

    def _place(self, job: str) -> Path:
        return self.folder / job

    def _put(self, job: Job) -> None:
        """Remember a job, here and on the disk."""
        self._jobs[job.id] = job
        try:
            _write(self._place(job.id), job)
        except OSError as error:
            self.trouble = f"{self.folder} cannot be written: {error.strerror or error}"
            LOG.warning("%s", self.trouble)

    def _forget_old(self) -> None:
        for job in [job for job in self.all() if job.is_over][:-KEPT]:
            shutil.rmtree(self._place(job.id), ignore_errors=True)
            del self._jobs[job.id]


def _write(folder: Path, job: Job) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    with whole_file(folder / "job.json") as partial:
        partial.touch(mode=0o600)
        partial.write_text(job.model_dump_json(indent=1), encoding="utf-8")


def _read(folder: Path) -> Job | None:
    """The job that a folder keeps; None for any other folder, and for one that is damaged."""
    if not JOB_ID.fullmatch(folder.name):
        return None
    try:
        return Job.model_validate_json((folder / "job.json").read_bytes())
    except (OSError, ValidationError) as error:
        LOG.warning("%s is no job that can be read: %s", folder, error)
        return None
