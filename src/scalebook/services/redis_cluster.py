"""Redis Cluster: primaries that share the slots, each with replicas that take over."""

from __future__ import annotations

import copy
import itertools
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import redis
import redis.cluster
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.retry import Retry

from scalebook.errors import HarnessError, LabError
from scalebook.services.access import Access, Deployment, Spec
from scalebook.services.redis import RedisAccess
from scalebook.services.redis_node import (
    GUEST,
    HOST,
    CountedTcpConnection,
    RedisNode,
    identify,
    persistence,
    plain_options,
    sent_to,
)
from scalebook.services.service import Service, Settings, frozen_settings

if TYPE_CHECKING:
    from scalebook.services.provide import Provision, Provisions
    from scalebook.services.rundir import RunDirectory

__all__ = ["SLOTS", "ClusterAccess", "ClusterDeployment", "RedisCluster"]

SLOTS = 16_384
READY_SECONDS = 30.0
POLL_SECONDS = 0.01
BATCH_KEYS = 10
MIGRATE_MS = 5_000
REDIRECTIONS = ("MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN")
BUS_ONLY = ("cluster", "replconf", "psync", "asking", "readonly")


@dataclass(frozen=True)
class RedisCluster(Spec):
    """A Redis Cluster of `primaries` nodes with equal shares of the slots, `replicas` behind each.

    `node_timeout_seconds`: after how long a silence a node is taken for dead, and its replica
    stands for election. `appendonly`, `save`, `settings`: of every node, as of `Redis`. Nodes and
    clients reach each other on 127.0.0.1 and know a password; the bus between nodes has none.
    """

    kind: ClassVar[str] = "redis"
    shareable: ClassVar[bool] = False

    primaries: int = 3
    replicas: int = 1
    node_timeout_seconds: float = 1.0
    appendonly: str | None = None
    save: str = ""
    settings: Settings = ()

    def __post_init__(self) -> None:
        if self.primaries < 3 or self.replicas < 0:
            raise LabError(
                f"RedisCluster(primaries={self.primaries}, replicas={self.replicas})",
                remedy="Use three primaries or more: fewer have no majority to fail over.",
            )
        object.__setattr__(self, "settings", frozen_settings(self.settings))

    def start(self, name: str, run: RunDirectory, provisions: Provisions) -> ClusterDeployment:
        """Start all nodes; ready when each says `cluster_state:ok` and every replica is in step."""
        deployment = ClusterDeployment(self, name, run, provisions.find("redis"))
        return deployment.started()


class ClusterDeployment(Deployment):
    """The nodes: the primaries in the order of their slots, then the replicas of each in turn."""

    spec: RedisCluster

    def __init__(
        self, spec: RedisCluster, name: str, run: RunDirectory, provision: Provision
    ) -> None:
        """Write each node's configuration and its view of the cluster; nothing is started yet."""
        self.spec = spec
        self.name = name
        self._provision = provision
        self._password = secrets.token_hex(16)
        count = spec.primaries * (1 + spec.replicas)
        self.ids = [secrets.token_hex(20) for _ in range(count)]
        self.ports = [run.port() for _ in range(count)]
        self._bus = [run.port() for _ in range(count)]
        self.nodes = [self._node(number, run) for number in range(count)]
        self.services: list[Service] = list(self.nodes)

    def start(self) -> None:
        """All at once."""
        for node in self.nodes:
            node.launch()
        with ThreadPoolExecutor(max_workers=len(self.nodes)) as pool:
            list(pool.map(RedisNode.wait_until_ready, self.nodes))
        self.version, self.label, self._facts = identify(self.nodes[0])
        deadline = time.monotonic() + READY_SECONDS
        while not all(self._is_ready(node) for node in self.nodes):
            if time.monotonic() > deadline:
                raise HarnessError(
                    f"{self.name}: the cluster is not ready after {READY_SECONDS:g} s"
                )
            time.sleep(POLL_SECONDS)

    def access(self, arm: str, template: Access | None = None) -> ClusterAccess:  # noqa: ARG002
        """The whole cluster: each arm has its own."""
        return ClusterAccess(self, self._password)

    def release(self, access: Access) -> None:
        """Remove all keys."""
        assert isinstance(access, ClusterAccess)
        for node in access.primaries():
            with node.connect() as client:
                client.flushall()
        for server in self.nodes:
            server.dismiss_guest()

    def describe(self) -> dict[str, object]:
        """What the environment record keeps of this deployment."""
        return {
            "kind": self.spec.kind,
            "version": self.version,
            "label": self.label,
            "source": self._provision.source,
            "allocator": self._facts["mem_allocator"],
            "primaries": self.spec.primaries,
            "replicas": self.spec.replicas,
            "node_timeout_seconds": self.spec.node_timeout_seconds,
            "appendonly": self.spec.appendonly,
            "save": self.spec.save,
            "settings": dict(frozen_settings(self.spec.settings)),
            "capacity": None,
        }

    def _node(self, number: int, run: RunDirectory) -> RedisNode:
        lines = [
            ("cluster-enabled", "yes"),
            ("cluster-config-file", "nodes.conf"),
            ("cluster-node-timeout", str(int(self.spec.node_timeout_seconds * 1000))),
            ("cluster-port", str(self._bus[number])),
            ("cluster-announce-ip", HOST),
            ("masterauth", self._password),
            ("repl-diskless-sync-delay", "0"),
            *persistence(self.spec.appendonly, self.spec.save),
            *frozen_settings(self.spec.settings),
        ]
        node = RedisNode(
            f"{self.name}-{number}",
            run,
            self._provision,
            lines,
            password=self._password,
            port=self.ports[number],
        )
        view = node.folder / "nodes.conf"
        view.touch(mode=0o600)
        view.write_text(self._view_of(number), encoding="ascii")
        run.give(view)
        return node

    def _view_of(self, own: int) -> str:
        """The cluster as this node would have written it down: nobody has to be introduced."""
        primaries = self.spec.primaries
        lines = []
        for number, (identifier, port, bus) in enumerate(
            zip(self.ids, self.ports, self._bus, strict=True)
        ):
            above = number % primaries
            role = "master" if number == above else "slave"
            flags = f"myself,{role}" if number == own else role
            leader = "-" if number == above else self.ids[above]
            slots = ""
            if number == above:
                first, end = (_first_slot(n, primaries) for n in (number, number + 1))
                slots = f" {first}-{end - 1}"
            address = f"{HOST}:{port}@{bus}"
            link = f"0 0 {above + 1} connected"
            lines.append(f"{identifier} {address} {flags} {leader} {link}{slots}\n")
        return "".join(lines) + f"vars currentEpoch {primaries} lastVoteEpoch 0\n"

    def _is_ready(self, node: RedisNode) -> bool:
        with node.administer() as client:
            state: Any = client.execute_command("CLUSTER INFO")
            told: Any = client.info("replication")
        if told["role"] == "slave" and told["master_link_status"] != "up":
            return False
        if told["role"] == "master" and told["connected_slaves"] != self.spec.replicas:
            return False
        known = str(len(self.nodes))
        return bool(state["cluster_state"] == "ok" and state["cluster_known_nodes"] == known)


class ClusterAccess(RedisAccess):
    """The whole cluster. What a fault does to it is done to node 0, the first primary."""

    one_door = False

    def __init__(self, deployment: ClusterDeployment, password: str) -> None:
        """`password`: of every node."""
        first = deployment.nodes[0]
        super().__init__(deployment.name, first.socket, password, first)
        self.ids = list(deployment.ids)
        self.ports = list(deployment.ports)
        self.shares = deployment.spec.primaries
        self._sockets = [node.socket for node in deployment.nodes]
        self._services: list[RedisNode] | None = deployment.nodes

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_services": None}

    def __repr__(self) -> str:
        return f"<ClusterAccess {self.name} of {len(self.ports)}>"

    def connect(self, **kwargs: Any) -> Any:
        """redis-py's `RedisCluster`, which follows MOVED and ASK; `kwargs` are its own.

        It gives text, speaks RESP2, and repeats no command whose answer was lost. It raises
        `ClusterDownError` where a slot has no primary, and `ConnectionError` for a dead node; it
        then asks the others for the new map. To connect it tries other nodes for dead ones.
        """
        options = {**plain_options(self.password), "username": self.user, **kwargs}
        node: Any = redis.cluster.ClusterNode
        known = [node(HOST, port) for port in self.ports]
        asked, options["retry"] = options["retry"], Retry(NoBackoff(), len(known))
        client: Any = redis.cluster.RedisCluster(startup_nodes=known, **options)
        client.set_retry(asked)
        _count(client.nodes_manager)
        return client

    def node(self, number: int) -> RedisAccess:
        """One node, at its own socket: 0 to `primaries - 1` had the slots first, in their order.

        Its `connect()` is a plain client, to which the node says MOVED and ASK; it is killed,
        paused and restarted alone.
        """
        server = None if self._services is None else self._services[number]
        found = RedisAccess(f"{self.name}-{number}", self._sockets[number], self.password, server)
        found.user = self.user
        return found

    def primaries(self) -> list[RedisAccess]:
        """The living nodes that call themselves primary and have slots, in the order of nodes."""
        return [self.node(number) for number, _ in self._owners()]

    def owner(self, key: str) -> RedisAccess:
        """The node that has the slot of this key now; raises HarnessError where none has."""
        return self.node(self._owner(key_slot(key.encode())))

    def first_owner(self, key: str) -> int:
        """The number of the node that had the slot of this key when the cluster started."""
        slot = key_slot(key.encode())
        return next(n for n in itertools.count() if slot < _first_slot(n + 1, self.shares))

    def move_slot(self, key: str, to: int | None = None, *, with_keys: bool = True) -> int:
        """Give the slot of this key to a node while clients use it; return the keys moved.

        `to`: its number; None for the next primary after the present owner. The keys move in
        batches of ten, as `redis-cli --cluster reshard` moves them: meanwhile the old owner says
        ASK for what it has not. Not `with_keys`, the slot alone changes hands, and the old owner
        drops what it had there. For a step: raises LabError in a worker.
        """
        if self._services is None:
            raise self._only_in_runner()
        slot = key_slot(key.encode())
        owners = [number for number, _ in self._owners()]
        source = self._owner(slot)
        to = owners[(owners.index(source) + 1) % len(owners)] if to is None else to
        old: Any = self._services[source].administer()
        new: Any = self._services[to].administer()
        password = self._services[to].password
        try:
            new.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", self.ids[source])
            moved = 0
            if with_keys:
                old.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", self.ids[to])
                address = (HOST, self.ports[to], "", 0, MIGRATE_MS, "AUTH", password)
                while batch := old.execute_command("CLUSTER GETKEYSINSLOT", slot, BATCH_KEYS):
                    old.execute_command("MIGRATE", *address, "KEYS", *batch)
                    moved += len(batch)
            new.execute_command("CLUSTER SETSLOT", slot, "NODE", self.ids[to])
            if with_keys:
                old.execute_command("CLUSTER SETSLOT", slot, "NODE", self.ids[to])
        finally:
            old.close()
            new.close()
        return moved

    def wait_until_agreed(self, timeout_seconds: float = 10.0) -> None:
        """Wait until every living node names the same owner of each slot, and all have one.

        Somebody who was away speaks of the slots that it had, until it has heard the others.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            views = [self._ranges(lines) for _, lines in self._told("CLUSTER NODES")]
            whole = views and sum(end - first + 1 for _, first, end in views[0]) == SLOTS
            if whole and all(view == views[0] for view in views[1:]):
                return
            if time.monotonic() > deadline:
                raise HarnessError(
                    f"the nodes of {self.name} have not agreed within {timeout_seconds:g} s",
                    remedy="Give wait_until_agreed more time, or resume what is paused.",
                )
            time.sleep(POLL_SECONDS)

    def redirections(self) -> dict[str, int]:
        """How often the living nodes have answered MOVED, ASK, TRYAGAIN, CLUSTERDOWN so far."""
        total = dict.fromkeys(REDIRECTIONS, 0)
        for _, told in self._told("INFO", "errorstats"):
            for name in REDIRECTIONS:
                total[name] += told.get(f"errorstat_{name}", {}).get("count", 0)
        return total

    def through(self, directory: Path) -> Self:  # noqa: ARG002
        """A cluster has no single door that could be cut or delayed."""
        raise LabError(
            f"{self.name} is a cluster, whose clients go to each node by its own address",
            remedy="Kill or pause one node: services.<name>.node(0).pause() in a Step.",
        )

    def as_guest(self) -> Self:
        """As of `Access`: a user who cannot administer any node."""
        if self._services is None:
            raise self._only_in_runner()
        password = self._services[0].admit_guest()
        for node in self._services[1:]:
            node.admit_guest(password)
        changed = copy.copy(self)
        changed.user, changed.password = GUEST, password
        return changed

    def with_levers_of(self, other: Self) -> Self:
        """A copy that can do to the nodes what `other` can, for a step of a trial."""
        changed = copy.copy(self)
        changed._service, changed._services = other._service, other._services
        return changed

    def counters(self) -> dict[str, int]:
        """Sums over the primaries, without what nodes send each other."""
        total: Counter[str] = Counter()
        for node in self.primaries():
            total.update(node.counters())
        return {n: c for n, c in total.items() if n.split("|")[0] not in BUS_ONLY}

    @property
    def round_trips(self) -> int:
        """How often this process has sent something to a node, at whichever of its addresses."""
        addresses = [f"{HOST}:{port}" for port in self.ports]
        return sum(map(sent_to, [*addresses, *map(str, self._sockets)]))

    @contextmanager
    def floor(self) -> Iterator[Callable[[], object]]:
        """Each call of the function is one PING of one node."""
        with self.node(0).floor() as ping:
            yield ping

    def _owner(self, slot: int) -> int:
        for number, ranges in self._owners():
            if any(first <= slot <= last for first, last in ranges):
                return number
        raise HarnessError(f"no living node of {self.name} has slot {slot}")

    def _owners(self) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """Number and slots of each living primary, as it says itself."""
        for number, lines in self._told("CLUSTER NODES"):
            for told in lines.values():
                if "myself" in told["flags"] and "master" in told["flags"] and told["slots"]:
                    yield number, [(int(s[0]), int(s[-1])) for s in told["slots"]]

    def _told(self, *command: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Number of each living node, and what it answers to the command."""
        for number in range(len(self.ports)):
            client: Any = self.node(number).connect(socket_timeout=1.0)
            try:
                answer = client.execute_command(*command)
            except (redis.ConnectionError, redis.TimeoutError):
                continue
            finally:
                client.close()
            yield number, answer

    @staticmethod
    def _ranges(lines: dict[str, Any]) -> list[tuple[str, int, int]]:
        return sorted(
            (told["node_id"], int(part[0]), int(part[-1]))
            for told in lines.values()
            if "master" in told["flags"]
            for part in told["slots"]
        )


def _first_slot(number: int, primaries: int) -> int:
    """Where the share of a node begins."""
    return SLOTS * number // primaries


def _count(manager: Any) -> None:
    """Have every connection of a cluster's client counted; redis-py takes no class for them."""
    create = manager.create_redis_node

    def create_counted(*args: Any, **kwargs: Any) -> redis.Redis:
        client: redis.Redis = create(*args, **kwargs)
        client.connection_pool.connection_class = CountedTcpConnection
        return client

    manager.create_redis_node = create_counted
    for node in manager.nodes_cache.values():
        if node.redis_connection is not None:
            pool = node.redis_connection.connection_pool
            pool.disconnect()
            pool.connection_class = CountedTcpConnection
            pool.reset()
