"""The server as a process: who may start one, how it ends, and that nothing outlives it."""

from __future__ import annotations

import re
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from benchmarks.trust.place import CHAPTERS, Place, places
from tests.site.serve.conftest import Served
from tests.site.serve.process import Server, wait_for

BRIEF = (CHAPTERS / "trust" / "brief" / "lab.py").read_text(encoding="utf-8")
LONG = BRIEF.replace("trials=[Slices(seconds=0.02)]", "trials=[Slices(seconds=60.0)]")
ORDER = {"unit": "mine/long", "budget": "quick"}
SHORT = {"unit": "mine/short", "budget": "quick"}


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with places() as place:
        for name, text in {"short": BRIEF, "long": LONG}.items():
            folder = place.folder / "chapters" / "mine" / name
            folder.mkdir(parents=True)
            (folder / "lab.py").write_text(text)
        place.env["SCALEBOOK_CHAPTERS"] = str(place.folder / "chapters")
        yield place


@pytest.fixture
def serve(place: Place) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(*arguments: str, **env: str) -> Server:
        started.append(Server.start(place, *arguments, **env))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.end()
        for stream in (server.process.stdout, server.process.stderr):
            if stream is not None:
                stream.close()


def measuring(place: Place, job: dict[str, Any]) -> None:
    """Return when the engines of a run are up and its first slices are being measured."""
    events = place.folder / "jobs" / job["id"] / "events.ndjson"
    wait_for(lambda: events.exists() and "point-started" in events.read_text())
    time.sleep(0.5)


def refused(place: Place, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`scalebook serve` that does not come up."""
    jobs = {"SCALEBOOK_JOBS": str(place.folder / "other"), **env}
    done = place.call("serve", "--no-browser", *arguments, **jobs)
    assert "Traceback" not in done.stderr
    assert done.stderr.count("error:") == 1
    return done


def test_only_this_machine_and_only_with_the_key(serve: Callable[..., Server]) -> None:
    server = serve()
    listening = [
        connection.laddr
        for connection in psutil.Process(server.process.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert [tuple(address) for address in listening] == [("127.0.0.1", server.port)]
    assert server.get("/api/state").status == 200
    assert Served(server.port, "0" * 32).get("/api/state").status == 401


def test_each_server_has_a_key_of_its_own(serve: Callable[..., Server]) -> None:
    first = serve()
    first.end()
    assert serve().token != first.token


def test_pages_and_faults_are_served(serve: Callable[..., Server], place: Place) -> None:
    page = place.folder / "chapters" / "mine" / "short" / "article.md"
    page.write_text("---\ntitle: Short\nnonsense: 1\n---\n")
    try:
        server = serve()
        for path in ("/", "/index.html", "/redis/index.html", "/plan.html", "/search.html"):
            answer = server.get(path)
            assert answer.status == 200, path
            assert b"<main" in answer.body
        shown = server.get("/mine/short.html").body.decode()
        assert re.search(r"mine/short/article\.md:\d+: ", shown)
        assert str(place.folder) not in shown
        nothing = server.get("/mine/nothing.html")
        assert nothing.status == 404
        assert b"no page mine/nothing.html" in nothing.body
        assert b"scalebookIndex" in server.get("/assets/search-index.js").body
    finally:
        page.unlink()


def test_an_edited_page_is_read_again(serve: Callable[..., Server], place: Place) -> None:
    page = place.folder / "chapters" / "mine" / "short" / "article.md"
    server = serve()
    try:
        for key in ("one_thing", "another_thing"):
            page.write_text(f"---\n{key}: 1\n---\n")
            assert key.encode() in server.get("/mine/short.html").body
    finally:
        page.unlink()


def test_a_port_that_is_in_use_is_told(place: Place) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = refused(place, "--port", str(port))
    assert done.returncode == 2
    assert f"port {port}" in done.stderr
    assert "--port 0" in done.stderr


def test_a_second_server_of_the_same_queue_is_refused(
    serve: Callable[..., Server], place: Place
) -> None:
    server = serve()
    done = refused(place, "--port", "0", SCALEBOOK_JOBS=str(place.folder / "jobs"))
    assert done.returncode == 2
    assert f"running already: http://127.0.0.1:{server.port}/" in done.stderr
    assert server.token not in done.stderr


def test_a_queue_that_cannot_be_kept_is_told(place: Place) -> None:
    file = place.folder / "file"
    file.write_text("")
    done = refused(place, "--port", "0", SCALEBOOK_JOBS=str(file / "jobs"))
    assert done.returncode == 4
    assert "SCALEBOOK_JOBS" in done.stderr


def test_the_queue_is_private(serve: Callable[..., Server], place: Place) -> None:
    serve()
    lock = place.folder / "jobs" / "lock"
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    assert stat.S_IMODE(lock.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_end_of_the_server_is_the_end_of_its_run(
    serve: Callable[..., Server], place: Place, number: int
) -> None:
    server = serve()
    job = server.begin(ORDER)
    measuring(place, job)
    status, said = server.end(number)
    assert status in (0, -signal.SIGTERM)
    assert "Traceback" not in said
    assert place.census.strays() == []
    assert place.run_directories() == []
    again = serve()
    told = again.json(f"/api/jobs/{job['id']}")
    assert told["state"] == "interrupted"
    assert told["status"] == 130
    assert told["run"] in place.next_start().readable


def test_kill_9_of_the_server_leaves_nothing_and_the_queue_goes_on(
    serve: Callable[..., Server], place: Place
) -> None:
    server = serve()
    first, second = server.begin(ORDER), server.begin(SHORT)
    measuring(place, first)
    assert server.state_of(second) == "queued"
    assert place.census.strays(server.process.pid) == []
    server.end(signal.SIGKILL)
    wait_for(lambda: not place.census.strays())
    wait_for(lambda: not place.run_directories())
    again = serve()
    wait_for(lambda: again.state_of(second) == "finished")
    assert again.state_of(first) == "interrupted"
    assert again.json(f"/api/jobs/{first['id']}")["run"] in place.next_start().readable


def test_cancelling_stops_the_engines(serve: Callable[..., Server], place: Place) -> None:
    server = serve()
    job = server.begin(ORDER)
    measuring(place, job)
    assert server.post(f"/api/jobs/{job['id']}/cancel", {}).status == 200
    wait_for(lambda: server.state_of(job) == "cancelled")
    wait_for(lambda: not place.census.strays(server.process.pid))
    below = psutil.Process(server.process.pid).children(recursive=True)
    assert [process.name() for process in below if "doctor" not in process.cmdline()] == []
    assert place.run_directories() == []
    assert server.json(f"/api/jobs/{job['id']}")["status"] == 130
