"""The players of a whole trial that live in one process, opened, begun and ended together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scalebook.errors import HarnessError
from scalebook.load.closed import CUT_SECONDS, HANG_SECONDS
from scalebook.load.part import CrewReport, Part
from scalebook.load.player import Journal, Player
from scalebook.load.session import Recipe, close_client

__all__ = ["Crew", "CrewTask"]

clock = time.perf_counter
DOORS = 16  # So many clients open at once; more only get in each other's way.


@dataclass(frozen=True)
class CrewTask:
    """What a load process of a whole trial is told to be.

    With `journal` it tells of each operation as it happens, otherwise at the end.
    """

    recipe: Recipe
    parts: tuple[Part, ...]
    seconds: float
    trial_seed: int
    journal: bool


class Crew:
    """All players of this process. Open them, begin, stop the listeners, collect."""

    def __init__(
        self,
        recipe: Recipe,
        parts: Sequence[Part],
        seconds: float,
        trial_seed: int,
        journal: Journal | None = None,
    ) -> None:
        """`journal` is called around each operation and for each delivery; journalled sessions."""
        self.recipe, self.trial_seed, self.journal = recipe, trial_seed, journal
        self.started, self.stopped, self.trouble = (threading.Event() for _ in range(3))
        self.all_open = threading.Event()
        self.doors = threading.Semaphore(DOORS)
        self.ended = False
        self.t0 = self.end = 0.0
        self.begun = 0
        self.latest_delivery = 0.0
        self.error: BaseException | None = None
        self._seconds = seconds
        self._mutex = threading.Lock()
        self._tell: Callable[[BaseException], None] | None = None
        self._schedules = [part.schedule(recipe, seconds, trial_seed) for part in parts]
        self._players = [
            Player(self, part, number, arrivals)
            for part, arrivals in zip(parts, self._schedules, strict=True)
            for number in part.numbers
        ]

    @property
    def size(self) -> int:
        """How many players there are."""
        return len(self._players)

    def open(self) -> None:
        """Open all clients, side by side. Raises what the first failing one raised."""
        self.recipe.variant_class()
        deadline = clock() + 3 * HANG_SECONDS
        for player in self._players:
            player.start()
        for player in self._players:
            if not player.opened.wait(max(deadline - clock(), 0.001)):
                self.fail(
                    HarnessError(
                        f"a client of {self.recipe.variant} did not open in {3 * HANG_SECONDS:g} s",
                        remedy="look at what `open` waits for, or use fewer clients",
                    )
                )
        self.raise_trouble()
        self.all_open.set()

    def begin(self, t0: float, begun: int = 0) -> None:
        """The trial begins at `t0` (perf_counter); a late crew leaves out what is past.

        `begun`: how many operations an earlier, killed crew of this role began.
        """
        self.t0, self.end, self.begun = t0, t0 + self._seconds, begun
        for arrivals in self._schedules:
            if arrivals is not None:
                arrivals.skip(clock() - t0)
        self.started.set()

    def fail(self, error: BaseException) -> None:
        """Note the first thing that went wrong."""
        with self._mutex:
            first, self.error = self.error is None, self.error or error
        if first and self._tell is not None:
            self._tell(error)
        self.trouble.set()

    def watch(self, tell: Callable[[BaseException], None]) -> None:
        """Call `tell` with the first thing that went or goes wrong, in the thread where."""
        self._tell = tell
        if self.error is not None:
            tell(self.error)

    def raise_trouble(self) -> None:
        """Raise the first thing that went wrong, if anything did."""
        if self.error is not None:
            raise self.error

    def join(self, *, listeners: bool, deadline: float | None = None) -> bool:
        """Wait for the listeners, or for the others; false when some are busy at `deadline`."""
        mine = [p for p in self._players if p.part.listens is listeners]
        for player in mine:
            if player.ident is not None:
                left = None if deadline is None else max(deadline - clock(), 0.001)
                player.join(timeout=left)
        return not any(player.is_alive() for player in mine)

    def collect(self) -> CrewReport:
        """What the players did. Those that still hang are cut off first, for 2 s at most."""
        self.ended = True
        hung = [player for player in self._players if player.is_alive()]
        for player in hung:
            if player.session is not None:
                player.session.cut()
        deadline = clock() + CUT_SECONDS
        for player in hung:
            player.join(timeout=max(deadline - clock(), 0.001))
        report = CrewReport()
        for player in self._players:
            player.report.ops = player.ops()
            report.add(player.report)
        return report

    def close(self) -> None:
        """End everybody at once and close the clients that are not in use any more."""
        self.ended = True
        self.end = min(self.end, clock())
        self.stopped.set()
        self.started.set()
        self.all_open.set()
        self.join(listeners=True, deadline=clock() + CUT_SECONDS)
        self.join(listeners=False, deadline=clock() + CUT_SECONDS)
        for player in self._players:
            if player.session is not None and not player.is_alive():
                close_client(player.session.client)
