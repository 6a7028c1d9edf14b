"""Redis, or Valkey in its place: a single server."""

from __future__ import annotations

import copy
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from scalebook.errors import LabError
from scalebook.services.access import Access, Deployment, Spec
from scalebook.services.proxy import Proxy
from scalebook.services.resp import complete
from scalebook.services.service import Capacity, Service, Settings, frozen_settings

if TYPE_CHECKING:
    from scalebook.services.provide import Provision, Provisions
    from scalebook.services.rundir import RunDirectory

__all__ = ["Redis", "RedisAccess", "RedisDeployment"]

SOCKET = "redis.sock"


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
        return RedisDeployment(self, name, run, provisions.find("redis"))


class _RedisServer(Service):
    """A server whose data, configuration and socket lie in its own folder."""

    def __init__(self, name: str, run: RunDirectory, provision: Provision, spec: Redis) -> None:
        """Write the configuration, which holds the password; `start` starts the server."""
        super().__init__(name, run)
        self.password = secrets.token_hex(16)
        self.socket = self.folder / SOCKET
        self._provision = provision
        self._config = self.folder / "redis.conf"
        self._config.touch(mode=0o600)
        self._config.write_text(self._configuration(spec), encoding="utf-8")
        run.give(self._config)

    def command(self) -> Sequence[str | Path]:
        """The server on its configuration."""
        return [self._provision.executable("redis-server"), self._config]

    def environment(self) -> Mapping[str, str]:
        """What the binaries need."""
        return self._provision.env

    def answers(self) -> bool:
        """Does it answer PING (which it does not while it loads its data)?"""
        client = _open_client(self.socket, self.password)
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
        finally:
            client.close()

    def _configuration(self, spec: Redis) -> str:
        lines = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "requirepass": self.password,
            "dir": str(self.folder),
            "daemonize": "no",
            "save": spec.save or '""',
            "appendonly": "no" if spec.appendonly is None else "yes",
            "appendfsync": spec.appendonly or "everysec",
        }
        # A line of the lab comes last, so it wins over ours.
        pairs = [*lines.items(), *frozen_settings(spec.settings)]
        return "".join(f"{name} {value or chr(34) * 2}\n" for name, value in pairs)


class RedisAccess(Access):
    """One server. Pickled, it can still connect."""

    kind = "redis"

    def __init__(self, name: str, socket: Path, password: str, server: Service | None) -> None:
        """`socket`: where clients connect."""
        self.name = name
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
        return _open_client(self._socket, **{"password": self.password, **kwargs})

    def counters(self) -> dict[str, int]:
        """Calls by command name, `keyspace_hits`, `keyspace_misses` and `used_memory` (bytes)."""
        client = self.connect()
        try:
            facts: Any = client.info("all")
        finally:
            client.close()
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
        return _CountedConnection.sent[str(self._socket)]

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
        """Start the server and ask who it is."""
        self.spec = spec
        self.name = name
        self._provision = provision
        server = _RedisServer(name, run, provision, spec)
        self.services: list[Service] = [server]
        self._access = RedisAccess(name, server.socket, server.password, server)
        try:
            server.start()
            self._facts = self._ask()
            if spec.capacity is not None:
                proxy = Proxy(f"{name}-capacity", run, self._access, spec.capacity)
                self.services.append(proxy)
                proxy.start()
                self._access = proxy.access
        except BaseException:
            self.stop()
            raise
        valkey = "valkey_version" in self._facts
        self.version = str(self._facts["valkey_version" if valkey else "redis_version"])
        suffix = " (Redis-compatible)" if valkey else ""
        self.label = f"{'Valkey' if valkey else 'Redis'} {self.version}{suffix}"

    def access(self, arm: str, template: Access | None = None) -> RedisAccess:  # noqa: ARG002
        """The server itself: each arm has its own deployment."""
        return self._access

    def release(self, access: Access) -> None:
        """Remove all keys."""
        assert isinstance(access, RedisAccess)
        client = access.connect()
        try:
            client.flushall()
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

    def _ask(self) -> dict[str, Any]:
        client = self._access.connect()
        try:
            server: Any = client.info("server")
            memory: Any = client.info("memory")
        finally:
            client.close()
        return {**server, **memory}


def _open_client(socket: Path, password: str | None, **kwargs: Any) -> redis.Redis:
    """A client of the server at `socket`, without hidden retries."""
    defaults: dict[str, Any] = {
        "unix_socket_path": str(socket),
        "password": password,
        "decode_responses": True,
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
    }
    client = redis.Redis(**{**defaults, **kwargs})
    client.connection_pool.connection_class = _CountedConnection
    return client


class _CountedConnection(redis.UnixDomainSocketConnection):
    """Counts what is sent, for `RedisAccess.round_trips`: a pipeline is sent at once."""

    sent: ClassVar[Counter[str]] = Counter()

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        self.sent[self.path] += 1
        super().send_packed_command(command, check_health)  # type: ignore[no-untyped-call]
