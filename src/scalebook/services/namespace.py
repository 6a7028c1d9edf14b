"""The `services` that a lab's code is handed: one attribute per engine or program."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scalebook.errors import LabError

__all__ = ["Services"]


class _NoSuchService(LabError, AttributeError):
    """So that `hasattr(services, "close")` is false, as of any other object."""


class Services:
    """Engines and programs by name (`services.pg`); picklable when they are.

    `makers` make the members that are not there yet when somebody asks for them, so that an arm
    only has the engines that it uses. Pickling makes them all.
    """

    def __init__(
        self, members: Mapping[str, Any], makers: Mapping[str, Callable[[], Any]] | None = None
    ) -> None:
        self._members = dict(members)
        self._makers = dict(makers or {})
        self._mutex = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"_members": {name: self[name] for name in self}, "_makers": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _mutex=threading.Lock())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        with self._mutex:
            if name not in self._members and name in self._makers:
                self._members[name] = self._makers[name]()
            if name in self._members:
                return self._members[name]
        known = ", ".join(sorted(self)) or "none"
        text = f"no service or program is called {name!r}"
        raise _NoSuchService(text, remedy=f"known: {known}")

    def __iter__(self) -> Iterator[str]:
        return iter({**self._makers, **self._members})

    def __getitem__(self, name: str) -> Any:
        return self.__getattr__(name)

    def used(self) -> dict[str, Any]:
        """The members that somebody has asked for."""
        with self._mutex:
            return dict(self._members)

    def replaced(self, **members: Any) -> "Services":
        """A copy in which these members stand instead."""
        return Services({**self.used(), **members}, self._makers)
