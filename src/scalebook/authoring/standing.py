"""Does a unit's reference result still stand? Kept in a cache, so that a plan stays quick."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from scalebook.book import Unit
from scalebook.errors import LabError

__all__ = ["Standing", "Standings", "reference_of"]

Standing = Literal["none", "current", "stale", "invalid"]
"""Of a reference result: there is none; it is valid and of this code; of other code; not valid."""

VERSION = 1


class Standings:
    """Answers that are remembered while neither the lab nor its reference result changes."""

    def __init__(self, file: Path | None = None) -> None:
        """`file` is where answers are kept between runs; by default in the user's cache."""
        self._file = file or _cache_file()
        self._known = _load(self._file)
        self._changed = False

    @classmethod
    @contextmanager
    def kept(cls) -> Iterator[Standings]:
        """The answers of the user's cache; new ones are written back at the end."""
        standings = cls()
        yield standings
        standings.save()

    def of(self, unit: Unit) -> Standing:
        """The standing of the unit's result.json."""
        if not unit.has_lab or "result.json" not in unit.files:
            return "none"
        lab = unit.folder / "lab.py"
        key = str(unit.folder)
        stamp = [VERSION, *_stamp(lab), *_stamp(unit.folder / "result.json")]
        known = self._known.get(key)
        if known is not None and known[:-1] == stamp:
            answer: Standing = known[-1]
            return answer
        answer = _look(unit)
        # A lab that imports other units changes with them, and its own stamp does not.
        if not _leans(lab):
            self._known[key] = [*stamp, answer]
            self._changed = True
        return answer

    def save(self) -> None:
        """Write new answers to the cache."""
        if not self._changed:
            return
        partial = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        # A cache that cannot be written costs time at the next look, and nothing else.
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(self._known))
            partial.replace(self._file)


def reference_of(unit: Unit) -> dict[str, object] | None:
    """The unit's result.json as plain data, unchecked; None where it is none."""
    try:
        data = json.loads((unit.folder / "result.json").read_bytes())
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _look(unit: Unit) -> Standing:
    reference = reference_of(unit)
    validity = reference.get("validity") if reference else None
    if reference is None or not isinstance(validity, dict) or validity.get("valid") is not True:
        return "invalid"
    # Imported here: a plan without any result to check needs nothing of it.
    from scalebook.results.digest import digest

    try:
        current = digest(unit.folder / "lab.py")
    except LabError:
        return "stale"
    return "current" if reference.get("digest") == current else "stale"


def _leans(lab: Path) -> bool:
    """Might the lab import from other units? Rather once too often."""
    text = lab.read_bytes()
    return b"scalebook.chapters" in text or b"from ." in text or b"import chapters" in text


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _cache_file() -> Path:
    if folder := os.environ.get("SCALEBOOK_CACHE"):
        return Path(folder) / "standings.json"
    from platformdirs import user_cache_path

    return user_cache_path("scalebook") / "standings.json"


def _load(file: Path) -> dict[str, list[Any]]:
    try:
        data = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
