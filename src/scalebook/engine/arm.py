"""An arm: one variant at one point, with engines (or databases) that no other arm shares."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg
import redis

from scalebook.engine.bench import Workbench
from scalebook.errors import LabError
from scalebook.lab import Client, History, Op, Run
from scalebook.lab.lab import LabAt
from scalebook.load.session import Recipe, close_client
from scalebook.services.access import Access, Deployment, Spec
from scalebook.services.namespace import Services
from scalebook.services.postgres_access import PostgresAccess
from scalebook.services.program import ProgramService
from scalebook.services.proxy import Proxy

__all__ = ["Arm", "LabFile"]

Template = dict[str, tuple[Deployment, Access]]
_numbers = itertools.count(1)


@dataclass(frozen=True)
class LabFile:
    """Where a lab's code is, and the parameters that the user changed."""

    path: Path
    settings: Mapping[str, object]


class Arm:
    """Everything that one variant needs at one point; a context manager.

    On entry: the load (an engine is lent when it is first asked for), the programs, `prepare`,
    and a VACUUM ANALYZE, as a table in production would have had. `proxied` services stand
    behind a fault proxy, `private` ones belong to this arm alone, because something will be
    done to them; so do `stepped` ones, which start when they are first asked for. `services` are
    the judge's ways in, for the load and the checks; `handed` are those of the variant's own code,
    which differ where it is among the bench's `guests`.
    """

    def __init__(
        self,
        bench: Workbench,
        file: LabFile,
        lab: LabAt,
        variant: type[Client],
        *,
        private: Collection[str] = (),
        proxied: Collection[str] = (),
        stepped: Collection[str] = (),
    ) -> None:
        self.bench = bench
        self.file = file
        self.lab = lab
        self.variant = variant
        self.name = f"{variant.__name__.lower()}_{next(_numbers)}"
        self.faulted = set(private) | set(proxied)
        self.private = self.faulted | set(stepped)
        self.proxied = set(proxied)
        self.deployments: dict[str, Deployment] = {}
        self.accesses: dict[str, Access] = {}
        self.baseline: dict[str, dict[str, int]] = {}
        """The engines' counters when they were lent, or at the last `mark`."""
        self.proxies: dict[str, Proxy[Access]] = {}
        self.programs: dict[str, ProgramService] = {}
        self._specs: Mapping[str, Spec] = lab.services
        self._observer: Client | None = None

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        template = None if self.private else self._template()
        makers = {name: functools.partial(self._make, name, template) for name in self._specs}
        self.services = Services({}, makers)
        self.handed = self._handed()
        for name in self.faulted:
            if name in self._specs:
                self.services[name]
        if template is None:
            self._load()
            _vacuum(self.accesses)
        self._start_programs()
        if self.variant.prepare is not Client.prepare:
            with self._blame(f"{self.variant.__name__}.prepare"):
                self.client(-1).prepare(self.handed)
            _vacuum(self.accesses)

    def _make(self, name: str, template: Template | None) -> Access:
        """Lend an engine when it is first asked for, and put a proxy before it where one is due."""
        private = name in self.private
        deployment = self.bench.lend(name, self._specs[name], private=private)
        self.deployments[name] = deployment
        _, copied = (template or {}).get(name, (None, None))
        self.accesses[name] = deployment.access(self.name, copied)
        self.baseline[name] = self.accesses[name].counters()
        if name not in self.proxied:
            return self.accesses[name]
        self.proxies[name] = Proxy.in_front_of(self.bench.run, self.accesses[name], f"{name}-proxy")
        return self.proxies[name].access

    def _handed(self) -> Services:
        """What the variant's own code is given: `services`, or the same ways in for a guest."""
        if self.variant.__name__ not in self.bench.guests:
            return self.services

        def make(name: str) -> Access:
            access: Access = self.services[name]
            return access.as_guest()

        return Services({}, {name: functools.partial(make, name) for name in self._specs})

    def for_steps(self) -> Services:
        """What a step of a trial is given: `handed`, with levers to restart and to promote."""
        if self.handed is self.services:
            return self.services
        members = {name: self.handed[name] for name in self.handed}
        for name, access in self.accesses.items():
            members[name] = members[name].with_levers_of(access)
        return Services(members)

    def _template(self) -> Template | None:
        """The load, done once per point and then copied; None where it cannot be copied.

        It can when it left nothing in an engine that is not shared, as a copy would lack that.
        """
        key = (self.file.path, repr(sorted(self.file.settings.items())), self.lab.point)
        if self.lab.load is None:
            return None
        if key not in self.bench.loads:
            base = Arm(self.bench, self.file, self.lab, self.variant)
            base.load_only()
            self.bench.loads[key] = base.as_template()
        return self.bench.loads[key]

    def load_only(self) -> None:
        """Load without programs or `prepare`."""
        try:
            makers = {name: functools.partial(self._make, name, None) for name in self._specs}
            self.services = Services({}, makers)
            self._load()
            _vacuum(self.accesses)
        except BaseException:
            self.close()
            raise

    def as_template(self) -> Template | None:
        """Keep the databases as templates and give the rest back; None if that is not all."""
        shared = {
            name: (self.deployments[name], access)
            for name, access in self.accesses.items()
            if self._specs[name].shareable
        }
        others = [a for n, a in self.accesses.items() if n not in shared]
        if any(_holds_something(access) for access in others):
            self.close()
            return None
        for name in shared:
            del self.accesses[name]
        self.close()
        return shared

    def _load(self) -> None:
        services = self._for_load()
        with self._blame("load"):
            if isinstance(self.lab.load, str):
                names = [name for name, spec in self._specs.items() if spec.kind == "postgresql"]
                services[names[0]].run(self.lab.load)
            elif self.lab.load is not None:
                self.lab.load(services, self.lab.point)

    def _for_load(self) -> Services:
        """`services` whose random numbers follow the seed of the run: PostgreSQL's random().

        For Python there is `services.random`. So each arm that loads for itself has the same
        data, and another run has others.
        """
        seed = self.bench.seed
        source = random.Random(None if seed is None else f"{seed}/{self.lab.point}")  # noqa: S311
        fraction = source.uniform(-1, 1)

        def make(name: str) -> Access:
            access: Access = self.services[name]
            return access.seeded(fraction)

        makers = {name: functools.partial(make, name) for name in self._specs}
        return Services({"random": source}, makers)

    def _start_programs(self) -> None:
        """Each program knows the address of every other before any of them starts."""
        if not self.variant.programs:
            return
        members = {name: self.services[name] for name in self.services}
        handed = {name: self.handed[name] for name in self.handed}
        for name, program in self.variant.programs.items():
            service = ProgramService(
                name,
                self.bench.run,
                program,
                {},
                self.lab.point,
                self.file.path,
                self.file.settings,
            )
            self.programs[name] = service
            members[name] = handed[name] = service.access
        same = self.handed is self.services
        self.services = Services(members)
        self.handed = self.services if same else Services(handed)
        for service in self.programs.values():
            service.services = handed
            service.launch()
        for service in self.programs.values():
            service.wait_until_ready()

    @contextmanager
    def _blame(self, what: str) -> Iterator[None]:
        """Errors of an engine here are the lab's: say which part of it."""
        try:
            yield
        except (psycopg.Error, redis.RedisError) as error:
            text = f"{self.file.path}: {what} failed at {self.lab.point}: {error}"
            raise LabError(text.strip(), remedy="mend that part of the lab") from error

    def client(self, worker: int) -> Client:
        """A client of this variant with its attributes set, not opened."""
        client = self.variant()
        client.worker = worker
        client.at = self.lab.point
        client.random = random.Random(f"{self.name}/{worker}")  # noqa: S311 - a seeded choice
        return client

    def observer(self) -> Client:
        """An opened client that takes no part in the load."""
        if self._observer is None:
            client = self.client(-1)
            with self._blame(f"{self.variant.__name__}.open"):
                client.open(self.handed)
            self._observer = client
        return self._observer

    def recipe(self, seed: int, services: Services | None = None) -> Recipe:
        """How any process makes clients of this arm."""
        return Recipe(
            lab=self.file.path,
            settings=dict(self.file.settings),
            variant=self.variant.__name__,
            point=self.lab.point,
            services=services or self.handed,
            seed=seed,
        )

    def as_run(self, ops: list[Op], trial: str, **more: Any) -> Run:
        """What a check reads of operations on this arm; nothing needs healing by default."""

        @contextmanager
        def settle(seconds: float) -> Iterator[Services]:
            del seconds
            yield self.services

        fields: dict[str, Any] = {"settle": settle, **more}
        return Run(
            history=History(ops),
            at=self.lab.point,
            variant=self.variant.__name__,
            trial=trial,
            services=self.services,
            client=self.observer(),
            batches=self.variant.batches,
            **fields,
        )

    def mark(self) -> None:
        """Count from now on."""
        for name, access in self.accesses.items():
            self.baseline[name] = access.counters()

    def forget_observer(self) -> None:
        """Close the observing client; the next use opens a new one."""
        if self._observer is not None:
            close_client(self._observer)
            self._observer = None

    def close(self) -> None:
        """Give everything back, emptied."""
        self.forget_observer()
        for child in [*self.programs.values(), *self.proxies.values()]:
            child.kill()
        for name, deployment in self.deployments.items():
            private = name in self.private
            if name in self.accesses and not private:
                deployment.release(self.accesses[name])
            self.bench.give_back(deployment, private=private)
        self.deployments.clear()
        self.programs.clear()


def _vacuum(accesses: Mapping[str, Access]) -> None:
    """Leave tables as autovacuum would: analysed, and with their visibility map."""
    for access in accesses.values():
        if isinstance(access, PostgresAccess):
            access.run("VACUUM ANALYZE")


def _holds_something(access: Access) -> bool:
    client = access.connect()
    try:
        return bool(client.dbsize())
    finally:
        client.close()
