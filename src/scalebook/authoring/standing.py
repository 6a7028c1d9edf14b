"""Does a unit's reference result still stand?"""

from __future__ import annotations

import json
from typing import Literal

from scalebook.book import Unit
from scalebook.book.remembered import Remembered
from scalebook.errors import LabError

__all__ = ["Standing", "code_of", "leans", "reference_of", "standing"]

Standing = Literal["none", "current", "stale", "invalid"]
"""Of a reference result: there is none; it is valid and of this code; of other code; not valid."""


def standing(unit: Unit, remembered: Remembered) -> Standing:
    """The standing of the unit's result.json, from what is remembered where it can be."""
    if not unit.has_lab or "result.json" not in unit.files:
        return "none"
    files = [unit.folder / name for name in (*code_of(unit), "result.json")]
    known: Standing | None = remembered.answer(*files)
    if known is not None:
        return known
    found = _look(unit)
    # A lab that imports other units changes with them, and its own stamp does not.
    if not leans(unit):
        remembered.put(found, *files)
    return found


def code_of(unit: Unit) -> list[str]:
    """The names of the unit's Python files, the lab first."""
    return [
        "lab.py",
        *sorted(name for name in unit.files if name.endswith(".py") and name != "lab.py"),
    ]


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


def leans(unit: Unit) -> bool:
    """Might the lab import from other units? Rather once too often."""
    own = f"scalebook.chapters.{unit.folder.parent.name}.{unit.folder.name} ".encode()
    text = b"\n".join((unit.folder / name).read_bytes() for name in code_of(unit))
    text = text.replace(b"from " + own, b"")
    return b"scalebook.chapters" in text or b"from ." in text or b"import chapters" in text
