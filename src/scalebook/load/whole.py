"""A whole trial: every client opens first, works from t0 for its seconds, and is told to stop."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from scalebook.errors import HarnessError
from scalebook.lab import Role, Workload
from scalebook.load.closed import HANG_SECONDS
from scalebook.load.crew import Crew, CrewTask
from scalebook.load.openloop import why_not_held
from scalebook.load.part import CrewReport, Part, parts_of
from scalebook.load.quiet import quiet
from scalebook.load.remote import RemoteCrew
from scalebook.load.report import WholeReport, pair
from scalebook.load.session import Recipe

if TYPE_CHECKING:
    from scalebook.services.rundir import RunDirectory

__all__ = ["Drive", "WholeReport"]

clock = time.perf_counter
LEAD_SECONDS = 0.02
LISTENER_LEAD_SECONDS = 0.15  # Listeners subscribe before t0,
EACH_LISTENER_SECONDS = 0.002  # and a thousand of them take a while.
GRACE_SECONDS = 1.0
QUIET_SECONDS = 0.25
POLL_SECONDS = 0.02
MANY_LISTENERS = 64  # More would keep those who publish in this process from their schedule.
CORES = os.cpu_count() or 1


class Drive:
    """The load of one whole trial. `start` it, do the faults, `finish` it; a context manager."""

    def __init__(
        self,
        recipe: Recipe,
        workload: Workload | None,
        roles: Sequence[Role],
        seconds: float,
        run: RunDirectory,
        trial_seed: int,
        own_process: Collection[str] = (),
    ) -> None:
        """Open all clients. The roles in `own_process` get processes that faults may hit.

        Raises LabError or HarnessError as `open_client` does.
        """
        self._recipe, self._seconds, self._seed = recipe, seconds, trial_seed
        self._run, self._t0 = run, 0.0
        self._quiet = contextlib.ExitStack()
        self._parts = parts_of(workload, roles)
        self._own: dict[str, RemoteCrew] = {}
        self._spare: dict[str, RemoteCrew] = {}
        self._dead: list[RemoteCrew] = []
        self._count = 0
        spread = workload.processes if workload is not None and workload.arrivals is None else 0
        self._spread: list[RemoteCrew] = []
        try:
            for part in self._parts:
                killable = part.role in own_process
                if killable or part.apart:
                    self._own[part.role] = self._process(part, journal=killable)
                if killable:
                    self._spare[part.role] = self._process(part)
            here = [part for part in self._parts if part.role not in self._own]
            for part in here:
                many = CORES if part.listens and part.clients > MANY_LISTENERS else spread
                for i in range(min(many, part.clients)):
                    one = replace(part, numbers=part.numbers[i::many])
                    self._spread.append(self._process(one, journal=False))
            spread_roles = {part.role for crew in self._spread for part in crew.parts}
            here = [part for part in here if part.role not in spread_roles]
            self._crew = Crew(recipe, here, seconds, trial_seed)
            remote = [*self._own.values(), *self._spread]
            for crew in remote:
                crew.open()
            self._crew.open()
            for crew in remote:
                crew.wait_until_ready()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> float:
        """Begin shortly after this returns: t0 on `time.perf_counter`'s clock (s)."""
        self._quiet.enter_context(quiet(self._crew.size))
        listeners = self._listeners()
        lead = LISTENER_LEAD_SECONDS + listeners * EACH_LISTENER_SECONDS if listeners else 0.0
        self._busy = time.process_time()
        self._t0 = clock() + LEAD_SECONDS + lead
        for crew in [*self._own.values(), *self._spread]:
            crew.begin(self._t0)
        self._crew.begin(self._t0)
        return self._t0

    def kill(self, role: str) -> None:
        """SIGKILL the role's process."""
        self._hit(role).kill()

    def pause(self, role: str) -> None:
        """SIGSTOP the role's process."""
        self._hit(role).pause()

    def resume(self, role: str) -> None:
        """SIGCONT the role's process."""
        self._hit(role).resume()

    def revive(self, role: str) -> None:
        """Give a killed role a new process, which was made ready before; its clients open anew."""
        old = self._hit(role)
        old.kill()
        self._dead.append(old)
        fresh = self._spare.pop(role, None)
        if fresh is None:
            fresh = self._process(next(part for part in self._parts if part.role == role))
        fresh.begun = old.begun
        self._own[role] = fresh
        fresh.open()
        fresh.begin(self._t0, old.begun)

    def finish(self) -> WholeReport:
        """Wait for the end, let messages under way arrive, stop the listeners, collect.

        Raises what went wrong in a client, as soon as it does.
        """
        end = self._t0 + self._seconds
        try:
            while clock() < end:
                self._raise_trouble()
                time.sleep(max(min(POLL_SECONDS, end - clock()), 0))
            busy = (time.process_time() - self._busy) / (clock() - self._t0)
            deadline = end + HANG_SECONDS
            remote = [*self._own.values(), *self._spread]  # Those who live now, also if revived.
            self._crew.join(listeners=False, deadline=deadline)
            for crew in remote:
                crew.join(deadline)
            self._raise_trouble()
            if self._listeners():
                self._grace()
            self._crew.stopped.set()
            for crew in remote:
                crew.stop()
            self._crew.join(listeners=True, deadline=clock() + GRACE_SECONDS)
            mine = self._crew.collect()
            mine.busy_share = busy
            self._raise_trouble()
            for crew in self._spread:
                mine.add(crew.collect())
            others = CrewReport()
            for crew in [*self._own.values(), *self._dead]:
                others.ops += crew.collect().ops
        finally:
            self.close()
        return self._report(mine, others)

    def close(self) -> None:
        """End everything, also before its time; doing so twice is fine."""
        self._quiet.close()
        if hasattr(self, "_crew"):
            self._crew.close()
        for crew in [*self._own.values(), *self._spare.values(), *self._spread, *self._dead]:
            crew.close()

    def _process(self, part: Part, *, journal: bool = True) -> RemoteCrew:
        self._count += 1
        task = CrewTask(self._recipe, (part,), self._seconds, self._seed, journal)
        return RemoteCrew(self._run, f"{part.role or 'load'}-{self._count}", task)

    def _hit(self, role: str) -> RemoteCrew:
        if role not in self._own:
            known = ", ".join(sorted(self._own)) or "none"
            raise HarnessError(f"no process of its own for role {role!r}; there are: {known}")
        return self._own[role]

    def _listeners(self) -> int:
        return sum(part.clients for part in self._parts if part.listens)

    def _raise_trouble(self) -> None:
        crews: list[Crew | RemoteCrew] = [self._crew, *self._own.values(), *self._spread]
        for crew in crews:
            crew.raise_trouble()

    def _grace(self) -> None:
        """Wait until nothing has arrived for a moment, at most for a second.

        Listeners in a process without a journal tell only at the end what reached them.
        """
        if any(crew.silent for crew in [*self._own.values(), *self._spread]):
            time.sleep(GRACE_SECONDS)
            return
        crews: list[Crew | RemoteCrew] = [self._crew, *self._own.values()]
        begin = clock()
        while (now := clock()) < begin + GRACE_SECONDS:
            latest = max(crew.latest_delivery for crew in crews)
            if now - max(latest, begin) > QUIET_SECONDS:
                return
            time.sleep(POLL_SECONDS)

    def _report(self, mine: CrewReport, others: CrewReport) -> WholeReport:
        end = self._t0 + self._seconds
        ops = sorted(mine.ops + others.ops, key=lambda op: op.end)
        pair(ops, {part.role for part in self._parts if part.keys is None})
        schedules = [
            (part.role, part.schedule(self._recipe, self._seconds, self._seed))
            for part in self._parts
        ]
        due = {role: len(arrivals.times) for role, arrivals in schedules if arrivals is not None}
        here = {role: count for role, count in due.items() if role not in self._own}
        begun = sum(1 for op in ops if op.role in here and op.scheduled and op.start <= end)
        answers = sum(1 for op in ops if op.end <= end and op.name not in ("delivery", "follow"))
        clocked = due or self._listeners()
        why = why_not_held(mine.wake_lateness_seconds, mine.busy_share) if clocked else ""
        return WholeReport(
            ops=ops,
            listeners=self._listeners(),
            lateness_seconds=mine.lateness_seconds,
            wake_lateness_seconds=mine.wake_lateness_seconds,
            backlog_at_end=sum(here.values()) - begun,
            achieved_rate=answers / self._seconds,
            offered_rate=sum(due.values()) / self._seconds,
            held=not why,
            why=why,
        )
