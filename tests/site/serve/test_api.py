"""The calls of the panel, over real runs of a small lab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp

from benchmarks.trust.place import CHAPTERS
from scalebook.results.store import Store
from scalebook.site.serve.app import application
from scalebook.site.serve.guard import CHECKS
from scalebook.site.serve.jobs import Jobs
from scalebook.site.serve.own import OwnRuns
from scalebook.site.serve.server import launch
from tests.site.serve.conftest import TOKEN, Plain, Served, listening
from tests.site.serve.hostile import HONEST, HOSTILE, Attempt

UNIT = "/api/units/trust/brief"
ORDER = {"unit": "trust/brief", "budget": "quick"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCALEBOOK_CHAPTERS", str(CHAPTERS))
        patch.setenv("SCALEBOOK_STORE", f"sqlite:///{folder / 'results.db'}")

        def make(hosts: frozenset[str]) -> ASGIApp:
            jobs, own = Jobs(folder / "jobs", launch), OwnRuns(Store())
            return application(jobs, own, Plain(), hosts=hosts, token=TOKEN)

        with listening(make) as served:
            yield served


@pytest.fixture(scope="module")
def job(served: Served) -> dict[str, Any]:
    """A run of the lab that has come to its end."""
    answer = served.post("/api/jobs", ORDER)
    assert answer.status == 201, answer
    started: dict[str, Any] = json.loads(answer.body)
    ended: dict[str, Any] = followed(served, started["id"])[-1]["job"]
    return ended


def followed(served: Served, job: str, first: int = 0) -> list[dict[str, Any]]:
    """Every line of the stream, to its end."""
    answer = served.get(f"/api/jobs/{job}/events?from={first}")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.body.splitlines()]


@pytest.mark.parametrize("attempt", HOSTILE, ids=lambda attempt: attempt.name)
def test_the_whole_application_refuses_what_the_guard_refuses(
    served: Served, attempt: Attempt
) -> None:
    assert served.send(attempt).status == attempt.status
    assert served.json("/api/state")["queue"] == []


@pytest.mark.parametrize("attempt", HONEST, ids=lambda attempt: attempt.name)
def test_it_serves_what_is_honest(served: Served, attempt: Attempt) -> None:
    assert served.send(attempt).status == attempt.status


def test_a_run_is_started_and_followed(served: Served, job: dict[str, Any]) -> None:
    assert job["state"] == "finished"
    assert job["status"] == 0
    lines = followed(served, job["id"])
    events = [line for line in lines if "event" in line]
    assert [event["n"] for event in events] == list(range(len(events)))
    names = [event["event"] for event in events]
    assert names[0] in {"run-started", "engine-starting"}
    assert {"run-started", "engine-ready", "ratio", "look", "verdict", "stored"} <= set(names)
    assert lines[-1]["job"]["run"] == job["run"]


def test_following_goes_on_where_it_was_left(served: Served, job: dict[str, Any]) -> None:
    every = [line for line in followed(served, job["id"]) if "event" in line]
    rest = [line for line in followed(served, job["id"], first=5) if "event" in line]
    assert rest == every[5:]


def test_the_panel_learns_of_own_runs_and_durations(served: Served, job: dict[str, Any]) -> None:
    about = served.json(UNIT)
    assert about["runs"][0]["run"] == job["run"]
    assert about["runs"][0]["word"] == "no reference"
    assert about["active"] == []
    assert about["last"]["id"] == job["id"]
    assert about["seconds"]["quick"] > 0
    assert about["seconds"]["full"] is None


def test_the_engines_of_a_unit_are_told(served: Served) -> None:
    engines = served.json("/api/units/redis/counter")["engines"]
    assert {engine["name"] for engine in engines} == {"redis", "postgresql"}
    assert all(engine["found"] and engine["label"] for engine in engines)


def test_the_page_of_a_run_and_of_the_reference(served: Served, job: dict[str, Any]) -> None:
    own = served.json(f"{UNIT}/page?run={job['run']}")
    assert own["html"] == f"<main>trust/brief {job['run']}</main>"
    assert served.json(f"{UNIT}/page")["html"] == "<main>trust/brief reference</main>"


def test_a_run_is_shown_beside_the_reference(served: Served, job: dict[str, Any]) -> None:
    shown = served.json(f"{UNIT}/runs/{job['run']}")
    assert "no reference run yet" in shown["html"]
    assert f"scalebook results show {job['run']}" in shown["html"]
    assert "style=" not in shown["html"]


def test_a_run_belongs_to_its_unit(served: Served, job: dict[str, Any]) -> None:
    for path in (f"runs/{job['run']}", f"page?run={job['run']}"):
        answer = served.get(f"/api/units/redis/counter/{path}")
        assert answer.status == 404
        assert b"is no run of redis/counter" in answer.body


def test_a_second_run_waits_and_can_be_taken_out(served: Served) -> None:
    first, second = (json.loads(served.post("/api/jobs", ORDER).body) for _ in range(2))
    told = served.json(f"/api/jobs/{second['id']}")
    assert told["ahead"] == 1
    state = served.json("/api/state")
    assert [job["id"] for job in state["queue"]][-1] == second["id"]
    answer = served.post(f"/api/jobs/{second['id']}/cancel", {})
    assert json.loads(answer.body)["state"] == "cancelled"
    assert followed(served, second["id"])[-1]["job"]["state"] == "cancelled"
    assert followed(served, first["id"])[-1]["job"]["state"] == "finished"


def test_no_answer_tells_process_ids(served: Served, job: dict[str, Any]) -> None:
    assert "pid" not in job
    assert "pid_created" not in served.json(f"/api/jobs/{job['id']}")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/nothing", 404),
        ("/api/units/no/such", 404),
        ("/api/units/trust/brief/runs/ffffffffffff", 404),
        ("/api/jobs/ffffffffffff", 404),
        ("/api/jobs/ffffffffffff/events", 404),
        ("/nothing.html", 404),
        ("/assets/nothing.css", 404),
        ("/assets/run.py", 404),
        ("/api/jobs", 404),
    ],
)
def test_what_is_not_there(served: Served, path: str, status: int) -> None:
    answer = served.get(path)
    assert answer.status == status
    assert b"Traceback" not in answer.body
    assert answer.body.startswith(b"{") == path.startswith("/api/")


@pytest.mark.parametrize("first", ["-1", "x", "1e9", "99999999999", "%C2%B2"])
def test_only_a_number_of_an_event(served: Served, job: dict[str, Any], first: str) -> None:
    assert served.get(f"/api/jobs/{job['id']}/events?from={first}").status == 404


@pytest.mark.parametrize(
    "order",
    [
        {"unit": "no/such"},
        {"unit": "../../etc"},
        {"unit": "trust/brief", "points": [7]},
        {"unit": "trust/brief", "settings": {"PATH": 1}},
        {"unit": "trust/brief", "engines": {"redis": "/bin/sh"}},
        {},
    ],
)
def test_an_order_that_cannot_be(served: Served, order: dict[str, object]) -> None:
    answer = served.post("/api/jobs", order)
    assert answer.status == 422
    assert json.loads(answer.body)["what"]
    assert served.json("/api/state")["queue"] == []


def test_passwords_of_the_store_are_hidden(tmp_path: Path) -> None:
    store = Store("postgresql://me:s3cret@127.0.0.1:1/nowhere?connect_timeout=1")

    def make(hosts: frozenset[str]) -> ASGIApp:
        jobs = Jobs(tmp_path / "jobs", launch)
        return application(jobs, OwnRuns(store), Plain(), hosts=hosts, token=TOKEN, checks=CHECKS)

    with listening(make) as served:
        answer = served.get("/api/units/redis/counter")
    assert answer.status == 500
    assert b"s3cret" not in answer.body
    assert json.loads(answer.body)["what"]
