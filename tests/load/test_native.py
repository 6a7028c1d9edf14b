from typing import Any

import pytest

from scalebook.errors import LabError
from scalebook.lab import Pgbench, RedisBenchmark
from scalebook.load.native import measure, redis_benchmark
from scalebook.services.postgres_access import PostgresAccess
from scalebook.services.provide import Provisions
from scalebook.services.redis import RedisAccess
from scalebook.services.rundir import RunDirectory


def test_pgbench_runs_the_script(
    stock: PostgresAccess, run: RunDirectory, provisions: Provisions
) -> None:
    take = Pgbench("UPDATE stock SET left_over = left_over + 1 WHERE id = 7;", clients=2)
    report = measure(run, provisions, stock, take, 2.0)
    with stock.connect(autocommit=True) as db:
        row = db.execute("SELECT left_over FROM stock WHERE id = 7").fetchone()
    assert row == (2 + report.operations,)
    assert report.operations > 0
    assert report.throughput_per_second == pytest.approx(report.operations / report.seconds)
    assert report.generator.startswith("pgbench 18")
    assert report.label == "2 clients, prepared protocol"


@pytest.mark.requires("redis-tools")
def test_redis_benchmark_sends_the_command(
    cache: RedisAccess, run: RunDirectory, provisions: Provisions
) -> None:
    count = RedisBenchmark("INCR", "k:__rand_int__", clients=2, pipeline=8, keyspace=4)
    report = measure(run, provisions, cache, count, 0.2)
    client: Any = cache.connect()
    keys = client.keys("k:*")
    assert len(keys) == 4
    assert sum(int(client.get(key)) for key in keys) >= report.operations > 0
    assert report.generator.startswith("redis-benchmark")
    assert report.label == "2 clients, pipeline of 8"
    assert client.acl_users() == ["default"]


def test_without_redis_benchmark_a_pipelined_client_stands_in(
    cache: RedisAccess, run: RunDirectory
) -> None:
    native = RedisBenchmark("INCR", "k:__rand_int__", keyspace=4)
    report = redis_benchmark(run, None, cache, native, 0.05)
    client: Any = cache.connect()
    assert sum(int(client.get(key)) for key in client.keys("k:*")) == report.operations
    assert report.generator.startswith("redis-py")
    assert "for want of redis-benchmark" in report.label


def test_an_operation_that_the_engine_refuses_is_the_lab_s_fault(
    stock: PostgresAccess, cache: RedisAccess, run: RunDirectory, provisions: Provisions
) -> None:
    with pytest.raises(LabError, match='column "nonsense" does not exist'):
        measure(run, provisions, stock, Pgbench("SELECT nonsense;"), 1.0)
    with pytest.raises(LabError, match="unknown command"):
        measure(run, provisions, cache, RedisBenchmark("NONSENSE"), 0.1)
    with pytest.raises(LabError, match="unknown command"):
        redis_benchmark(run, None, cache, RedisBenchmark("NONSENSE"), 0.1)
