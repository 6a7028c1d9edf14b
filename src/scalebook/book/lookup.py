"""From what a user types to a unit: an id, a part of it, a lab's number, or a path."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path

from scalebook.book.catalogue import Entry, load_catalogue
from scalebook.book.units import Unit, all_units, hyphens, unit_at
from scalebook.errors import UsageError

__all__ = ["find", "with_lab"]

LIST = "`scalebook list` shows every unit"


def find(name: str) -> Unit:
    """The unit called `name`.

    `redis/key-value-cache`, `redis-key-value-cache`, `key-value-cache` where one chapter alone
    has it, a lab's number, or the path of a lab's folder or file. `UsageError` says what is near.
    """
    wanted = hyphens(name.strip().strip("/"))
    found = all_units()
    matches = [unit for unit in found if wanted in _names(unit.id, unit.number)]
    matches = matches or [unit for unit in found if wanted == unit.name]
    if len(matches) == 1:
        return matches[0]
    if matches:
        choice = ", ".join(unit.id for unit in matches)
        raise UsageError(f"{name!r} is in more than one chapter", remedy=f"say which: {choice}")
    if (unit := _at_path(name)) is not None:
        return unit
    raise _unknown(name, wanted, found)


def with_lab(name: str) -> Unit:
    """The same, and `UsageError` for a unit that has no lab."""
    unit = find(name)
    if not unit.has_lab:
        raise UsageError(f"{unit.id} has a page, but no lab to run", remedy=LIST)
    return unit


def _names(unit: str, number: int | None) -> set[str]:
    numbers = set() if number is None else {str(number)}
    return {unit, unit.replace("/", "-")} | numbers


def _at_path(name: str) -> Unit | None:
    """The unit at a path; None where the name is no path at all."""
    path = Path(name).expanduser()
    looks_so = name.endswith(".py") or name.startswith((".", "~", os.sep))
    if not path.exists():
        if looks_so:
            raise UsageError(f"{name}: no such file or folder", remedy=LIST)
        return None
    folder = path if path.is_dir() else path.parent
    unit = unit_at(folder)
    if unit is not None and (path.is_dir() or path.name in unit.files):
        return unit
    if looks_so or os.sep in name:
        raise UsageError(f"{name}: no unit is here", remedy="give a folder that holds a lab.py")
    return None


def _unknown(name: str, wanted: str, found: Iterable[Unit]) -> UsageError:
    """What to say of a name that no unit has."""
    entries = load_catalogue().by_id.values()
    planned = [e for e in entries if wanted in _names(e.id, e.lab)]
    planned = planned or [e for e in entries if wanted == e.name]
    if planned:
        return _planned(planned[0])
    exist = {unit.id for unit in found}
    by_name = {n: unit for unit in exist for n in (unit, unit.replace("/", "-"), _last(unit))}
    near = difflib.get_close_matches(wanted, by_name, n=5, cutoff=0.6)
    ids = list(dict.fromkeys(by_name[n] for n in near))[:3]
    remedy = f"did you mean {' or '.join(ids)}? {LIST}" if ids else LIST
    return UsageError(f"there is no unit {name!r}", remedy=remedy)


def _planned(entry: Entry) -> UsageError:
    what = f"lab {entry.lab}, {entry.id}" if entry.lab is not None else entry.id
    remedy = f"it is in the catalogue; {LIST} that there is"
    return UsageError(f"{what} ({entry.title}), is not written yet", remedy=remedy)


def _last(unit: str) -> str:
    return unit.split("/")[1]
