"""Requests that must be refused, each wrong in one way alone, and two honest ones."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from scalebook.site.serve import guard
from scalebook.site.serve.guard import LARGEST_BYTES, TOKEN_HEADER, Check

__all__ = ["HONEST", "HOSTILE", "Answer", "Attempt", "send"]

ORDER = json.dumps({"unit": "trust/brief", "budget": "quick"}).encode()


@dataclass(frozen=True)
class Attempt:
    """A request; `{port}` stands in headers for the server's, None takes a header away.

    `check` is the one that must refuse it, with `status`.
    """

    name: str
    check: Check | None
    status: int
    path: str = "/api/jobs"
    body: bytes | None = ORDER
    headers: Mapping[str, str | None] = field(default_factory=dict)
    method: str = ""

    @property
    def verb(self) -> str:
        return self.method or ("GET" if self.body is None else "POST")


HOSTILE = [
    Attempt("wrong Host", guard.host, 421, headers={"Host": "evil.example"}),
    Attempt("rebinding name", guard.host, 421, headers={"Host": "rebound.example:{port}"}),
    Attempt("right host, wrong port", guard.host, 421, headers={"Host": "127.0.0.1:1"}),
    Attempt("preflight", guard.method, 405, body=None, method="OPTIONS"),
    Attempt("foreign Origin", guard.origin, 403, headers={"Origin": "http://evil.example"}),
    Attempt("origin of another port", guard.origin, 403, headers={"Origin": "http://127.0.0.1:1"}),
    Attempt("null Origin", guard.origin, 403, headers={"Origin": "null"}),
    Attempt("no token", guard.token, 401, headers={TOKEN_HEADER: None}),
    Attempt("wrong token", guard.token, 401, headers={TOKEN_HEADER: "0" * 32}),
    Attempt("token that is not ASCII", guard.token, 401, headers={TOKEN_HEADER: "\xe9" * 32}),
    Attempt(
        "form post",
        guard.content_type,
        415,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    ),
    Attempt("text/plain post", guard.content_type, 415, headers={"Content-Type": "text/plain"}),
    Attempt(
        "cross-site stream",
        guard.fetch_site,
        403,
        path="/api/jobs/0123456789ab/events?from=0",
        body=None,
        headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ),
    Attempt("cross-site fetch", guard.fetch_site, 403, headers={"Sec-Fetch-Site": "cross-site"}),
    Attempt("same-site fetch", guard.fetch_site, 403, headers={"Sec-Fetch-Site": "same-site"}),
    Attempt(
        "cross-site script of ours",
        guard.fetch_site,
        403,
        path="/assets/run.js",
        body=None,
        headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ),
    Attempt(
        "framing",
        guard.framing,
        403,
        path="/index.html",
        body=None,
        headers={
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "iframe",
        },
    ),
    Attempt("oversized body", guard.size, 413, body=ORDER + b" " * LARGEST_BYTES),
    Attempt("malformed JSON", guard.well_formed, 400, body=b'{"unit": '),
    Attempt("JSON that is no object", guard.well_formed, 400, body=b"[1]"),
    Attempt("deeply nested JSON", guard.well_formed, 400, body=b"[" * 16_000),
    Attempt("climbing path", guard.path, 400, path="/api/units/../../etc/passwd", body=None),
    Attempt("escaped dots", guard.path, 400, path="/api/units/%2e%2e/%2e%2e", body=None),
    Attempt("escaped slash", guard.path, 400, path="/api/units/redis%2f..%2f..", body=None),
    Attempt("backslash", guard.path, 400, path="/assets/..\\..\\secret.css", body=None),
    Attempt("escaped zero byte", guard.path, 400, path="/assets/book.css%00.png", body=None),
    Attempt("two slashes", guard.path, 400, path="//etc/passwd", body=None),
]
HONEST = [
    Attempt(
        "a page, by a link",
        None,
        200,
        path="/index.html",
        body=None,
        headers={
            TOKEN_HEADER: None,
            "Origin": None,
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        },
    ),
    Attempt("a call of our own script", None, 200, path="/api/state", body=None),
]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(port: int, token: str, attempt: Attempt) -> Answer:
    """Send it as our own script would, but for what makes it hostile."""
    headers: dict[str, str | None] = {
        "Host": "127.0.0.1:{port}",
        "Origin": "http://127.0.0.1:{port}",
        "Sec-Fetch-Site": "same-origin",
        "Sec-Fetch-Mode": "cors",
        "Sec-Fetch-Dest": "empty",
        "Content-Type": "application/json",
        TOKEN_HEADER: token,
        **attempt.headers,
    }
    if "Host" in attempt.headers and "Origin" not in attempt.headers:
        headers["Origin"] = f"http://{attempt.headers['Host']}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.putrequest(attempt.verb, attempt.path, skip_host=True, skip_accept_encoding=True)
        for name, text in headers.items():
            if text is not None:
                connection.putheader(name, text.replace("{port}", str(port)).encode("latin-1"))
        if attempt.body is not None:
            connection.putheader("Content-Length", str(len(attempt.body)))
        connection.endheaders(attempt.body)
        answer = connection.getresponse()
        found = {name.lower(): text for name, text in answer.getheaders()}
        return Answer(answer.status, found, answer.read())
    finally:
        connection.close()
