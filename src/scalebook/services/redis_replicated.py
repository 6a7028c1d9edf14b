"""A lab's way into a Redis primary, its replicas, and its Sentinels."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import redis
from redis.sentinel import Sentinel

from scalebook.errors import HarnessError, LabError
from scalebook.services.redis import RedisAccess
from scalebook.services.redis_node import GUEST, HOST, SOCKET, open_client, plain_options

if TYPE_CHECKING:
    from scalebook.services.redis_replicas import RedisReplicasDeployment
    from scalebook.services.service import Service

__all__ = ["MASTER_NAME", "ReplicatedAccess"]

MASTER_NAME = "main"
POLL_SECONDS = 0.002
REPLICATION_ONLY = ("replconf", "psync", "publish", "subscribe")


class ReplicatedAccess(RedisAccess):
    """All nodes of one deployment; `node_number` is None for whoever is primary now.

    `connect()` gives a redis-py client at the Unix socket of that node, so it reaches a node that
    the others cannot reach. `connect_by_sentinel()` gives one that asks the Sentinels.
    """

    def __init__(
        self, deployment: RedisReplicasDeployment, password: str, sentinel_password: str
    ) -> None:
        """`password`: of every node; `sentinel_password`: of every Sentinel."""
        self.name = deployment.name
        self.user: str | None = None
        self.password = password
        self._sentinel_password = sentinel_password
        self.node_number: int | None = None
        self._deployment: RedisReplicasDeployment | None = deployment
        self._topology = deployment.topology
        self._real = tuple(node.socket for node in deployment.nodes)
        self._front = self._real
        self._links = tuple(deployment.links.ports)
        self._sentinels = tuple(node.port for node in deployment.sentinels)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_deployment": None}

    def __repr__(self) -> str:
        return f"<ReplicatedAccess {self.name} node={self.node_number}>"

    @property
    def index(self) -> int:
        """The number of the node that this access reaches at the moment; 0 was primary first."""
        return self._primary_number() if self.node_number is None else self.node_number

    @property
    def _account(self) -> dict[str, Any]:
        return {"username": self.user, "password": self.password}

    @property
    def primary(self) -> Self:
        """The node that is primary now, by what the Sentinels say if there are any."""
        return self.node(self._primary_number())

    @property
    def replicas(self) -> list[Self]:
        """The other nodes, dead ones included; without Sentinels, those that follow the primary."""
        if not self._sentinels:
            topology = json.loads(self._topology.read_text(encoding="ascii"))
            return [self.node(number) for number in topology["replicas"]]
        first = self._primary_number()
        return [self.node(number) for number in range(len(self._real)) if number != first]

    def replica(self, number: int) -> Self:
        """The replica with this place in `replicas`, from 0."""
        return self.replicas[number]

    def node(self, number: int) -> Self:
        """The node with this number, whatever its role: 0 was the first primary."""
        single = copy.copy(self)
        single._deployment = self._deployment
        single.node_number = range(len(self._real))[number]
        return single

    @property
    def socket(self) -> Path:
        """The socket of the node."""
        return self._front[self.index]

    def through(self, directory: Path) -> Self:
        """A copy whose clients of this node connect to the stand-in in `directory`."""
        changed = copy.copy(self)
        changed._deployment = self._deployment
        front = list(self._front)
        front[self.index] = directory / SOCKET
        changed._front = tuple(front)
        return changed

    def connect(self, **kwargs: Any) -> redis.Redis:
        """A redis-py client of this node, as `RedisAccess.connect` gives it.

        It stays with the node: when another becomes primary, a write raises `ReadOnlyError` or
        `ConnectionError`, and `primary.connect()` finds the new one.
        """
        return open_client(self.socket, **{**self._account, **kwargs})

    def sentinel(self, **kwargs: Any) -> Sentinel:
        """redis-py's `Sentinel` over all Sentinels; `kwargs` are those of its clients.

        Its `discover_master(MASTER_NAME)`, `master_for` and `slave_for` are as documented there.
        """
        if not self._sentinels:
            raise LabError(
                f"{self.name} has no Sentinels", remedy="Write RedisReplicas(sentinels=3)."
            )
        known = {name: value for name, value in kwargs.items() if name.startswith("socket_")}
        asked = {**plain_options(self._sentinel_password), **known}
        served = {**plain_options(self.password), **self._account, **kwargs}
        addresses = [(HOST, port) for port in self._sentinels]
        return Sentinel(addresses, sentinel_kwargs=asked, **served)  # type: ignore[no-untyped-call]

    def connect_by_sentinel(self, **kwargs: Any) -> redis.Redis:
        """A client of whoever the Sentinels call primary, asked anew for each connection.

        It goes through the node's link, so it hangs in `isolate`: give it a `socket_timeout`.
        Commands raise `ConnectionError` (`MasterNotFoundError`) or `TimeoutError` while there is
        no primary; none is repeated.
        """
        sentinel: Any = self.sentinel(**kwargs)
        client: redis.Redis = sentinel.master_for(MASTER_NAME)
        return client

    def wait_for_replicas(self, timeout_seconds: float = 10.0) -> None:
        """Wait until each living replica has all that the primary has written so far."""
        deadline = time.monotonic() + timeout_seconds
        primary = self._primary_number()
        with self._administer(primary) as client:
            written = client.info("replication")["master_repl_offset"]
        for replica in self.replicas:
            while not self._has(replica.index, written):
                if time.monotonic() > deadline:
                    raise HarnessError(
                        f"replica {replica.index} of {self.name} has not caught up with the "
                        f"primary within {timeout_seconds:g} s",
                        remedy="Give wait_for_replicas more time, or resume what is paused.",
                    )
                time.sleep(POLL_SECONDS)

    def promote(self, replica: ReplicatedAccess) -> None:
        """Make the replica the primary, and let the other replicas follow it (no Sentinels)."""
        if self._sentinels:
            raise LabError(f"{self.name}: its Sentinels promote", remedy="Kill the primary.")
        if replica.index not in [other.index for other in self.replicas]:
            raise LabError(
                f"{replica!r} is no replica of {self.name}", remedy="Pass one of .replicas."
            )
        self._running().promote(replica.index)

    def isolate(self) -> None:
        """Let replicas, Sentinels and clients that found it by them hear nothing of this node.

        Nobody is told: connections hang, as in a broken network. Clients at its Unix socket are
        on its side. What a replica has opened itself, its line to the primary, stays as it is.
        """
        self._running().links.silence(self.index)

    def rejoin(self) -> None:
        """Let the others reach this node again."""
        self._running().links.heal(self.index)

    def delay_link(self, seconds: float) -> None:
        """Let what replicas and Sentinels get from this node, and send it, take `seconds` more."""
        self._running().links.delay(self.index, seconds)

    def service(self) -> Service:
        """The server process behind this access; raises LabError outside of the runner."""
        return self._running().nodes[self.index]

    def sentinel_service(self, number: int) -> Service:
        """The process of a Sentinel, to be killed or paused; raises LabError outside the runner."""
        return self._running().sentinels[number]

    def as_guest(self) -> Self:
        """As of `Access`: a user who cannot administer any node."""
        nodes = self._running().nodes
        password = nodes[0].admit_guest()
        for node in nodes[1:]:
            node.admit_guest(password)
        changed = copy.copy(self)  # Without the deployment, as if it had been pickled.
        changed.user, changed.password = GUEST, password
        return changed

    def with_levers_of(self, other: Self) -> Self:
        """A copy that can do to the nodes what `other` can, for a step of a trial."""
        changed = copy.copy(self)
        changed._deployment = other._deployment
        return changed

    def counters(self) -> dict[str, int]:
        """Those of this node, without the commands that nodes and Sentinels send each other."""
        with self._administer(self.index) as client:
            facts: Any = client.info("all")
        told = self.read_counters(facts)
        return {name: value for name, value in told.items() if name not in REPLICATION_ONLY}

    def _primary_number(self) -> int:
        if not self._sentinels:
            return int(json.loads(self._topology.read_text(encoding="ascii"))["primary"])
        for port in self._sentinels:
            client = redis.Redis(
                host=HOST, port=port, socket_timeout=1.0, **plain_options(self._sentinel_password)
            )
            try:
                address: Any = client.sentinel_get_master_addr_by_name(MASTER_NAME)
            except redis.ConnectionError:
                continue
            finally:
                client.close()
            if address is not None:
                return self._links.index(int(address[1]))
        raise HarnessError(f"no Sentinel of {self.name} names a primary")

    def _has(self, number: int, offset: int) -> bool:
        """Has this node applied that much? A dead one is not waited for."""
        try:
            with self._administer(number) as client:
                told = client.info("replication")
        except redis.ConnectionError:
            return self._deployment is not None and not self._deployment.nodes[number].alive
        return told["role"] == "master" or int(told.get("slave_repl_offset", -1)) >= offset

    def _running(self) -> RedisReplicasDeployment:
        if self._deployment is None:
            raise self._only_in_runner()
        return self._deployment

    @contextmanager
    def _administer(self, number: int) -> Iterator[redis.Redis]:
        """A client past proxies, for looking at the node."""
        client = open_client(self._real[number], **self._account)
        try:
            yield client
        finally:
            client.close()
