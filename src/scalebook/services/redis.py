"""Redis, or Valkey in its place: a single server."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import redis

from scalebook.errors import LabError
from scalebook.services.access import Access, Deployment, Spec
from scalebook.services.proxy import Proxy
from scalebook.services.redis_node import (
    GUEST,
    SOCKET,
    RedisNode,
    identify,
    open_client,
    persistence,
    sent_to,
)
from scalebook.services.resp import complete
from scalebook.services.service import POLL_SECONDS, Capacity, Service, Settings, frozen_settings

if TYPE_CHECKING:
    from scalebook.services.provide import Provision, Provisions
    from scalebook.services.rundir import RunDirectory

__all__ = ["Redis", "RedisAccess", "RedisDeployment"]


@dataclass(frozen=True)
class Redis(Spec):
    """A Redis server without persistence, unless `appendonly` or `save` ask for it.

    `appendonly`: None, or how often the log is flushed: "everysec", "always" or "no". `save`: as
    in redis.conf, such as "60 1000". `settings`: further lines of redis.conf. `capacity`: an
    imposed service time.
    """

    kind: ClassVar[str] = "redis"
    shareable: ClassVar[bool] = False

    appendonly: str | None = None
    save: str = ""
    settings: Settings = ()
    capacity: Capacity | None = None

    def __post_init__(self) -> None:
        if self.appendonly not in (None, "everysec", "always", "no"):
            raise LabError(
                f"Redis(appendonly={self.appendonly!r}) does not exist",
                remedy='Use None, "everysec", "always" or "no".',
            )
        object.__setattr__(self, "settings", frozen_settings(self.settings))

    def start(self, name: str, run: RunDirectory, provisions: Provisions) -> RedisDeployment:
        """Start the server; ready when it answers PING."""
        return RedisDeployment(self, name, run, provisions.find("redis")).started()


def _lines(spec: Redis) -> list[tuple[str, str]]:
    """The lines of redis.conf; one of the lab comes last, so it wins over ours."""
    return [*persistence(spec.appendonly, spec.save), *frozen_settings(spec.settings)]


class RedisAccess(Access):
    """One server. Pickled, it can still connect."""

    kind = "redis"

    def __init__(self, name: str, socket: Path, password: str, server: Service | None) -> None:
        """`socket`: where clients connect."""
        self.name = name
        self.user: str | None = None  # Redis then takes the default user's password.
        self.password = password
        self._socket = socket
        self._service = server

    def __repr__(self) -> str:
        return f"<RedisAccess {self.name}>"

    @property
    def primary(self) -> Self:
        """The server itself."""
        return self

    @property
    def socket(self) -> Path:
        """The socket of the server, behind its imposed capacity if it has one."""
        return self._socket

    def listen_path(self, directory: Path) -> Path:
        """The name of a stand-in's socket in `directory`."""
        return directory / SOCKET

    def through(self, directory: Path) -> Self:
        """A copy whose clients connect to the stand-in in `directory`."""
        changed = copy.copy(self)
        changed._service = self._service
        changed._socket = self.listen_path(directory)
        return changed

    def connect(self, **kwargs: Any) -> redis.Redis:
        """A redis-py client; `kwargs` as of `redis.Redis`.

        By default it gives text, speaks RESP2, and never repeats a command by itself: a repeated
        INCR would count twice, and a hidden retry would hide a fault.
        """
        account = {"username": self.user, "password": self.password}
        return open_client(self._socket, **{**account, **kwargs})

    def as_guest(self) -> Self:
        """As of `Access`: a user who cannot administer the server."""
        server = self.service()
        assert isinstance(server, RedisNode)
        changed = copy.copy(self)  # Without the service, as if it had been pickled.
        changed.user, changed.password = GUEST, server.admit_guest()
        return changed

    def counters(self) -> dict[str, int]:
        """Calls by command name, `keyspace_hits`, `keyspace_misses` and `used_memory` (bytes)."""
        client = self.connect()
        try:
            facts: Any = client.info("all")
        finally:
            client.close()
        return self.read_counters(facts)

    @staticmethod
    def read_counters(facts: dict[str, Any]) -> dict[str, int]:
        """The counters in an answer to INFO."""
        calls = {
            name.removeprefix("cmdstat_").lower(): told["calls"]
            for name, told in facts.items()
            if name.startswith("cmdstat_")
        }
        kept = ("keyspace_hits", "keyspace_misses", "used_memory")
        return {**calls, **{name: facts[name] for name in kept}}

    @property
    def round_trips(self) -> int:
        """How often this process has sent something to this socket, handshakes included."""
        return sent_to(str(self._socket))

    @contextmanager
    def floor(self) -> Iterator[Callable[[], object]]:
        """Each call of the function is one PING."""
        client = self.connect()
        try:
            client.ping()
            yield client.ping
        finally:
            client.close()

    def reply_complete(self, data: bytes) -> bool:
        """Are these one or more whole RESP values?"""
        return complete(data)


class RedisDeployment(Deployment):
    """One server, and the proxy that imposes a capacity."""

    spec: Redis

    def __init__(self, spec: Redis, name: str, run: RunDirectory, provision: Provision) -> None:
        """Write the configuration; nothing is started yet."""
        self.spec = spec
        self.name = name
        self._run = run
        self._provision = provision
        self._server = server = RedisNode(name, run, provision, _lines(spec))
        self.services: list[Service] = [server]
        self._access = RedisAccess(name, server.socket, server.password, server)

    def start(self) -> None:
        """Start the server and ask who it is; the proxy comes after it."""
        self._server.start()
        self.version, self.label, self._facts = identify(self._server)
        if self.spec.capacity is not None:
            proxy = Proxy(f"{self.name}-capacity", self._run, self._access, self.spec.capacity)
            self.services.append(proxy)
            proxy.start()
            self._access = proxy.access

    def access(self, arm: str, template: Access | None = None) -> RedisAccess:  # noqa: ARG002
        """The server itself: each arm has its own deployment."""
        return self._access

    def release(self, access: Access) -> None:
        """Remove all keys, what the log says of them, and the account of judged code."""
        assert isinstance(access, RedisAccess)
        self._server.wait_until_ready()  # A restart may still be loading.
        self._server.dismiss_guest()
        client = access.connect()
        try:
            client.flushall()
            if self.spec.appendonly:
                client.bgrewriteaof()
                while _rewrites(client.info("persistence")):
                    time.sleep(POLL_SECONDS)
        finally:
            client.close()

    def describe(self) -> dict[str, object]:
        """What the environment record keeps of this deployment."""
        capacity = self.spec.capacity
        return {
            "kind": self.spec.kind,
            "version": self.version,
            "label": self.label,
            "source": self._provision.source,
            "allocator": self._facts["mem_allocator"],
            "appendonly": self.spec.appendonly,
            "save": self.spec.save,
            "settings": dict(frozen_settings(self.spec.settings)),
            "capacity": {"slots": capacity.slots, "seconds": capacity.seconds}
            if capacity
            else None,
        }


def _rewrites(facts: dict[str, Any]) -> bool:
    """Is the log being rewritten, or about to be?"""
    return bool(facts["aof_rewrite_in_progress"] or facts["aof_rewrite_scheduled"])
