"""What plays in a whole trial: roles or the workload, and what they report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scalebook.lab import Op, OpenLoop, Role, Workload
from scalebook.lab.workload import Keys
from scalebook.load.draw import Chooser, keys_at
from scalebook.load.openloop import Arrivals, arrival_times
from scalebook.load.session import Recipe

__all__ = ["CrewReport", "Part", "message_id", "parts_of"]


@dataclass(frozen=True)
class Part:
    """A role (or the workload, whose role is ""), and which of its workers play here.

    `clients`: how many it has in all processes together. `keys` None: each operation gets a fresh
    message id, unique because `place` differs among the `places` roles that do so.
    """

    role: str
    numbers: tuple[int, ...]
    clients: int
    mix: Mapping[str, float]
    keys: int | str | Keys | None = None
    arrivals: OpenLoop | None = None
    listens: bool = False
    place: int = 0
    places: int = 1
    apart: bool = False

    def schedule(self, recipe: Recipe, seconds: float, trial_seed: int) -> Arrivals | None:
        """The arrivals of an open loop, decided by the seed; None for a closed one."""
        if self.arrivals is None:
            return None
        seed = f"{trial_seed}/{self.role}/arrivals"
        times = arrival_times(self.arrivals.rate, seconds, seed, even=self.arrivals.even)
        keys = None if self.keys is None else keys_at(self.keys, recipe.point)
        chooser = Chooser(self.mix, keys or keys_at(1, None), f"{seed}/requests")
        return Arrivals(
            times,
            [
                (chooser.op(), message_id(i, self) if keys is None else chooser.key())
                for i in range(len(times))
            ],
        )


def message_id(number: int, part: Part) -> str:
    """The id of a role's `number`-th message; no other message of the trial has it."""
    return str(number * part.places + part.place)


@dataclass
class CrewReport:
    """What players did: operations, how late each arrival began (s), how late idle ones woke.

    `busy_share`: how much of one core the busiest of their processes used.
    """

    ops: list[Op] = field(default_factory=list)
    lateness_seconds: list[float] = field(default_factory=list)
    wake_lateness_seconds: list[float] = field(default_factory=list)
    busy_share: float = 0.0

    def add(self, other: CrewReport) -> None:
        """Take in what others did."""
        self.ops += other.ops
        self.lateness_seconds += other.lateness_seconds
        self.wake_lateness_seconds += other.wake_lateness_seconds
        self.busy_share = max(self.busy_share, other.busy_share)


def parts_of(workload: Workload | None, roles: Sequence[Role]) -> list[Part]:
    """The workload as one part, or a part per role."""
    if workload is not None:
        loop = workload.arrivals
        count = workload.clients if loop is None else loop.workers
        numbers = tuple(range(count))
        return [Part("", numbers, count, workload.mix, workload.keys, loop)]
    parts = []
    for place, role in enumerate(roles):
        loop = None if role.rate is None else OpenLoop(role.rate, workers=role.clients)
        parts.append(
            Part(
                role=role.name,
                numbers=tuple(range(role.clients)),
                clients=role.clients,
                mix={role.name: 1},
                keys=role.keys,
                arrivals=None if role.listens else loop,
                listens=role.listens,
                place=place,
                places=len(roles),
                apart=role.apart,
            )
        )
    return parts
