"""One Redis server process: alone, primary, replica, Sentinel, or node of a cluster."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from scalebook.services.service import Service

if TYPE_CHECKING:
    from scalebook.services.provide import Provision
    from scalebook.services.rundir import RunDirectory

__all__ = [
    "GUEST",
    "HOST",
    "SOCKET",
    "CountedTcpConnection",
    "RedisNode",
    "identify",
    "open_client",
    "persistence",
    "plain_options",
    "sent_to",
]

HOST = "127.0.0.1"
SOCKET = "redis.sock"
GUEST = "learner"
GUEST_RULES = (
    *("~*", "&*", "+@all", "-@admin", "-@dangerous"),
    # For all of its own data, and what client libraries ask for: not dangerous to the judge.
    *("+info", "+keys", "+sort", "+flushdb", "+flushall", "+client|list"),
    # What the server says of itself, to read and not to reset.
    *("+slowlog|get", "+latency|latest"),
)
"""Without CONFIG, ACL, SHUTDOWN, DEBUG, REPLICAOF and the like, which no lab's client needs."""
_sent: Counter[str] = Counter()


def persistence(appendonly: str | None, save: str) -> list[tuple[str, str]]:
    """The lines of redis.conf for what a spec says about its files."""
    return [
        ("save", save),
        ("appendonly", "no" if appendonly is None else "yes"),
        ("appendfsync", appendonly or "everysec"),
    ]


class RedisNode(Service):
    """A server whose data, configuration and socket lie in its own folder.

    With `port` it listens on that port of 127.0.0.1 too, as nodes that must find each other do;
    everybody needs the password. `sentinel`: the server is a Sentinel, which keeps what it learns
    in its configuration file.
    """

    def __init__(
        self,
        name: str,
        run: RunDirectory,
        provision: Provision,
        lines: Iterable[tuple[str, str]],
        *,
        password: str | None = None,
        port: int = 0,
        sentinel: bool = False,
    ) -> None:
        """Write the configuration, which holds the password; `start` starts the server."""
        super().__init__(name, run)
        self.password = password or secrets.token_hex(16)
        self.socket = self.folder / SOCKET
        self.port = port
        self.sentinel = sentinel
        self._provision = provision
        self._config = self.folder / "redis.conf"
        self._config.touch(mode=0o600)
        self._written = self._configuration(lines)
        self._config.write_text(self._written, encoding="utf-8")
        run.give(self._config)
        self._guest: str | None = None
        self._mutex = threading.Lock()

    def command(self) -> Sequence[str | Path]:
        """The server on its configuration."""
        server = [self._provision.executable("redis-server"), self._config]
        return [*server, "--sentinel"] if self.sentinel else server

    def environment(self) -> Mapping[str, str]:
        """What the binaries need."""
        return self._provision.env

    def answers(self) -> bool:
        """Does it answer PING (which it does not while it loads its data)?"""
        client = self.administer()
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
        finally:
            client.close()

    def administer(self) -> redis.Redis:
        """A client at the server's own socket."""
        return open_client(self.socket, self.password)

    def admit_guest(self, password: str | None = None) -> str:
        """Make the account for judged code, if there is none; return its password.

        It is written to the configuration too, for after a restart.
        """
        with self._mutex:
            if self._guest is None:
                self._guest = password or secrets.token_hex(16)
                rules = ["on", f"#{hashlib.sha256(self._guest.encode()).hexdigest()}", *GUEST_RULES]
                line = f"user {GUEST} {' '.join(rules)}\n"
                self._config.write_text(self._written + line, encoding="utf-8")
                with self.administer() as client:
                    client.execute_command("ACL", "SETUSER", GUEST, "reset", *rules)
            return self._guest

    def dismiss_guest(self) -> None:
        """Remove that account, and break its connections."""
        with self._mutex:
            if self._guest is not None:
                self._config.write_text(self._written, encoding="utf-8")
                with self.administer() as client:
                    client.execute_command("ACL", "DELUSER", GUEST)
                self._guest = None

    def _configuration(self, lines: Iterable[tuple[str, str]]) -> str:
        own = [
            ("port", str(self.port)),
            ("unixsocket", str(self.socket)),
            ("unixsocketperm", "700"),
            ("requirepass", self.password),
            ("dir", str(self.folder)),
            ("daemonize", "no"),
        ]
        if self.port:
            own.append(("bind", HOST))
        return "".join(f"{name} {value or chr(34) * 2}\n" for name, value in [*own, *lines])


def identify(node: RedisNode) -> tuple[str, str, dict[str, Any]]:
    """Version, label (Redis, or Valkey as Redis-compatible), and INFO of server and memory."""
    client = node.administer()
    try:
        server: Any = client.info("server")
        memory: Any = client.info("memory")
    finally:
        client.close()
    facts = {**server, **memory}
    valkey = "valkey_version" in facts
    version = str(facts["valkey_version" if valkey else "redis_version"])
    suffix = " (Redis-compatible)" if valkey else ""
    return version, f"{'Valkey' if valkey else 'Redis'} {version}{suffix}", facts


def plain_options(password: str | None) -> dict[str, Any]:
    """Options of a redis-py client that gives text, speaks RESP2, and repeats nothing by itself."""
    return {
        "password": password,
        "decode_responses": True,
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
    }


def open_client(socket: Path, password: str | None, **kwargs: Any) -> redis.Redis:
    """A client of the server at `socket`, without hidden retries."""
    defaults = {"unix_socket_path": str(socket), **plain_options(password)}
    client = redis.Redis(**{**defaults, **kwargs})
    client.connection_pool.connection_class = _CountedConnection
    return client


def sent_to(address: str) -> int:
    """How often this process has sent something to that socket or host:port, all included."""
    return _sent[address]


class _CountedConnection(redis.UnixDomainSocketConnection):
    """Counts what is sent: a pipeline is sent at once."""

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        _sent[self.path] += 1
        super().send_packed_command(command, check_health)  # type: ignore[no-untyped-call]


class CountedTcpConnection(redis.Connection):
    """Counts what is sent to a node that is known by its port."""

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """Count, and send."""
        _sent[f"{self.host}:{self.port}"] += 1
        super().send_packed_command(command, check_health)  # type: ignore[no-untyped-call]
