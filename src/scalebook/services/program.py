"""A lab's `Program` classes as private child processes, reached over HTTP on a Unix socket."""

import copy
import http.client
import inspect
import json
import os
import pickle
import select
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from scalebook.services.access import Handle
from scalebook.services.rundir import RunDirectory
from scalebook.services.service import Service

__all__ = ["HttpClient", "ProgramAccess", "ProgramService", "Reply", "Task", "UnixConnection"]

SOCKET = "program.sock"
HTTP_SECONDS = 10.0
READY = b"ready\n"


@dataclass(frozen=True)
class Task:
    """What the child process needs to become the program; picklable."""

    name: str
    path: Path
    """The file that defines the class."""
    settings: Mapping[str, object]
    """Constants of that file that the user changed."""
    qualname: str
    address: str
    services: dict[str, Handle] = field(default_factory=dict)
    at: Any = None


@dataclass(frozen=True)
class Reply:
    """What a program answered: the HTTP status and the decoded JSON."""

    status: int
    json: Any


class ProgramService(Service):
    """One process that runs one program; ready when the program's `open` has returned."""

    as_engine = False  # It is the lab's own code, and connects to every engine.

    def __init__(
        self,
        name: str,
        run: RunDirectory,
        program: type,
        services: Mapping[str, Handle],
        at: Any = None,
        path: Path | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        """Prepare the class `program` to run; `path` is the lab's file, else that of the class.

        `services` are the engines and other programs that `open` gets as attributes; whoever
        starts several programs may add to them before the start. `settings`: constants of the
        lab that the user changed.
        """
        super().__init__(name, run)
        self.services = dict(services)
        self.address = self.folder / SOCKET
        self.task = Task(
            name=name,
            path=path or Path(inspect.getfile(program)),
            settings=dict(settings or {}),
            qualname=program.__qualname__,
            address=str(self.address),
            at=at,
        )
        self.access = ProgramAccess(name, self.address, self)

    def command(self) -> Sequence[str | Path]:
        """The interpreter on the host of programs."""
        return [sys.executable, "-m", "scalebook.services.program_host"]

    def environment(self) -> Mapping[str, str]:
        """The runner's import path, so that the lab finds what it imports."""
        return {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}

    def launch(self) -> None:
        """Start the process and hand it its task."""
        self.address.unlink(missing_ok=True)
        self._process = self.run.spawn(
            self.command(),
            cwd=self.folder,
            log=self.log,
            env=self.environment(),
            as_engine=self.as_engine,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        try:
            with self._process.stdin as stream:
                pickle.dump(replace(self.task, services=self.services), stream)
        except BrokenPipeError:
            raise self.failure("died before it read its task") from None

    def answers(self) -> bool:
        """Has the program said that its `open` returned?"""
        assert self._process is not None
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(output, select.POLLIN)
        return bool(poll.poll(0)) and os.read(output, len(READY)) == READY


class ProgramAccess(Handle):
    """How other code reaches a program; picklable."""

    kind: ClassVar[str] = "program"

    def __init__(self, name: str, address: Path, service: Service | None) -> None:
        """`address`: the program's socket."""
        self.name = name
        self._address = address
        self._service = service

    def __repr__(self) -> str:
        return f"<ProgramAccess {self.name}>"

    @property
    def socket(self) -> Path:
        """The socket on which the program's `handle` is served."""
        return self._address

    def listen_path(self, directory: Path) -> Path:
        """The name of a stand-in's socket in `directory`."""
        return directory / SOCKET

    def through(self, directory: Path) -> Self:
        """A copy whose clients connect to the stand-in in `directory`."""
        changed = copy.copy(self)
        changed._service = self._service
        changed._address = self.listen_path(directory)
        return changed

    def http(self, timeout_seconds: float = HTTP_SECONDS) -> "HttpClient":
        """A client for one thread; it raises OSError when the program cannot be reached."""
        return HttpClient(self._address, timeout_seconds)


class HttpClient:
    """JSON over HTTP on a Unix socket, on one connection that is made again after a failure.

    A request is never repeated by itself: whether a lost one was handled is unknown.
    """

    def __init__(self, address: Path, timeout_seconds: float) -> None:
        """Nothing is connected yet."""
        self._connection = UnixConnection(address, timeout_seconds)

    def post(self, path: str, **body: Any) -> Reply:
        """Send `body` as a JSON object; raises OSError when no answer comes."""
        return self._ask("POST", path, json.dumps(body).encode())

    def get(self, path: str) -> Reply:
        """Ask without a body; raises OSError when no answer comes."""
        return self._ask("GET", path, None)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes | None) -> Reply:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            if isinstance(error, OSError):
                raise
            raise ConnectionError(f"{method} {path}: {error!r}") from error
        return Reply(response.status, json.loads(text) if text else None)


class UnixConnection(http.client.HTTPConnection):
    """HTTP to a Unix socket."""

    def __init__(self, address: Path, timeout_seconds: float) -> None:
        """Nothing is connected yet."""
        super().__init__("localhost", timeout=timeout_seconds)
        self._address = address

    def connect(self) -> None:
        """Connect to the socket instead of to a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(str(self._address))
        except OSError:
            self.sock.close()
            raise
