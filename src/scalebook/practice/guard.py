"""What judged code is refused because the check could not be told apart from its wreck.

Whoever kills every process that it may signal also kills the engines, and a copy of the process
that Python knows nothing of goes on judging: both looked like a fault of the harness. Where they
are asked for in the ordinary ways, they are an error in the line that asks. This guards against
accidents, as all within one process does; `services/isolation.py` says what guards the machine.
"""

from __future__ import annotations

import sys

__all__ = ["Refused", "refuse"]

UNSEEN = {"fork", "_Fork", "vfork", "clone", "clone3", "daemon", "syscall", "kill", "killpg"}
"""Functions of the C library that do behind Python's back what `os` does in its sight."""
_state = {"refusing": False}


class Refused(TypeError):
    """What judged code may not ask for; one of `PROGRAMMING_FAULTS`, so it ends the check."""


def refuse() -> None:
    """From now on, and as long as this process lives; its copies inherit it."""
    if not _state["refusing"]:
        _state["refusing"] = True
        sys.addaudithook(_asked)


def _asked(event: str, given: tuple[object, ...]) -> None:
    """Python tells of each such call before it is made, and an error is its end."""
    if (event, given[:1]) in (("os.kill", (-1,)), ("os.killpg", (1,))):
        raise Refused("this would kill every process of the check, its engines included")
    if event in ("ctypes.dlsym", "ctypes.dlsym/handle") and given[1] in UNSEEN:
        raise Refused(f"C's {given[1]}() is refused here: use what os has")
