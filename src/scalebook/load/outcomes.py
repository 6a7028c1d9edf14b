"""What an exception in an operation means: failed, unknown, or a fault of the lab itself."""

from __future__ import annotations

import sys
import traceback

import psycopg
import redis

from scalebook.lab import Client
from scalebook.lab.history import Outcome

__all__ = ["ENGINE_ERRORS", "PROGRAMMING_FAULTS", "classify", "describe", "lab_line"]

LONGEST_TEXT = 200
PROGRAMMING_FAULTS = (TypeError, AttributeError, NameError, NotImplementedError)
BROKEN_STATES = ("08", "57P", "XX")  # Connection lost, server shutting down, internal error.
ANSWERED = (redis.exceptions.BusyLoadingError, redis.exceptions.AuthenticationError)
ENGINE_ERRORS: tuple[type[Exception], ...] = (psycopg.Error, redis.RedisError, OSError, EOFError)
LOST = (
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    OSError,
    EOFError,
)


def classify(error: BaseException) -> Outcome:
    """*failed* when the engine answered with an error, *unknown* when its answer was lost.

    An error that the lab's own code raises is a failure.
    """
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return "unknown" if state.startswith(BROKEN_STATES) else "failed"
    if isinstance(error, ANSWERED):
        return "failed"
    return "unknown" if isinstance(error, LOST) else "failed"


def describe(error: BaseException) -> str:
    """The error's type and text in at most 200 characters, with the SQLSTATE if it has one."""
    state = getattr(error, "sqlstate", None)
    label = type(error).__name__ if state is None else f"{type(error).__name__} [{state}]"
    text = " ".join(str(error).split())
    return f"{label}: {text}"[:LONGEST_TEXT]


def lab_line(error: BaseException, client: Client) -> str:
    """Where in the lab the error arose, as file:line; the class's file when it never got there."""
    files = set()
    for kind in type(client).__mro__:
        file = getattr(sys.modules.get(kind.__module__), "__file__", None)
        if file is not None and kind not in (Client, object):
            files.add(file)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in files:
            return f"{frame.filename}:{frame.lineno}"
    own = getattr(sys.modules.get(type(client).__module__), "__file__", None)
    return f"{own or type(client).__module__} ({type(client).__name__})"
