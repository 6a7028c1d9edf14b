"""What only Redis has: persistence modes, command counters, its protocol."""

import pytest

from scalebook.services import Redis
from scalebook.services.provide import Provisions
from scalebook.services.redis import RedisDeployment
from scalebook.services.resp import complete
from scalebook.services.rundir import RunDirectory


def test_counters_are_exact(redis: RedisDeployment) -> None:
    access = redis.access("arm")
    client = access.connect()
    before = access.counters()
    client.set("there", 1)
    for _ in range(3):
        client.get("there")
    client.get("missing")
    after = access.counters()
    client.close()
    assert after["get"] - before.get("get", 0) == 4
    assert after["set"] - before.get("set", 0) == 1
    assert after["keyspace_hits"] - before["keyspace_hits"] == 3
    assert after["keyspace_misses"] - before["keyspace_misses"] == 1
    assert after["used_memory"] > 0


@pytest.mark.parametrize("appendonly", [None, "always"])
def test_log_survives_a_kill(
    run: RunDirectory, provisions: Provisions, appendonly: str | None
) -> None:
    with Redis(appendonly=appendonly).start("durable", run, provisions) as deployment:
        access = deployment.access("arm")
        with access.connect() as client:
            for number in range(100):
                client.set(f"key {number}", number)
        access.kill()
        access.restart()
        with access.connect() as client:
            assert client.dbsize() == (100 if appendonly else 0)


def test_a_released_log_holds_nothing_of_the_last_arm(
    run: RunDirectory, provisions: Provisions
) -> None:
    with Redis(appendonly="everysec").start("lent", run, provisions) as deployment:
        access = deployment.access("arm")
        with access.connect() as client:
            client.set("key", "x" * 100_000)
        deployment.release(access)
        logged = sum(file.stat().st_size for file in access.service().folder.rglob("*.aof"))
        assert logged < 1_000


def test_settings_reach_the_server(run: RunDirectory, provisions: Provisions) -> None:
    spec = Redis(save="60 1000", settings={"maxmemory": "10mb", "maxmemory-policy": "allkeys-lru"})
    with spec.start("tuned", run, provisions) as deployment:
        client = deployment.access("arm").connect()
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "allkeys-lru"
        assert client.config_get("save")["save"] == "60 1000"
        client.close()


@pytest.mark.parametrize(
    "value",
    [
        b"+OK\r\n",
        b"$-1\r\n",
        b"$0\r\n\r\n",
        b"*0\r\n",
        b"*-1\r\n",
        b"%1\r\n+a\r\n*2\r\n:1\r\n$1\r\nb\r\n",
        b"|1\r\n+ttl\r\n:3\r\n+OK\r\n",
        b"+OK\r\n-ERR no\r\n_\r\n#t\r\n,1.5\r\n",
    ],
)
def test_whole_values_are_told_from_parts(value: bytes) -> None:
    assert complete(value)
    first_line_ends = {end for end in range(1, len(value)) if complete(value[:end])}
    assert all(value[end - 2 : end] == b"\r\n" for end in first_line_ends)
    assert not complete(value[:-1])


def test_what_is_no_protocol_is_refused() -> None:
    with pytest.raises(ValueError, match="starts no RESP value"):
        complete(b"HTTP/1.1 200 OK\r\n")
