"""Who may ask this server for anything: it starts processes, so it is guarded like a notebook's.

Each check looks at one request and refuses it with a status and a reason, or lets it pass. They
are applied in their order; the first refusal is the answer.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = [
    "API",
    "CHECKS",
    "LARGEST_BYTES",
    "TOKEN_HEADER",
    "Asked",
    "Check",
    "Guard",
    "Refusal",
    "content_type",
    "fetch_site",
    "framing",
    "host",
    "method",
    "origin",
    "path",
    "size",
    "token",
    "well_formed",
]

API = "/api/"
TOKEN_HEADER = "x-scalebook-token"  # noqa: S105 - the header's name
LARGEST_BYTES = 16_384
PLAIN_PATH = re.compile(r"/[A-Za-z0-9._/~-]*")
FRAMES = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True)
class Refusal:
    """Why a request is not served: an HTTP status and a sentence."""

    status: int
    reason: str


@dataclass(frozen=True)
class Asked:
    """What the checks see of a request; header names in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    hosts: frozenset[str]
    token: str
    body: bytes | None = None
    """Of a POST: at most LARGEST_BYTES + 1 bytes of it. None of other methods."""

    @property
    def is_call(self) -> bool:
        """Does it ask for more than a page of the book?"""
        return self.path.startswith(API) or self.method not in ("GET", "HEAD")


Check = Callable[[Asked], Refusal | None]


def host(asked: Asked) -> Refusal | None:
    """The address in the browser's bar must be ours: no other name may lead here by DNS."""
    if asked.headers.get("host", "") in asked.hosts:
        return None
    return Refusal(421, "this server answers at its own address only")


def method(asked: Asked) -> Refusal | None:
    """Nothing but reading and calling; no preflight of a foreign page is ever answered."""
    if asked.method in ("GET", "HEAD", "POST"):
        return None
    return Refusal(405, "only GET, HEAD and POST are known here")


def path(asked: Asked) -> Refusal | None:
    """Unit ids and file names need no escapes, no backslash, no dots between slashes."""
    plain = PLAIN_PATH.fullmatch(asked.path) and not asked.path.startswith("//")
    if plain and not {"..", "."} & set(asked.path.split("/")):
        return None
    return Refusal(400, "the path holds what no page or unit has in its name")


def origin(asked: Asked) -> Refusal | None:
    """A script of another page, or of a sandboxed one (`null`), may not call."""
    given = asked.headers.get("origin")
    if given is None or given == f"http://{asked.headers.get('host', '')}":
        return None
    return Refusal(403, "pages of another origin may not call")


def fetch_site(asked: Asked) -> Refusal | None:
    """What another site makes the browser fetch is refused; following its link to a page is not."""
    given = asked.headers.get("sec-fetch-site")
    if given in (None, "same-origin") or (given == "none" and not asked.is_call):
        return None
    if not asked.is_call and asked.headers.get("sec-fetch-mode") == "navigate":
        return None
    return Refusal(403, "another site may not fetch from here")


def framing(asked: Asked) -> Refusal | None:
    """No page may lay its own buttons over ours."""
    if asked.headers.get("sec-fetch-dest") in FRAMES:
        return Refusal(403, "the book is not shown in frames")
    return None


def token(asked: Asked) -> Refusal | None:
    """Calls carry the token that only the reader of the terminal has seen."""
    given = asked.headers.get(TOKEN_HEADER, "")
    if not asked.is_call or hmac.compare_digest(given.encode(), asked.token.encode()):
        return None
    return Refusal(401, "open the address that scalebook serve printed: it carries the key")


def content_type(asked: Asked) -> Refusal | None:
    """Forms and plain text can be sent from any page without asking; JSON cannot."""
    if asked.body is None:
        return None
    kind = asked.headers.get("content-type", "").split(";")[0].strip().lower()
    return None if kind == "application/json" else Refusal(415, "calls are JSON")


def size(asked: Asked) -> Refusal | None:
    """No call is long."""
    if asked.body is None or len(asked.body) <= LARGEST_BYTES:
        return None
    return Refusal(413, f"a call has at most {LARGEST_BYTES} bytes")


def well_formed(asked: Asked) -> Refusal | None:
    """The body must be one JSON object."""
    if asked.body is None:
        return None
    try:
        is_object = isinstance(json.loads(asked.body), dict)
    except (ValueError, RecursionError):
        is_object = False
    return None if is_object else Refusal(400, "the body is not one JSON object")


CHECKS: Sequence[Check] = (
    host,
    method,
    path,
    origin,
    fetch_site,
    framing,
    token,
    content_type,
    size,
    well_formed,
)


class Guard:
    """An ASGI application around another: checks every request, adds the headers to every answer.

    `hosts` are the values of Host under which the server may be called, `token` what calls carry.
    """

    def __init__(
        self, app: ASGIApp, hosts: frozenset[str], token: str, checks: Sequence[Check] = CHECKS
    ) -> None:
        self.app = app
        self.hosts = hosts
        self.token = token
        self.checks = checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or hand it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # No WebSocket is offered.
            await send({"type": "websocket.close", "code": 1008})
            return

        async def guarded(message: Message) -> None:
            await send(_with_headers(message, scope["path"]))

        body = await _body(receive) if scope["method"] == "POST" else None
        asked = Asked(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            headers={k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]},
            hosts=self.hosts,
            token=self.token,
            body=body,
        )
        for check in self.checks:
            if (refusal := check(asked)) is not None:
                await _refuse(refusal, guarded)
                return
        await self.app(scope, receive if body is None else _replayed(body, receive), guarded)


def _with_headers(message: Message, path: str) -> Message:
    """The start of an answer with our headers; any other message as it is."""
    if message["type"] != "http.response.start":
        return message
    ours = {**HEADERS, "cache-control": "no-store" if path.startswith(API) else "no-cache"}
    kept = [(k, v) for k, v in message.get("headers", []) if k.decode().lower() not in ours]
    kept += [(name.encode(), text.encode()) for name, text in ours.items()]
    return {**message, "headers": kept}


async def _body(receive: Receive) -> bytes:
    """The body, or the beginning of one that is too long."""
    parts = b""
    while len(parts) <= LARGEST_BYTES:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return parts[: LARGEST_BYTES + 1]


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever else comes."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _refuse(refusal: Refusal, send: Send) -> None:
    text = json.dumps({"what": refusal.reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
