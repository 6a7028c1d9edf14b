"""What PostgreSQL, Redis and the proxies in front of them have in common."""

import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as redis_py

from scalebook.errors import HarnessError, LabError
from scalebook.services import Capacity, Postgres, Redis
from scalebook.services.access import Access, Deployment, Spec
from scalebook.services.postgres import PostgresDeployment
from scalebook.services.provide import Provisions
from scalebook.services.proxy import Proxy
from scalebook.services.redis import RedisDeployment
from scalebook.services.rundir import RunDirectory
from scalebook.services.service import Service

AsUser = Callable[[int], AbstractContextManager[None]]
LOST = (psycopg.OperationalError, redis_py.ConnectionError)


@pytest.fixture(params=["pg", "redis"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    found: Deployment = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def access(deployment: Deployment) -> Iterator[Access]:
    access = deployment.access("arm of a test")
    yield access
    deployment.release(access)


@pytest.fixture
def proxy(run: RunDirectory, access: Access) -> Iterator[Proxy[Access]]:
    proxy = Proxy.in_front_of(run, access, "proxy")
    yield proxy
    proxy.stop()


def connect(access: Access) -> Any:
    return access.connect(autocommit=True) if access.kind == "postgresql" else access.connect()


def ask(connection: Any) -> object:
    if isinstance(connection, psycopg.Connection):
        return connection.execute("SELECT 1").fetchone()
    return connection.ping()


def round_trip_seconds(connection: Any) -> float:
    start = time.monotonic()
    ask(connection)
    return time.monotonic() - start


def store(access: Access, value: str) -> None:
    with connect(access) as connection:
        store_with(connection, value)


def store_with(connection: Any, value: str) -> None:
    if isinstance(connection, psycopg.Connection):
        connection.execute("CREATE TABLE kept AS SELECT %s AS value", [value])
    else:
        connection.set("kept", value)


def fetch(access: Access) -> str:
    with connect(access) as connection:
        if access.kind == "postgresql":
            return str(connection.execute("SELECT value FROM kept").fetchone()[0])
        return str(connection.get("kept"))


def server_of(deployment: Deployment) -> Service:
    return deployment.services[0]


def test_killed_server_refuses_and_restarts_with_its_data(
    deployment: Deployment, access: Access
) -> None:
    store(access, "before the kill")
    held = connect(access)
    ask(held)
    access.kill()
    assert not server_of(deployment).alive
    with pytest.raises(LOST):
        ask(held)
    with pytest.raises(LOST):
        ask(connect(access))
    held.close()
    access.restart()
    assert fetch(access) == "before the kill"


def test_running_server_restarts_at_the_same_address(access: Access) -> None:
    store(access, "before the restart")
    address = access.socket
    access.restart()
    assert access.socket == address
    assert fetch(access) == "before the restart"


def test_paused_server_answers_when_it_is_resumed(access: Access) -> None:
    connection = connect(access)
    ask(connection)
    answered = threading.Event()
    access.pause()

    def wait_for_answer() -> None:
        ask(connection)
        answered.set()

    thread = threading.Thread(target=wait_for_answer)
    thread.start()
    assert not answered.wait(0.3)
    access.resume()
    assert answered.wait(20)
    thread.join()
    connection.close()


def test_paused_server_can_be_stopped(deployment: Deployment, access: Access) -> None:
    access.pause()
    server_of(deployment).stop()
    assert not server_of(deployment).alive
    with pytest.raises(HarnessError, match="not running"):
        access.pause()
    server_of(deployment).start()


def test_pickled_access_connects_elsewhere_but_breaks_nothing(access: Access) -> None:
    script = (
        "import pickle, sys\n"
        "access = pickle.load(sys.stdin.buffer)\n"
        "with access.floor() as call:\n"
        "    call()\n"
        "try: access.kill()\n"
        "except Exception as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=pickle.dumps(access),
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert b"Use a Step or a Fault" in done.stdout
    with pytest.raises(LabError):
        pickle.loads(pickle.dumps(access)).restart()
    assert access.service().alive


@pytest.mark.parametrize("password", [None, "", "wrong"])
def test_right_user_without_the_password_is_refused(
    access: Access, proxy: Proxy[Access], password: str | None
) -> None:
    refused = (psycopg.OperationalError, redis_py.AuthenticationError)
    for way in (access, proxy.access):
        with pytest.raises(refused):
            ask(way.connect(password=password))


@pytest.mark.root
@pytest.mark.parametrize("uid", [65534, 61111])
def test_another_user_is_refused(
    deployment: Deployment, access: Access, proxy: Proxy[Access], as_user: AsUser, uid: int
) -> None:
    for way in (access, proxy.access):
        with as_user(uid), socket.socket(socket.AF_UNIX) as door, pytest.raises(PermissionError):
            door.connect(str(way.socket))
    for path in (server_of(deployment).folder, server_of(deployment).log):
        with as_user(uid), pytest.raises(PermissionError):
            os.listdir(path) if path.is_dir() else path.read_text()


def test_no_secret_stands_on_a_command_line(run: RunDirectory, access: Access) -> None:
    with connect(access) as connection:
        ask(connection)
    secret = getattr(access, "password")  # noqa: B009
    for pid in os.listdir("/proc") if Path("/proc").exists() else []:
        if pid.isdigit():
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            assert secret.encode() not in words


def test_cut_drops_and_refuses_until_it_heals(access: Access, proxy: Proxy[Access]) -> None:
    held = connect(proxy.access)
    ask(held)
    proxy.cut()
    with pytest.raises(LOST):
        ask(held)
    with pytest.raises(LOST):
        ask(connect(proxy.access))
    proxy.heal()
    with connect(proxy.access) as fresh:
        ask(fresh)
    held.close()


def test_a_lost_answer_is_of_work_that_was_done(access: Access, proxy: Proxy[Access]) -> None:
    held = connect(proxy.access)
    ask(held)
    proxy.lose()
    with pytest.raises(LOST):
        store_with(held, "done")
    assert fetch(access) == "done"
    ask(connect(proxy.access))
    held.close()


def test_delay_holds_each_request(proxy: Proxy[Access]) -> None:
    with connect(proxy.access) as connection:
        ask(connection)
        proxy.delay(0.2)
        assert round_trip_seconds(connection) >= 0.2
        proxy.delay(0)
        assert min(round_trip_seconds(connection) for _ in range(5)) < 0.2


@pytest.mark.parametrize(
    "spec",
    [Postgres(capacity=Capacity(2, 0.05)), Redis(capacity=Capacity(2, 0.05))],
    ids=["pg", "redis"],
)
def test_capacity_lets_only_so_many_in_at_once(
    run: RunDirectory, provisions: Provisions, spec: Spec
) -> None:
    with spec.start("limited", run, provisions) as deployment:
        assert deployment.describe()["capacity"] == {"slots": 2, "seconds": 0.05}
        access = deployment.access("arm")
        connections = [connect(access) for _ in range(4)]
        for connection in connections:
            ask(connection)

        def work(connection: Any) -> None:
            for _ in range(5):
                ask(connection)

        threads = [threading.Thread(target=work, args=[c]) for c in connections]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # 20 requests of 50 ms through two slots.
        assert time.monotonic() - start >= 0.5
        for connection in connections:
            connection.close()


def test_reply_is_complete_at_its_last_byte(access: Access) -> None:
    if access.kind == "postgresql":
        reply = b"C\x00\x00\x00\x0dSELECT 1\x00Z\x00\x00\x00\x05I"
    else:
        reply = b"*2\r\n$3\r\nfoo\r\n*1\r\n:1\r\n"
    assert access.reply_complete(reply)
    assert not any(access.reply_complete(reply[:length]) for length in range(len(reply)))


@pytest.mark.parametrize(
    "spec",
    [Postgres(settings={"no_such_setting": 1}), Redis(settings={"no-such-setting": 1})],
    ids=["pg", "redis"],
)
def test_refused_setting_is_named(run: RunDirectory, provisions: Provisions, spec: Spec) -> None:
    with pytest.raises(HarnessError, match=r"no.such.setting") as caught:
        spec.start("wrong", run, provisions)
    assert "scalebook doctor" in str(caught.value)
    assert "wrong" in str(caught.value)


def test_specs_are_plain_comparable_data() -> None:
    spec = Postgres(settings={"fsync": False, "work_mem": "1MB"})
    assert spec == Postgres(settings=(("work_mem", "1MB"), ("fsync", "off")))
    assert len({spec, Postgres(), Redis(), Redis(save="60 1")}) == 4
    with pytest.raises(LabError):
        Redis(appendonly="sometimes")


def test_both_engines_say_what_they_are(pg: PostgresDeployment, redis: RedisDeployment) -> None:
    assert pg.describe()["kind"] == "postgresql"
    assert pg.version.startswith("18.")
    assert redis.describe()["allocator"]
    if "Valkey" in redis.label:
        assert "Redis-compatible" in redis.label
