"""PostgreSQL: one server, or a primary with streaming replicas."""

import hashlib
import itertools
import json
import os
import re
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from psycopg import sql

from scalebook.errors import LabError
from scalebook.services.access import Access, Deployment, Spec
from scalebook.services.postgres_access import PostgresAccess
from scalebook.services.postgres_guest import make_guest
from scalebook.services.postgres_node import PostgresNode, administer
from scalebook.services.postgres_template import find_template
from scalebook.services.provide import Provision, Provisions
from scalebook.services.proxy import Proxy
from scalebook.services.rundir import RunDirectory
from scalebook.services.service import Capacity, Service, Settings, frozen_settings

__all__ = ["RELEASED_KEPT", "Postgres", "PostgresDeployment"]

DEFAULTS = {"shared_buffers": "128MB", "max_connections": "200", "scram_iterations": "1"}
SPARE_SENDERS = 10
LONGEST_SLUG = 40
RELEASED_KEPT = 20
PRELOADED = ("pg_stat_statements",)


@dataclass(frozen=True)
class Postgres(Spec):
    """PostgreSQL 18 with `replicas` streaming standbys; settings otherwise as it ships.

    `settings`: of postgresql.conf, such as `{"synchronous_commit": "off"}`. `capacity`: an
    imposed service time of each server. `contrib`: extensions, made in each arm's database.
    """

    kind: ClassVar[str] = "postgresql"
    shareable: ClassVar[bool] = True

    replicas: int = 0
    settings: Settings = ()
    capacity: Capacity | None = None
    contrib: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.replicas < 0:
            raise LabError("Postgres(replicas=...) cannot be negative", remedy="Use 0 or more.")
        object.__setattr__(self, "settings", frozen_settings(self.settings))
        object.__setattr__(self, "contrib", tuple(self.contrib))

    def start(self, name: str, run: RunDirectory, provisions: Provisions) -> "PostgresDeployment":
        """Start all servers; ready when each answers a query and every replica streams."""
        modules = provisions.find("postgresql-contrib") if self.contrib else None
        deployment = PostgresDeployment(self, name, run, provisions.find("postgresql"), modules)
        return deployment.started()


class PostgresDeployment(Deployment):
    """A primary, its replicas, and the proxies that impose a capacity."""

    spec: Postgres

    def __init__(
        self,
        spec: Postgres,
        name: str,
        run: RunDirectory,
        provision: Provision,
        modules: Provision | None,
    ) -> None:
        """Nothing is started yet."""
        self.spec = spec
        self.name = name
        self.version = provision.version
        self.label = provision.label
        self.services: list[Service] = []
        self.nodes: list[PostgresNode] = []
        self.proxies: list[Proxy[PostgresAccess]] = []
        self.topology = run.folder(f"{name}-topology", as_engine=False) / "topology.json"
        self._run = run
        self._provision = provision
        self._modules = modules
        self._numbers = itertools.count(1)
        self._released: deque[PostgresAccess] = deque()
        self._guest: str | None = None
        self._guest_mutex = threading.Lock()

    @property
    def settings(self) -> dict[str, str]:
        """What is written to postgresql.conf."""
        senders = str(SPARE_SENDERS + self.spec.replicas)
        found = {**DEFAULTS, "max_wal_senders": senders, "max_replication_slots": senders}
        found["wal_retrieve_retry_interval"] = "100ms"
        if self._modules is not None:
            found["extension_control_path"] = f"$system:{self._modules.share}"
            found["dynamic_library_path"] = f"$libdir:{self._modules.lib}"
            found["shared_preload_libraries"] = ",".join(set(PRELOADED) & set(self.spec.contrib))
        return {**found, **dict(frozen_settings(self.spec.settings))}

    def start(self) -> None:
        """Start the primary; the replicas' data is copied meanwhile."""
        template = find_template(self._provision, self._run)

        def make(name: str) -> PostgresNode:
            return PostgresNode(name, self._run, self._provision, template, self.settings)

        with ThreadPoolExecutor(max_workers=2) as pool:
            names = [f"{self.name}-replica-{n}" for n in range(1, self.spec.replicas + 1)]
            copies: list[Future[PostgresNode]] = [pool.submit(make, name) for name in names]
            primary = make(self.name)
            self._add(primary)
            primary.start()
            primary.take_new_password()
            replicas = [future.result() for future in copies]
        slots = [_slot(number) for number in range(1, self.spec.replicas + 1)]
        primary.add_slots(slots)
        for replica, slot in zip(replicas, slots, strict=True):
            self._add(replica)
            replica.follow(primary, slot)
            replica.launch()
        for replica in replicas:
            replica.wait_until_ready()
        self._publish(0, list(range(1, len(self.nodes))))
        if self.spec.capacity is not None:
            self._impose(self.spec.capacity)

    def access(self, arm: str, template: Access | None = None) -> PostgresAccess:
        """Create a database for the arm; the replicas have it when this returns.

        It is a copy of `template`'s database, to which nobody may be connected.
        """
        slug = re.sub(r"[^a-z0-9]+", "_", arm.lower()).strip("_")[:LONGEST_SLUG]
        digest = hashlib.sha256(arm.encode()).hexdigest()[:6]
        database = f"{slug or 'arm'}_{digest}_{next(self._numbers)}"
        found = self._access(database)
        primary = self.nodes[found.index]
        with administer(primary.folder, primary.password) as connection:
            create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database))
            if isinstance(template, PostgresAccess):
                # File by file: measured two to three times as fast as through the log.
                create += sql.SQL(" TEMPLATE {} STRATEGY file_copy").format(
                    sql.Identifier(template.database)
                )
            connection.execute(create)
        if self.spec.contrib and template is None:
            with administer(primary.folder, primary.password, database) as connection:
                for module in self.spec.contrib:
                    made = sql.SQL("CREATE EXTENSION {} CASCADE").format(sql.Identifier(module))
                    connection.execute(made)
        found.wait_for_replicas()
        return found

    def release(self, access: Access) -> None:
        """Drop an arm's database, with whoever is still connected to it; not at once.

        A drop costs a checkpoint and a file each for a thousand files, so the last few wait: they
        go with the run's directory.
        """
        if not isinstance(access, PostgresAccess):
            raise TypeError(f"{access!r} is no access of PostgreSQL")
        self._released.append(access)
        if len(self._released) > RELEASED_KEPT:
            oldest = self._released.popleft()
            primary = self.nodes[oldest.primary.index]
            with administer(primary.folder, primary.password) as connection:
                drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
                connection.execute(drop.format(sql.Identifier(oldest.database)))

    def guest_password(self) -> str:
        """Of the role for judged code, which is made when it is first asked for."""
        with self._guest_mutex:
            if self._guest is None:
                topology = json.loads(self.topology.read_text(encoding="ascii"))
                primary = self.nodes[topology["primary"]]
                with administer(primary.folder, primary.password) as connection:
                    self._guest = make_guest(connection)
            return self._guest

    def promote(self, index: int) -> None:
        """Make the replica with this number the primary; the other replicas follow it."""
        topology: Mapping[str, list[int]] = json.loads(self.topology.read_text(encoding="ascii"))
        others = [number for number in topology["replicas"] if number != index]
        chosen = self.nodes[index]
        chosen.promote()
        self._publish(index, others)
        alive = [number for number in others if self.nodes[number].alive]
        chosen.add_slots([_slot(number) for number in alive])
        for number in alive:
            self.nodes[number].follow(chosen, _slot(number))

    def describe(self) -> dict[str, object]:
        """What the environment record keeps of this deployment."""
        capacity = self.spec.capacity
        return {
            "kind": self.spec.kind,
            "version": self.version,
            "label": self.label,
            "source": self._provision.source,
            "settings": dict(frozen_settings(self.spec.settings)),
            "defaults": DEFAULTS,
            "replicas": self.spec.replicas,
            "contrib": list(self.spec.contrib),
            "capacity": {"slots": capacity.slots, "seconds": capacity.seconds}
            if capacity
            else None,
        }

    def _add(self, node: PostgresNode) -> None:
        self.nodes.append(node)
        self.services.append(node)

    def _impose(self, capacity: Capacity) -> None:
        bare = self._access("postgres")
        for index, node in enumerate(self.nodes):
            proxy = Proxy(f"{node.name}-capacity", self._run, bare._at(index), capacity)
            proxy.launch()
            self.proxies.append(proxy)
            self.services.append(proxy)
        for proxy in self.proxies:
            proxy.wait_until_ready()

    def _access(self, database: str) -> PostgresAccess:
        real = tuple(node.folder for node in self.nodes)
        front = tuple(proxy.folder for proxy in self.proxies) or real
        return PostgresAccess(self, database, real, front, self.nodes[0].password)

    def _publish(self, primary: int, replicas: list[int]) -> None:
        """Tell every holder of an access, in other processes too, who is primary now."""
        fresh: Path = self.topology.with_suffix(".new")
        fresh.write_text(json.dumps({"primary": primary, "replicas": replicas}), encoding="ascii")
        os.replace(fresh, self.topology)


def _slot(number: int) -> str:
    return f"replica_{number}"
