"""nginx as an edge: a cache in front of an origin, both in one server, on two Unix sockets."""

from __future__ import annotations

import copy
import http.client
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from scalebook.services.access import Access, Deployment, Spec
from scalebook.services.program import UnixConnection
from scalebook.services.service import Service, Settings, frozen_settings

if TYPE_CHECKING:
    from scalebook.services.provide import Provision, Provisions
    from scalebook.services.rundir import RunDirectory

__all__ = [
    "Answer",
    "NginxEdge",
    "NginxEdgeAccess",
    "NginxEdgeDeployment",
    "NginxService",
    "WebClient",
]

HTTP_SECONDS = 30.0
EDGE, ORIGIN = "edge.sock", "origin.sock"
FLOOR = "/-/floor"
FOLDERS = ("files", "cache", "body", "proxy", "fastcgi", "uwsgi", "scgi")
CONFIGURATION = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    log_format edge "$upstream_cache_status";
    log_format origin "$request_method $status $body_bytes_sent";
    proxy_cache_path {folder}/cache keys_zone=copies:4m inactive=1h use_temp_path=off;
    limit_req_zone $server_name zone=admitted:64k rate={rate}r/s;
    upstream origin {{ server unix:{folder}/origin.sock; keepalive 64; }}
    server {{
        listen unix:{folder}/origin.sock;
        server_name origin;  # limit_req counts nobody whose key is empty.
        keepalive_requests 1000000;
        root {folder}/files;
        access_log {folder}/origin.log origin;
        location = {floor} {{ access_log off; return 204; }}
        location / {{
            dav_methods PUT;
            limit_except GET PUT {{ deny all; }}
{origin}
        }}
    }}
    server {{
        listen unix:{folder}/edge.sock;
        keepalive_requests 1000000;
        access_log {folder}/edge.log edge;
        location = {floor} {{ access_log off; return 204; }}
        location / {{
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_cache copies;
            proxy_cache_key $uri;
            proxy_cache_bypass $http_x_refresh;
            add_header X-Cache $upstream_cache_status;
{edge}
        }}
    }}
}}
"""


@dataclass(frozen=True)
class NginxEdge(Spec):
    """An nginx that caches before an nginx that serves files; a request may PUT files there.

    `edge`, `origin`: directives of the two locations, such as {"proxy_cache_lock": "on"} and
    {"expires": "1s"}. `admitted`: with it the origin begins at most so many reads a second, and
    others wait for their turn. Nothing listens on a port. Without an `expires` nothing is kept.
    """

    kind: ClassVar[str] = "nginx"
    shareable: ClassVar[bool] = False

    edge: Settings = ()
    origin: Settings = ()
    admitted: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "edge", frozen_settings(self.edge))
        object.__setattr__(self, "origin", frozen_settings(self.origin))

    def start(self, name: str, run: RunDirectory, provisions: Provisions) -> NginxEdgeDeployment:
        """Start the server; ready when the edge answers."""
        return NginxEdgeDeployment(self, name, run, provisions.find("nginx")).started()


class NginxService(Service):
    """One nginx, whose sockets, logs, files and copies lie in its own folder."""

    def __init__(self, name: str, run: RunDirectory, provision: Provision, spec: NginxEdge) -> None:
        """Write the configuration; nothing is started yet."""
        super().__init__(name, run)
        self._provision = provision
        self._config = self.folder / "nginx.conf"
        origin = list(frozen_settings(spec.origin))
        if spec.admitted:
            origin.append(("limit_req", "zone=admitted burst=100000"))
        text = CONFIGURATION.format(
            folder=self.folder,
            rate=spec.admitted or 1,
            floor=FLOOR,
            edge=_lines(frozen_settings(spec.edge)),
            origin=_lines(origin),
        )
        self._config.write_text(text, encoding="utf-8")
        run.give(self._config)
        for folder in FOLDERS:
            (self.folder / folder).mkdir()
            run.give(self.folder / folder)

    def command(self) -> Sequence[str | Path]:
        """The server on its configuration."""
        program = self._provision.executable("nginx")
        return [program, "-p", self.folder, "-c", self._config, "-e", "stderr"]

    def environment(self) -> Mapping[str, str]:
        """What the binary needs."""
        return self._provision.env

    def launch(self) -> None:
        """Start the process; the sockets of one that was killed would be in its way."""
        for socket in (EDGE, ORIGIN):
            (self.folder / socket).unlink(missing_ok=True)
        super().launch()

    def answers(self) -> bool:
        """Do both halves answer?"""
        try:
            for socket in (EDGE, ORIGIN):
                with WebClient(self.folder / socket) as client:
                    client.get(FLOOR)
        except OSError:
            return False
        return True


class NginxEdgeDeployment(Deployment):
    """One server."""

    spec: NginxEdge

    def __init__(self, spec: NginxEdge, name: str, run: RunDirectory, provision: Provision) -> None:
        """Write the configuration; nothing is started yet."""
        self.spec = spec
        self.name = name
        self.version, self.label = provision.version, provision.label
        self._source = provision.source
        self._server = NginxService(name, run, provision, spec)
        self.services: list[Service] = [self._server]

    def start(self) -> None:
        """Start the server."""
        self._server.start()

    def access(self, arm: str, template: Access | None = None) -> NginxEdgeAccess:  # noqa: ARG002
        """The server itself: each arm has its own deployment."""
        return NginxEdgeAccess(self.name, self._server.folder, self._server)

    def release(self, access: Access) -> None:  # noqa: ARG002
        """Remove files, copies and logs; what the server remembers of them goes by a restart."""
        self._server.stop()
        for log in ("origin.log", "edge.log"):
            (self._server.folder / log).unlink(missing_ok=True)
        for kept in ("files", "cache"):
            for file in sorted((self._server.folder / kept).rglob("*"), reverse=True):
                file.unlink() if file.is_file() else file.rmdir()
        self._server.start()

    def describe(self) -> dict[str, object]:
        """What the environment record keeps of this deployment."""
        return {
            "kind": self.spec.kind,
            "version": self.version,
            "label": self.label,
            "source": self._source,
            "edge": dict(frozen_settings(self.spec.edge)),
            "origin": dict(frozen_settings(self.spec.origin)),
            "admitted": self.spec.admitted,
        }


def _lines(settings: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"            {name} {value};" for name, value in settings)


class NginxEdgeAccess(Access):
    """Reaches edge and origin; picklable."""

    kind: ClassVar[str] = "nginx"

    def __init__(self, name: str, folder: Path, server: Service | None) -> None:
        """`folder`: where sockets and logs lie."""
        self.name = name
        self._folder = folder
        self._edge = folder / EDGE
        self._service = server

    @property
    def socket(self) -> Path:
        """The socket of the edge."""
        return self._edge

    def listen_path(self, directory: Path) -> Path:
        """The name of a stand-in's socket in `directory`."""
        return directory / EDGE

    def through(self, directory: Path) -> Self:
        """A copy whose clients reach the edge by the stand-in in `directory`."""
        changed = copy.copy(self)
        changed._edge = self.listen_path(directory)
        return changed

    def as_guest(self) -> Self:
        """The same: nginx has no accounts, and serves everybody who may enter its folder."""
        changed = copy.copy(self)
        changed._service = None
        return changed

    def connect(self, **kwargs: Any) -> WebClient:
        """A client of the edge."""
        return WebClient(self._edge, **kwargs)

    def origin(self, **kwargs: Any) -> WebClient:
        """A client of the origin, past the edge."""
        return WebClient(self._folder / ORIGIN, **kwargs)

    def counters(self) -> dict[str, int]:
        """What both logged: "origin reads", "origin bytes", "edge hit" and the like."""
        # Both halves are one process, which has logged all earlier requests when it answers this.
        with self.connect() as client:
            client.get(FLOOR)
        found: Counter[str] = Counter()
        for line in _logged(self._folder / "origin.log"):
            method, status, sent = line.split()
            if method == "GET":
                found["origin reads"] += 1
                found["origin not modified"] += status == "304"
                found["origin bytes"] += int(sent)
        for line in _logged(self._folder / "edge.log"):
            found[f"edge {line.lower()}"] += line != "-"
        return dict(found)

    @contextmanager
    def floor(self) -> Iterator[Callable[[], object]]:
        """The cheapest request: one that the edge answers by itself without any body."""
        with self.connect() as client:
            yield lambda: client.get(FLOOR)

    def reply_complete(self, data: bytes) -> bool:
        """Is the last answer whole, by its Content-Length?"""
        head, end, body = data.partition(b"\r\n\r\n")
        size = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        return bool(end) and len(body) >= int(size[1] if size else 0)


def _logged(file: Path) -> list[str]:
    return file.read_text("ascii").splitlines() if file.exists() else []


@dataclass(frozen=True)
class Answer:
    """An answer of the edge or the origin; `cache` is what the edge says: HIT, MISS, STALE..."""

    status: int
    body: bytes
    cache: str = ""


class WebClient:
    """HTTP on a Unix socket, on one connection, which is made again after a failure."""

    def __init__(self, address: Path, timeout_seconds: float = HTTP_SECONDS) -> None:
        """Nothing is connected yet."""
        self._connection = UnixConnection(address, timeout_seconds)

    def get(self, path: str, **headers: str) -> Answer:
        """Read a path; X_Refresh="1" becomes a header. OSError when no answer comes."""
        return self._ask("GET", path, None, headers)

    def put(self, path: str, data: bytes) -> Answer:
        """Store a file at the origin; OSError when no answer comes."""
        return self._ask("PUT", path, data, {})

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            self._connection.request(method, path, data, named)
            reply = self._connection.getresponse()
            return Answer(reply.status, reply.read(), reply.headers.get("X-Cache", ""))
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            if isinstance(error, OSError):
                raise
            raise ConnectionError(f"{method} {path}: {error!r}") from error
