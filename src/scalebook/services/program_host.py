"""The child process that runs one program of a lab: `python -m scalebook.services.program_host`.

Standard input: a pickled `Task`. Standard output: one line when the program is ready; what the
program prints goes to its log.
"""

import json
import os
import pickle
import signal
import socketserver
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler
from typing import Any

from scalebook.labfile import import_lab_module
from scalebook.services.namespace import Services
from scalebook.services.program import READY, Task

__all__ = ["serve"]


def serve(program: Any, address: str) -> None:
    """Serve `program.handle` on the socket, one request at a time, in the background."""
    one_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            try:
                with one_at_a_time:
                    status, answer = program.handle(self.path, body)
            except Exception as error:
                traceback.print_exc()
                status, answer = 500, {"error": f"{type(error).__name__}: {error}"}
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _serve  # noqa: N815

        def address_string(self) -> str:
            return "unix"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Requests are not logged: the history of the run has them."""

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True
        request_queue_size = 1024

        def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
            if not isinstance(sys.exception(), ConnectionError):
                traceback.print_exc()

    threading.Thread(target=Server(address, Handler).serve_forever, daemon=True).start()


def _main() -> None:
    # Only `ready` goes to the runner; what the lab prints belongs in the log.
    runner = os.dup(1)
    os.dup2(2, 1)
    stopped = threading.Event()
    # A thread waits for the signal, because a handler may not touch the event's lock.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=_stop_on_signal, args=[stopped], daemon=True).start()
    task: Task = pickle.load(sys.stdin.buffer)  # noqa: S301
    found: Any = import_lab_module(task.path, task.settings)
    for part in task.qualname.split("."):
        found = getattr(found, part)
    program = found()
    program.name, program.address, program.at = task.name, task.address, task.at
    program.open(Services(task.services))
    if hasattr(program, "handle"):
        serve(program, task.address)
    os.write(runner, READY)
    program.run(stopped)


def _stop_on_signal(stopped: threading.Event) -> None:
    signal.sigwait({signal.SIGTERM})
    stopped.set()


if __name__ == "__main__":
    _main()
