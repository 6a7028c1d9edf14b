"""The application: pages, assets and calls, all behind the guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from scalebook.errors import ScalebookError
from scalebook.site.serve.api import Api, PageMaker, problem
from scalebook.site.serve.guard import API, CHECKS, Check, Guard
from scalebook.site.serve.jobs import Jobs
from scalebook.site.serve.machine import Machine
from scalebook.site.serve.own import OwnRuns
from scalebook.site.serve.reader import Reader

__all__ = ["Documents", "application"]

KINDS: Mapping[str, str] = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
}


class Documents(PageMaker, Protocol):
    """The whole site as it is at this moment."""

    def document(self, path: str) -> tuple[int, str]:
        """Status and HTML of what stands at a path ("redis/counter.html"), 404 included."""

    def file(self, path: str) -> bytes | None:
        """What is no document ("assets/book.css"); None where there is nothing."""


def application(
    jobs: Jobs,
    own: OwnRuns,
    documents: Documents,
    *,
    hosts: frozenset[str],
    token: str,
    checks: Sequence[Check] = CHECKS,
    reader: Reader | None = None,
) -> ASGIApp:
    """The guarded application; it opens the queue when it starts and closes it when it ends."""
    machine = Machine(busy=lambda: jobs.running() is not None)
    api = Api(jobs, machine, own, documents, reader)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(jobs.open)
        yield
        await run_in_threadpool(jobs.close)

    def page(request: Request) -> Response:
        path = request.path_params["path"] or "index.html"
        if path.endswith("/"):
            path += "index.html"
        if path.endswith(".html"):
            status, html = documents.document(path)
            return HTMLResponse(html, status)
        kind = KINDS.get(path.rpartition(".")[2])
        found = documents.file(path) if kind else None
        if found is None:
            return HTMLResponse(documents.document(path)[1], 404)
        return Response(found, media_type=kind)

    inner = Starlette(
        routes=[*api.routes(), Route("/api/{path:path}", _no_call), Route("/{path:path}", page)],
        lifespan=lifespan,
        exception_handlers={ScalebookError: problem, HTTPException: _refused, Exception: _broken},
    )
    return Guard(inner, hosts, token, checks)


def _broken(request: Request, error: Exception) -> Response:
    """A fault of ours: the terminal has the traceback, the reader the place to look."""
    what = f"the server failed at {request.url.path}: {type(error).__name__}"
    return JSONResponse({"what": what, "remedy": "the terminal of scalebook serve says more"}, 500)


def _no_call(_request: Request) -> Response:
    raise HTTPException(404)


def _refused(request: Request, error: Exception) -> Response:
    """A call to a place that does not exist, or in the wrong way."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    what = "there is no such call" if request.url.path.startswith(API) else "there is no such page"
    return JSONResponse({"what": what}, status)
