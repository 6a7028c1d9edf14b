"""The event lines of a run: read as they are written, passwords hidden, numbered from 0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scalebook.results.failures import redacted

__all__ = ["Tail", "hidden"]


class Tail:
    """Reads a growing file of JSON lines; a line that is not finished yet waits for its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._next = 0

    def read(self) -> list[dict[str, Any]]:
        """The events since the last time, each with its number `n`; none without a file."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                text = file.read()
        except OSError:
            return []
        whole = text.rfind(b"\n") + 1
        self._offset += whole
        return [event for line in text[:whole].splitlines() if (event := self._event(line))]

    def _event(self, line: bytes) -> dict[str, Any] | None:
        """One line as an event; None for what is no JSON object, which no run of ours writes."""
        try:
            event = json.loads(line)
        except ValueError:
            return None
        if not isinstance(event, dict):
            return None
        self._next += 1
        return {**hidden(event), "n": self._next - 1}


def hidden(value: Any) -> Any:
    """A JSON value with the passwords in its texts replaced."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {name: hidden(item) for name, item in value.items()}
    if isinstance(value, list):
        return [hidden(item) for item in value]
    return value
