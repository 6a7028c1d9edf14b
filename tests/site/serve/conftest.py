"""The application behind a real socket, and the whole server as a process."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp

from scalebook.book import Unit
from scalebook.results import Result
from tests.site.serve.hostile import Answer, Attempt, send

TOKEN = "0123456789abcdef0123456789abcdef"


class Plain:
    """Documents as small as can be."""

    def document(self, path: str) -> tuple[int, str]:
        return (200, "<p>the book</p>") if path == "index.html" else (404, "<p>no such page</p>")

    def page(self, unit: Unit, own: Result | None) -> tuple[str, str]:
        return f"<main>{unit.id} {own.run if own else 'reference'}</main>", ""

    def file(self, path: str) -> bytes | None:
        return b"body {}" if path == "assets/book.css" else None


@dataclass
class Served:
    """A running server."""

    port: int
    token: str

    def send(self, attempt: Attempt) -> Answer:
        return send(self.port, self.token, attempt)

    def get(self, path: str) -> Answer:
        return self.send(Attempt("get", None, 200, path=path, body=None))

    def post(self, path: str, value: object) -> Answer:
        return self.send(Attempt("post", None, 200, path=path, body=json.dumps(value).encode()))

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status == 200, answer
        return json.loads(answer.body)


@contextmanager
def listening(make: Callable[[frozenset[str]], ASGIApp]) -> Iterator[Served]:
    """Serve what `make` returns for these values of Host, until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        app = make(frozenset({f"127.0.0.1:{port}"}))
        config = uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Served(port, TOKEN)
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def jobs_folder(tmp_path: Path) -> Path:
    return tmp_path / "jobs"
