"""Code of a lab that runs as private child processes with addresses."""

from __future__ import annotations

from typing import Any

from scalebook.lab.client import Stopped

__all__ = ["Program"]


class Program:
    """A participant of a saga, a chat server: killed, paused and restarted like a service.

    A subclass either overrides `run`, or defines `handle(self, path, body)` and is then served
    over HTTP on `address`; other code reaches it as `services.<name>.http()`. The engine sets
    the attributes below before it calls `open`.
    """

    name: str = ""
    """The name under which a client's `programs` lists it."""

    address: str = ""
    """Path of its Unix socket, in a directory that nobody else can enter."""

    at: Any = None
    """The point of the axis at which this arm runs."""

    def open(self, services: Any) -> None:
        """Connect to the engines; the program counts as ready when this returns."""

    def run(self, stopped: Stopped) -> None:
        """Work until `stopped` is set."""
        stopped.wait()
