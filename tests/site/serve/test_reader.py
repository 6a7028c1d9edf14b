"""What pages tell of their reader, behind the guard, into a progress file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from benchmarks.trust.place import CHAPTERS
from scalebook.practice.progress import Progress
from scalebook.practice.standing import Reader
from scalebook.results.store import Store
from scalebook.site.serve import guard
from scalebook.site.serve.app import application
from scalebook.site.serve.jobs import Jobs
from scalebook.site.serve.own import OwnRuns
from scalebook.site.serve.server import launch
from tests.site.serve.conftest import TOKEN, Plain, Served, listening
from tests.site.serve.hostile import Attempt

PATH = "/api/progress"
READ = {"unit": "trust/brief"}
GUESS = {"unit": "trust/brief", "guess": 30.0, "measured": 10.0}


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "progress.db")


@pytest.fixture
def served(tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("SCALEBOOK_CHAPTERS", str(CHAPTERS))

    def make(hosts: frozenset[str]) -> ASGIApp:
        own = OwnRuns(Store(f"sqlite:///{tmp_path / 'results.db'}"))
        jobs, reader = Jobs(tmp_path / "jobs", launch), Reader(progress)
        return application(jobs, own, Plain(), hosts=hosts, token=TOKEN, reader=reader)

    with listening(make) as served:
        yield served


def test_read_and_guessed_are_kept_and_told(served: Served, progress: Progress) -> None:
    for note in (READ, READ, GUESS):
        assert served.post(PATH, note).status == 200
    kinds = [(event.unit, event.kind, dict(event.facts)) for event in progress.events()]
    assert kinds == [
        ("trust/brief", "read", {}),
        ("trust/brief", "predicted", {"guess": 30, "measured": 10}),
    ]
    (one,) = served.json(PATH)["units"]
    assert one["unit"] == "trust/brief"
    assert one["predicted"]["factor_off"] == 3


@pytest.mark.parametrize(
    ("note", "status"),
    [
        ({"unit": "trust/gone"}, 422),
        ({"unit": "../../etc"}, 422),
        ({}, 422),
        ({**READ, "more": 1}, 422),
        ({**GUESS, "guess": 0}, 422),
        ({**GUESS, "guess": -3}, 422),
        ({**GUESS, "guess": "30"}, 422),
        ({**GUESS, "guess": float("nan")}, 422),
        ({**GUESS, "measured": float("inf")}, 422),
        ({"unit": "trust/brief", "guess": 3}, 422),
    ],
)
def test_what_is_no_note(
    served: Served, progress: Progress, note: dict[str, object], status: int
) -> None:
    answer = served.post(PATH, note)
    assert answer.status == status, answer
    assert json.loads(answer.body)["what"]
    assert progress.events() == []


def test_other_pages_and_users_cannot_write_or_read_it(served: Served, progress: Progress) -> None:
    body = json.dumps(READ).encode()
    token = {guard.TOKEN_HEADER: None}
    for attempt in (
        Attempt("no token", guard.token, 401, path=PATH, body=body, headers=token),
        Attempt("no token to read", guard.token, 401, path=PATH, body=None, headers=token),
        Attempt(
            "another origin",
            guard.origin,
            403,
            path=PATH,
            body=body,
            headers={"Origin": "http://evil.example"},
        ),
        Attempt(
            "a form",
            guard.content_type,
            415,
            path=PATH,
            body=body,
            headers={"Content-Type": "text/plain"},
        ),
    ):
        assert served.send(attempt).status == attempt.status, attempt.name
    assert progress.events() == []


def test_a_file_that_cannot_be_written_is_told(served: Served, progress: Progress) -> None:
    progress.file.write_text("no database, but long enough to be looked at " * 30)
    answer = served.post(PATH, READ)
    assert answer.status == 500
    assert "damaged" in json.loads(answer.body)["remedy"]
