"""The `services` that a lab's code is handed: one attribute per engine or program."""

from collections.abc import Iterator, Mapping
from typing import Any

from scalebook.errors import LabError

__all__ = ["Services"]


class Services:
    """Engines and programs by name (`services.pg`); picklable when they are."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = dict(members)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._members:
            known = ", ".join(sorted(self._members)) or "none"
            raise LabError(f"no service or program is called {name!r}", remedy=f"known: {known}")
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __getitem__(self, name: str) -> Any:
        return self.__getattr__(name)

    def replaced(self, **members: Any) -> "Services":
        """A copy in which these members stand instead."""
        return Services({**self._members, **members})
