"""The worker's side of a lab: clients, their figures, and what they must really have used."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

if TYPE_CHECKING:
    from scalebook.lab.native import Native
    from scalebook.lab.program import Program

__all__ = ["Client", "Command", "Deliver", "Plan", "Stopped", "Use", "figure", "figures_of"]

F = TypeVar("F", bound=Callable[..., Any])


class Deliver(Protocol):
    """Tells the engine that a message has reached this worker."""

    def __call__(self, message: str | bytes | int) -> None:
        """`message` is the id that the publishing operation was given."""


class Stopped(Protocol):
    """Set when a listener must return; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Is it time to return?"""

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep at most `timeout` seconds; true when it is time to return."""


@dataclass(frozen=True)
class Plan:
    """This operation must have been answered through plan node `node` (on `on`, if given)."""

    node: str
    on: str | None = None


@dataclass(frozen=True, init=False)
class Command:
    """This operation must really have sent each of these commands, e.g. `Command("GET")`."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", tuple(name.lower() for name in names))


Use = Plan | Command


class Client:
    """One worker's session with the system under test; a subclass is one variant of a lab.

    Each operation of the workload is a method with one argument, the key (or the message). It
    returns what a caller would see; an exception means that it failed. The engine sets the
    attributes below before it calls `open`.
    """

    uses: ClassVar[Mapping[str, Use]] = {}
    """Operation name -> the plan or the commands that it must really have used."""

    native: ClassVar[Mapping[str, Native]] = {}
    """Operation name -> the same operation for a native load generator."""

    batches: ClassVar[Mapping[str, int]] = {}
    """Operation name -> how many one call does; times and rates are then given for one."""

    programs: ClassVar[Mapping[str, type[Program]]] = {}
    """Name -> code of the lab that runs as a private process; reached as `services.<name>`."""

    worker: int = 0
    """This worker's number in its role, from 0."""

    at: Any = None
    """The point of the axis at which this arm runs."""

    random: random.Random
    """Seeded anew per worker and trial; use it for every choice, so that a seed replays."""

    def prepare(self, services: Any) -> None:
        """Change what the whole arm needs once (an index, a view, a setting), after the load."""

    def open(self, services: Any) -> None:
        """Connect this worker."""

    def follow(self, deliver: Deliver, stopped: Stopped) -> None:
        """Listen until `stopped` is set, and hand each message that arrives to `deliver`."""

    def close(self) -> None:
        """Let go of what `open` took; the engine's connections are closed for you."""


def figure(unit: str) -> Callable[[F], F]:
    """Mark a method of a client, or a function of a run, as exact evidence in `unit`."""

    def mark(function: F) -> F:
        function.__figure_unit__ = unit  # type: ignore[attr-defined]
        return function

    return mark


def figures_of(variant: type[Client]) -> dict[str, str]:
    """Name -> unit of each figure that the variant's methods yield."""
    found = {}
    for name in dir(variant):
        unit = getattr(getattr(variant, name, None), "__figure_unit__", None)
        if unit is not None:
            found[name] = unit
    return found
