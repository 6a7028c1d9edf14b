"""The gate between each client and its engines: a relay that holds a command until it may go."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

__all__ = ["Gate", "Line", "Seat"]

CHUNK_BYTES = 1 << 18
SEND_SECONDS = 10.0
BACKLOG = 16
# Nobody else can see that a transaction has begun (its snapshot comes with the first statement),
# so BEGIN is not scheduled: it goes on at once and counts as part of what follows it.
BEGIN = re.compile(rb"Q....(BEGIN|START TRANSACTION)[^;]*\0\Z", re.DOTALL | re.IGNORECASE)
State = Literal["thinking", "pending", "sent", "blocked", "asleep", "done"]


class Seat:
    """What the gate knows of one client.

    thinking: it has its answer, or has just begun. pending: its command is held. sent: the
    command went on and is not answered yet. blocked: it will not be answered for now. asleep: it
    thinks for so long that nobody waits for it. done: its operations are over.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.state: State = "done"
        self.waited = 0
        self.patience = 0
        self.recheck = False
        self.lines: list[Line] = []


class Line:
    """One connection of a client, through the gate, to a service `access`."""

    def __init__(self, seat: Seat, access: Any, front: socket.socket, back: socket.socket) -> None:
        self.seat, self.access, self.front, self.back = seat, access, front, back
        self.fresh = True  # Until the engine's first whole answer: the greeting is not a command.
        self.awaiting = False
        self.held = b""
        self.reply = b""
        self.backend: int | None = None

    def close(self) -> None:
        """Break both ends."""
        self.front.close()
        self.back.close()


class Gate:
    """Relays bytes in the thread that polls it; while it is not `open`, commands are held."""

    def __init__(self) -> None:
        self.open = True
        self.on_done: Callable[[int], None] = lambda _: None
        self._selector = selectors.DefaultSelector()
        self._listeners: list[socket.socket] = []
        self._lines: list[Line] = []
        self._bell, self._rope = socket.socketpair()
        self._selector.register(self._bell, selectors.EVENT_READ, self._rung)

    def seat(self, seat: Seat, access: Any, path: Path) -> None:
        """Listen at `path` for connections of this client to the service."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(BACKLOG)
        self._listeners.append(listener)

        def accept() -> None:
            front, _ = listener.accept()
            back = socket.socket(socket.AF_UNIX)
            back.settimeout(SEND_SECONDS)
            front.settimeout(SEND_SECONDS)
            try:
                back.connect(str(access.socket))
            except OSError:
                front.close()
                back.close()
                return
            self._join(Line(seat, access, front, back))

        self._selector.register(listener, selectors.EVENT_READ, accept)

    def ring(self, number: int) -> None:
        """Called in a client's thread: wake the poll, and let it call `on_done(number)`."""
        with contextlib.suppress(OSError):  # The gate is closed: nobody waits for this any more.
            self._rope.send(bytes([number]))

    def poll(self, seconds: float) -> bool:
        """Wait up to `seconds` for bytes or bells, deal with them; false when none came."""
        events = self._selector.select(seconds)
        for key, _ in events:
            if key.fileobj in self._selector.get_map():
                key.data()
        return bool(events)

    def forward(self, seat: Seat) -> None:
        """Let the client's held command go on."""
        seat.state = "sent"
        for line in list(seat.lines):
            if line.held:
                data, line.held = line.held, b""
                line.awaiting, line.reply = True, b""
                self._pass(line, line.back, data)

    def close(self) -> None:
        """Break all connections and stop listening."""
        for line in list(self._lines):
            self._end(line)
        for listener in [*self._listeners, self._bell, self._rope]:
            listener.close()
        self._selector.close()

    def _rung(self) -> None:
        for number in self._bell.recv(CHUNK_BYTES):
            self.on_done(number)

    def _join(self, line: Line) -> None:
        self._lines.append(line)
        line.seat.lines.append(line)
        for end, heard in ((line.front, self._from_client), (line.back, self._from_engine)):

            def hear(heard: Callable[[Line], None] = heard) -> None:
                heard(line)

            self._selector.register(end, selectors.EVENT_READ, hear)

    def _from_client(self, line: Line) -> None:
        data = self._read(line, line.front)
        if not data:
            return
        if self.open or line.fresh or line.awaiting:
            self._pass(line, line.back, data)
            return
        if line.access.kind == "postgresql" and BEGIN.match(data):
            line.awaiting = True
            self._pass(line, line.back, data)
            return
        line.held += data
        line.seat.state = "pending"

    def _from_engine(self, line: Line) -> None:
        data = self._read(line, line.back)
        if not data:
            return
        if line.fresh or line.awaiting:
            line.reply += data
            if line.access.reply_complete(line.reply):
                self._answered(line)
        self._pass(line, line.front, data)

    def _answered(self, line: Line) -> None:
        if line.fresh and line.access.kind == "postgresql":
            line.fresh = not _is_ready(line.reply)
            line.backend = line.backend or _backend(line.reply)
        else:
            line.fresh = False
        line.reply = b""
        if line.awaiting:
            line.awaiting = False
            self._thinks(line.seat)

    def _thinks(self, seat: Seat) -> None:
        if seat.state in ("sent", "blocked"):
            seat.state, seat.waited = "thinking", 0

    def _read(self, line: Line, end: socket.socket) -> bytes:
        try:
            data = end.recv(CHUNK_BYTES)
        except OSError:
            data = b""
        if not data:
            self._end(line)
        return data

    def _pass(self, line: Line, end: socket.socket, data: bytes) -> None:
        try:
            end.sendall(data)
        except OSError:
            self._end(line)

    def _end(self, line: Line) -> None:
        if line not in self._lines:
            return
        self._lines.remove(line)
        line.seat.lines.remove(line)
        for end in (line.front, line.back):
            with contextlib.suppress(KeyError):
                self._selector.unregister(end)
        line.close()
        if line.awaiting or line.held:
            line.seat.state, line.seat.waited = "thinking", 0


def _messages(data: bytes) -> list[tuple[int, bytes]]:
    """The whole messages of PostgreSQL's protocol: type and body."""
    found, offset = [], 0
    while offset + 5 <= len(data):
        end = offset + 1 + int.from_bytes(data[offset + 1 : offset + 5])
        found.append((data[offset], data[offset + 5 : end]))
        offset = end
    return found


def _is_ready(data: bytes) -> bool:
    return any(kind == ord("Z") for kind, _ in _messages(data))


def _backend(data: bytes) -> int | None:
    """The process id of the backend, from its BackendKeyData."""
    for kind, body in _messages(data):
        if kind == ord("K"):
            return int.from_bytes(body[:4])
    return None
