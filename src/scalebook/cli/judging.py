"""What `check` and `verify` share: how a judge at work is told, and its sentences in 80 columns."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import Self

__all__ = ["WIDTH", "Judging", "folded"]

WIDTH = 78
"""Of what is said of a solution, in columns."""


class Judging:
    """Tells on standard error which part is under way, on one line where it is a terminal.

    A context manager, and the reporter of the judge; `who` is said before each part.
    """

    def __init__(self, who: str = "") -> None:
        self.who = who
        self._last = ""
        self._stream = sys.stderr
        self._line = self._stream.isatty() and os.environ.get("TERM") != "dumb"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the line away, where it is one."""
        if self._line:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def __call__(self, event: dict[str, object]) -> None:
        """Say what the judge has begun."""
        text = _WORDS.get(str(event.get("part")), "")
        if event["event"] == "workers":
            text = f"promises with {event['workers']} workers"
        elif event["event"] == "pairs" and self._line:
            text = f"speed: {event['pairs']} pairs with the reference"
        elif event["event"] == "note":
            text = str(event["text"])
        if text and text != self._last:
            self._last = text
            said = f"{self.who}: {text} ..." if self.who else f"{text} ..."
            self._stream.write(f"\r\x1b[K{said}" if self._line else f"{said}\n")
            self._stream.flush()


_WORDS = {
    "import": "reading the code",
    "answers": "answers",
    "promises": "promises: races, faults, whole trials",
    "bar": "comparing with the reference",
}


def folded(text: str) -> list[str]:
    """A sentence in lines of at most WIDTH columns, the first one indented by two."""
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
