"""The ids of units over time: what was done under an old id counts for the unit as it is now."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path

from scalebook.errors import HarnessError

__all__ = ["Renamed", "load_renamed"]

FILE = Path(__file__).with_name("renamed.toml")


class Renamed:
    """A table of old ids and the ones that came after them."""

    def __init__(self, after: Mapping[str, str]) -> None:
        """`after`: old id -> next id. HarnessError for a table that goes in a circle."""
        self.after = dict(after)
        self._before: dict[str, str] = {}
        for old, new in self.after.items():
            if new in self._before:
                raise HarnessError(
                    f"{new} has two old ids, {self._before[new]} and {old}",
                    remedy="name one of them; a unit that took in another begins anew",
                )
            self._before[new] = old
        for old in self.after:
            seen = {old}
            while old in self.after:
                old = self.after[old]
                if old in seen:
                    raise HarnessError(f"the renamed units go in a circle at {old}")
                seen.add(old)

    def current(self, unit: str) -> str:
        """The id that a unit has now, from any that it has had."""
        while unit in self.after:
            unit = self.after[unit]
        return unit

    def first(self, unit: str) -> str:
        """The id that a unit had at first; it never changes, so that cards are known by it."""
        while unit in self._before:
            unit = self._before[unit]
        return unit


@functools.cache
def load_renamed(file: Path = FILE) -> Renamed:
    """The table of the package. HarnessError for one that cannot be read."""
    try:
        units = tomllib.loads(file.read_text("utf-8")).get("units", {})
    except (OSError, ValueError) as error:
        raise HarnessError(f"{file}: {error}", remedy="install Scalebook anew") from error
    if not all(isinstance(new, str) for new in units.values()):
        raise HarnessError(f"{file}: not every new id is text", remedy='write "old/id" = "new/id"')
    return Renamed(units)
