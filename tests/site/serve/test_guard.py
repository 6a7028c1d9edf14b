"""Hostile requests are refused, each by the one check that is there for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from scalebook.site.serve.guard import CHECKS, Guard
from tests.site.serve.conftest import TOKEN, Served, listening
from tests.site.serve.hostile import HONEST, HOSTILE, Attempt

MANY = 13


class Recorder:
    """An application that answers everything, and knows what reached it."""

    def __init__(self) -> None:
        self.reached: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"reached"})


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[Served, Recorder, Any]]:
    recorder = Recorder()
    guards: list[Guard] = []

    def make(hosts: frozenset[str]) -> Guard:
        guards.append(Guard(recorder, hosts, TOKEN))
        return guards[0]

    with listening(make) as served:
        yield served, recorder, guards[0]


def test_the_matrix_is_whole() -> None:
    assert len(HOSTILE) >= MANY
    assert {attempt.check for attempt in HOSTILE} == set(CHECKS)


@pytest.mark.parametrize("attempt", HOSTILE, ids=lambda attempt: attempt.name)
def test_a_hostile_request_is_refused(
    guarded: tuple[Served, Recorder, Guard], attempt: Attempt
) -> None:
    served, recorder, _ = guarded
    before = len(recorder.reached)
    answer = served.send(attempt)
    assert answer.status == attempt.status
    assert answer.body.startswith(b'{"what":')
    assert len(recorder.reached) == before
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("attempt", HOSTILE, ids=lambda attempt: attempt.name)
def test_it_passes_where_its_check_is_switched_off(
    guarded: tuple[Served, Recorder, Guard], attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, recorder, guard = guarded
    monkeypatch.setattr(guard, "checks", [c for c in CHECKS if c is not attempt.check])
    before = len(recorder.reached)
    assert served.send(attempt).status == 200
    assert len(recorder.reached) == before + 1


@pytest.mark.parametrize("attempt", HONEST, ids=lambda attempt: attempt.name)
def test_an_honest_request_is_served(
    guarded: tuple[Served, Recorder, Guard], attempt: Attempt
) -> None:
    served, _, _ = guarded
    answer = served.send(attempt)
    assert answer.status == 200
    assert answer.body == b"reached"


def test_every_answer_forbids_what_no_page_needs(
    guarded: tuple[Served, Recorder, Guard],
) -> None:
    served, _, _ = guarded
    for attempt in (*HONEST, HOSTILE[0]):
        headers = served.send(attempt).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert served.get("/api/state").headers["cache-control"] == "no-store"
