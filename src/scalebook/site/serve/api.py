"""The calls of the Run panel. Every answer is JSON, or lines of JSON as they happen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from scalebook.book import Unit, all_units
from scalebook.errors import EngineMissing, ScalebookError, UsageError
from scalebook.results import Result, read_reference
from scalebook.results.failures import redacted
from scalebook.site.serve.durations import expected_seconds
from scalebook.site.serve.events import hidden
from scalebook.site.serve.fragments import outcome_html
from scalebook.site.serve.jobs import Job, Jobs
from scalebook.site.serve.machine import Machine
from scalebook.site.serve.orders import Order, arguments, parsed
from scalebook.site.serve.own import OwnRuns
from scalebook.site.serve.reader import Reader, noted

__all__ = ["Api", "PageMaker", "problem"]

FOLLOW_SECONDS = 0.2
"""Between two looks at the events of a run: seldom enough not to disturb what is measured."""
STATUS = {1: 422, 3: 503, 4: 500}


class PageMaker(Protocol):
    """Makes the document of a unit's page."""

    def page(self, unit: Unit, own: Result | None) -> tuple[str, str]:
        """With the numbers of a reader's run, or (None) with those of the reference.

        The second says why it is the reference's all the same, where the run cannot be quoted.
        """


class Api:
    """The calls, over the queue, the store, the pages and the reader's progress."""

    def __init__(
        self,
        jobs: Jobs,
        machine: Machine,
        own: OwnRuns,
        pages: PageMaker,
        reader: Reader | None = None,
    ) -> None:
        """Without a `reader` nothing of what pages tell is kept."""
        self.reader = reader
        self.jobs = jobs
        self.machine = machine
        self.own = own
        self.pages = pages

    def routes(self) -> list[Route]:
        """All calls, below /api/."""
        return [
            Route("/api/state", self.state),
            Route("/api/units/{chapter}/{name}", self.unit),
            Route("/api/units/{chapter}/{name}/page", self.page),
            Route("/api/units/{chapter}/{name}/runs/{run}", self.run),
            Route("/api/progress", self.progress),
            Route("/api/progress", self.note, methods=["POST"]),
            Route("/api/jobs", self.start, methods=["POST"]),
            Route("/api/jobs/{job}", self.job),
            Route("/api/jobs/{job}/cancel", self.cancel, methods=["POST"]),
            Route("/api/jobs/{job}/events", self.events),
        ]

    def state(self, _request: Request) -> Response:
        """Who runs, and who waits."""
        running = self.jobs.running()
        return _json(
            {
                "running": self._told(running) if running else None,
                "queue": [self._told(job) for job in self.jobs.waiting()],
                "trouble": self.jobs.trouble,
            }
        )

    def unit(self, request: Request) -> Response:
        """What the panel of one unit must know: engines, durations, jobs under way, own runs."""
        unit = _unit(request.path_params)
        reference = read_reference(unit.folder / "result.json")
        every = self.jobs.all()
        seconds = {
            budget: expected_seconds(unit.id, budget, every, reference)
            for budget in ("quick", "default", "full")
        }
        mine = [job for job in every if job.order.unit == unit.id]
        if mine and mine[-1].status == EngineMissing.exit_status:
            self.machine.forget()  # What was missing may have been fetched since.
        return _json(
            {
                "unit": unit.id,
                "seconds": seconds,
                "engines": [
                    asdict(engine) for engine in self.machine.engines(_engines(unit, reference))
                ],
                "active": [self._told(job) for job in mine if not job.is_over],
                "last": self._told(mine[-1]) if mine and mine[-1].is_over else None,
                "runs": [
                    {
                        "run": one.run,
                        "word": one.word,
                        "glyph": one.glyph,
                        "started": one.started,
                        "budget": one.budget,
                        "changed": one.changed,
                    }
                    for one in self.own.of(unit)
                ],
            }
        )

    def page(self, request: Request) -> Response:
        """The page's document with the numbers of a run (`?run=`), or of the reference."""
        unit = _unit(request.path_params)
        run = request.query_params.get("run")
        html, why = self.pages.page(unit, self.own.load(unit, run) if run else None)
        return _json({"html": html, "why": why})

    def run(self, request: Request) -> Response:
        """One run of the reader's beside the reference, as the panel shows it."""
        unit = _unit(request.path_params)
        found = self.own.outcome(unit, request.path_params["run"])
        return _json({"run": found.run, "word": found.word, "html": outcome_html(found)})

    def progress(self, _request: Request) -> Response:
        """What the reader has done on each unit."""
        return _json({"units": list(self.reader.standings()) if self.reader else []})

    async def note(self, request: Request) -> Response:
        """Keep that a page was read, or what was guessed on it."""
        note = noted(await request.body())
        unit = await run_in_threadpool(_by_id, note.unit)
        if self.reader is not None and note.guess is not None and note.measured is not None:
            await run_in_threadpool(self.reader.predicted, unit.id, note.guess, note.measured)
        elif self.reader is not None:
            await run_in_threadpool(self.reader.read, unit.id)
        return _json({"kept": self.reader is not None})

    async def start(self, request: Request) -> Response:
        """Put a run into the queue."""
        order = parsed(await request.body())
        await run_in_threadpool(_checked, order)
        return _json(self._told(await run_in_threadpool(self.jobs.add, order)), 201)

    def job(self, request: Request) -> Response:
        """One job as it is now."""
        return _json(self._told(self.jobs.get(request.path_params["job"])))

    def cancel(self, request: Request) -> Response:
        """End a job; what it has measured is kept."""
        return _json(self._told(self.jobs.cancel(request.path_params["job"])))

    def events(self, request: Request) -> Response:
        """What a job tells, from event number `from` on, until it is over."""
        job = self.jobs.get(request.path_params["job"])
        text = request.query_params.get("from", "0")
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise UsageError("from= is not the number of an event")
        return StreamingResponse(self._follow(job.id, int(text)), media_type="application/x-ndjson")

    async def _follow(self, job: str, first: int) -> AsyncIterator[bytes]:
        """Lines of JSON: the job whenever it changes, as {"job": ...}, and its events."""
        tail = self.jobs.events(job)
        told: dict[str, Any] | None = None
        while True:
            now = self._told(self.jobs.get(job))  # Before its events: none is missed at the end.
            closing = self.jobs.closing
            for event in tail.read():
                if event["n"] >= first:
                    yield _line(event)
            if now != told:
                told = now
                yield _line({"job": now})
            if closing or now["over"]:
                return
            await asyncio.sleep(FOLLOW_SECONDS)

    def _told(self, job: Job) -> dict[str, Any]:
        """What the browser learns of a job: no process ids."""
        facts = job.model_dump(mode="json", exclude={"pid", "pid_created", "order"})
        running = self.jobs.running()
        told = {
            **facts,
            **job.order.model_dump(mode="json"),
            "over": job.is_over,
            "ahead": self.jobs.position(job.id),
            "running": running.order.unit if running else None,
        }
        return {name: hidden(value) for name, value in told.items()}


def problem(request: Request, error: Exception) -> Response:
    """A ScalebookError as an answer: 404 for what is not there, 422 for what cannot be done."""
    if not isinstance(error, ScalebookError):
        raise error
    told = {"what": redacted(error.what), "remedy": redacted(error.remedy or "")}
    wrong = 404 if request.method == "GET" else 422
    return _json(told, STATUS.get(error.exit_status, wrong))


def _engines(unit: Unit, reference: Result | None) -> list[str]:
    """The engines that a lab starts: as its reference tells, else as the catalogue names them."""
    seen = [service.kind for service in reference.services.values()] if reference else []
    return list(dict.fromkeys(seen or unit.engines))


def _checked(order: Order) -> list[str]:
    """The arguments of an order, after looking at the unit."""
    return arguments(order, _by_id(order.unit))


def _unit(params: Mapping[str, Any]) -> Unit:
    return _by_id(f"{params['chapter']}/{params['name']}")


def _by_id(name: str) -> Unit:
    """The unit of exactly this id; UsageError for none."""
    for unit in all_units():
        if unit.id == name:
            return unit
    raise UsageError(f"there is no unit {name[:80]!r}")


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _json(value: object, status: int = 200) -> Response:
    return JSONResponse(value, status)
