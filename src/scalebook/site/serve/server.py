"""The server: one socket on loopback, one lock per queue, and a clean end."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from platformdirs import user_data_path

from scalebook.errors import HarnessError, UsageError
from scalebook.results.failures import redacted
from scalebook.results.store import Store
from scalebook.site.serve.app import application
from scalebook.site.serve.child import scalebook
from scalebook.site.serve.jobs import Jobs
from scalebook.site.serve.orders import Order, launch_words
from scalebook.site.serve.own import OwnRuns
from scalebook.site.serve.pages import LivePages
from scalebook.site.serve.reader import Reader

__all__ = ["ADDRESS", "PORT", "jobs_folder", "launch", "serve"]

ADDRESS = "127.0.0.1"
PORT = 8765
TOKEN_BYTES = 16
PATIENCE_SECONDS = 3


def serve(port: int, say: Callable[[str], None], reader: Reader | None = None) -> None:
    """Serve the book until Ctrl-C; `say` is given the address with the key once it can be opened.

    `reader` keeps what was read and guessed.

    `port` 0 takes a free one. UsageError where the port is taken or another server of this user
    works on the same queue; HarnessError where nothing can be kept.
    """
    folder = jobs_folder()
    with _listening(port) as listener, Store() as store:
        number = listener.getsockname()[1]
        token = secrets.token_hex(TOKEN_BYTES)
        address = f"http://{ADDRESS}:{number}/"
        with _alone(folder, address):
            jobs = Jobs(folder, launch)
            app = application(
                jobs,
                OwnRuns(store),
                LivePages(),
                hosts=frozenset({f"{ADDRESS}:{number}", f"localhost:{number}"}),
                token=token,
                reader=reader,
            )
            config = uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=PATIENCE_SECONDS,
            )
            _log_redacted()
            server = _Server(config, jobs, lambda: say(f"{address}#token={token}"))
            server.run(sockets=[listener])


def jobs_folder() -> Path:
    """Where the queue is kept: SCALEBOOK_JOBS, else in the user's data folder."""
    if named := os.environ.get("SCALEBOOK_JOBS"):
        return Path(named).expanduser().absolute()
    return user_data_path("scalebook") / "jobs"


class _Server(uvicorn.Server):
    """Tells when it can be reached, and lets those who follow a run go when it is to end."""

    def __init__(self, config: uvicorn.Config, jobs: Jobs, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._jobs = jobs
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._jobs.close_soon()
        super().handle_exit(sig, frame)


class _Redacting(logging.Formatter):
    """Log lines, tracebacks included, without passwords."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def _log_redacted() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting("%(levelname)s: %(message)s"))
    for name in ("uvicorn.error", "scalebook"):
        log = logging.getLogger(name)
        log.addHandler(handler)
        log.setLevel(logging.WARNING)
        log.propagate = False


def launch(order: Order) -> list[str]:
    """The command of the child that carries out an order."""
    return scalebook(*launch_words(order))


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """A socket that listens on loopback alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, port))
            listener.listen(128)
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            why = "is in use" if taken else f"cannot be used: {error}"
            raise UsageError(
                f"port {port} of {ADDRESS} {why}",
                remedy="choose another, or a free one: scalebook serve --port 0",
            ) from error
        yield listener


@contextmanager
def _alone(folder: Path, address: str) -> Iterator[None]:
    """Hold the queue, so that two servers of one user never run two labs at once."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise HarnessError(
            f"the queue cannot be kept in {folder}: {error.strerror or error}",
            remedy="mend its permissions, or name another folder in SCALEBOOK_JOBS",
        ) from error
    with os.fdopen(descriptor, "r+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"scalebook serve is running already: {lock.read().strip()}",
                remedy="open the address that it printed, or end it with Ctrl-C",
            ) from None
        lock.truncate(0)
        lock.write(f"{address} (process {os.getpid()})\n")
        lock.flush()
        yield
