"""What a lab's code holds in `services.<name>`: it connects, and in the runner it breaks things."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from scalebook.errors import LabError

if TYPE_CHECKING:
    from scalebook.services.provide import Provisions
    from scalebook.services.rundir import RunDirectory
    from scalebook.services.service import Service

__all__ = ["Access", "Deployment", "Handle", "Spec"]


class Handle(ABC):
    """Reaches one service, and kills, pauses, resumes and restarts it (not when pickled)."""

    kind: ClassVar[str]
    name: str
    _service: Service | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_service": None}

    @property
    @abstractmethod
    def socket(self) -> Path:
        """The Unix socket on which the server (with its imposed capacity, if any) listens."""

    @abstractmethod
    def listen_path(self, directory: Path) -> Path:
        """Where a stand-in must listen so that `through(directory)` reaches it."""

    @abstractmethod
    def through(self, directory: Path) -> Self:
        """A copy that connects to the stand-in in `directory` instead."""

    def service(self) -> Service:
        """The service behind this; raises LabError outside of the runner."""
        if self._service is None:
            raise self._only_in_runner()
        return self._service

    def kill(self) -> None:
        """SIGKILL every process of the service."""
        self.service().kill()

    def pause(self) -> None:
        """SIGSTOP every process of the service."""
        self.service().pause()

    def resume(self) -> None:
        """SIGCONT every process of the service."""
        self.service().resume()

    def restart(self) -> None:
        """Stop the service if it runs; start it on the same data at the same address."""
        self.service().restart()

    def _only_in_runner(self) -> LabError:
        return LabError(
            f"a worker cannot kill, pause, restart or promote {self.name!r}",
            remedy="Use a Step or a Fault: those act in the runner.",
        )


class Access(Handle):
    """A way into one engine; picklable."""

    one_door: ClassVar[bool] = True
    """Do all clients come through one socket, in front of which a fault proxy can stand?"""

    @abstractmethod
    def as_guest(self) -> Self:
        """The same way in for code that is judged: without the administrator's password.

        Its account owns what the arm's load has made, may do there what a lab's client may, and
        reaches nothing of other arms. It is made when it is first asked for, after the load, and
        in the runner. The copy cannot kill, restart or promote the service.
        """

    def seeded(self, seed: float) -> Self:
        """A way in whose connections draw the engine's own random numbers from `seed`, -1 to 1.

        For an engine without any, this one.
        """
        del seed
        return self

    def with_levers_of(self, other: Self) -> Self:
        """A copy that can kill, pause and restart what `other` can, for a step of a trial."""
        changed = copy.copy(self)
        changed._service = other._service
        return changed

    @abstractmethod
    def reply_complete(self, data: bytes) -> bool:
        """Has the server finished its answer, of which `data` is all that came so far?"""

    @abstractmethod
    def connect(self, **kwargs: Any) -> Any:
        """A connection of the usual driver, which gets `kwargs`."""

    @abstractmethod
    def counters(self) -> dict[str, int]:
        """Exact counters of the server so far, by name."""

    @abstractmethod
    def floor(self) -> AbstractContextManager[Callable[[], object]]:
        """A connection of its own, and its cheapest round trip as a function."""


@dataclass(frozen=True)
class Spec(ABC):
    """What a lab writes in `services`: plain data without side effects."""

    kind: ClassVar[str]
    shareable: ClassVar[bool]
    """May many arms share one deployment, each with its own database?"""

    @abstractmethod
    def start(self, name: str, run: RunDirectory, provisions: Provisions) -> Deployment:
        """Start the engine and wait until it is ready; may be called in several threads.

        Raises EngineMissing where there is no such engine, HarnessError where it does not start.
        """


class Deployment(ABC):
    """A running engine, of one or more services; a context manager."""

    spec: Spec
    name: str
    version: str
    label: str
    services: list[Service]

    @abstractmethod
    def access(self, arm: str, template: Access | None = None) -> Access:
        """A way in for one arm, with a database of its own where the engine has them.

        A shareable engine makes it as a copy of `template`, if one is given.
        """

    @abstractmethod
    def release(self, access: Access) -> None:
        """Drop what the arm stored."""

    @abstractmethod
    def describe(self) -> dict[str, object]:
        """Kind, version, label, source, settings and capacity, for the environment record."""

    @abstractmethod
    def start(self) -> None:
        """Start everything and wait until it answers; HarnessError if it does not."""

    def started(self) -> Self:
        """Start; whatever was started ends again where not everything can be."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End all processes, the last started first."""
        for service in reversed(self.services):
            service.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
