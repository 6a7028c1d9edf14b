"""Accounts of judged code: enough for a lab's client, nothing of the administrator's."""

from typing import Any

import psycopg
import pytest
import redis as driver

from scalebook.errors import LabError
from scalebook.services import Postgres, Redis
from scalebook.services.postgres import PostgresDeployment
from scalebook.services.provide import Provisions
from scalebook.services.redis import RedisAccess, RedisDeployment
from scalebook.services.rundir import RunDirectory

LOAD = """
    CREATE TABLE orders (id bigserial PRIMARY KEY, cents int);
    INSERT INTO orders (cents) SELECT i FROM generate_series(1, 10) i;
    CREATE SEQUENCE apart;
    CREATE VIEW dear AS SELECT * FROM orders WHERE cents > 5;
    CREATE MATERIALIZED VIEW total AS SELECT sum(cents) FROM orders;
    CREATE SCHEMA other;
    CREATE TABLE other.parts (n int) PARTITION BY RANGE (n);
    CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql RETURN 2 * n;
"""
TECHNIQUE = """
    CREATE INDEX orders_cents ON orders (cents);
    ALTER TABLE orders ADD COLUMN more text, ADD CHECK (cents > 0);
    UPDATE orders SET more = 'x';
    INSERT INTO orders (cents) VALUES (nextval('apart'));
    REFRESH MATERIALIZED VIEW total;
    CREATE TABLE other.part PARTITION OF other.parts FOR VALUES FROM (0) TO (10);
    CREATE OR REPLACE FUNCTION twice(n int) RETURNS int LANGUAGE sql RETURN n + n;
    CREATE TABLE own AS SELECT * FROM dear;
    SET synchronous_commit = off;
    TRUNCATE orders;
    DROP TABLE orders CASCADE
"""
FORBIDDEN = [
    "ALTER SYSTEM SET fsync = off",
    "CREATE ROLE another SUPERUSER",
    "SET ROLE postgres",
    "ALTER ROLE postgres PASSWORD 'x'",
    "SELECT * FROM pg_authid",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('postgresql.conf')",
    "CREATE DATABASE another",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
]
ADMINISTER = ("CONFIG GET requirepass", "ACL LIST", "SHUTDOWN", "REPLICAOF NO ONE", "MONITOR")


def test_postgres_lets_the_guest_do_what_a_technique_needs(pg: PostgresDeployment) -> None:
    access = pg.access("guest")
    access.run(LOAD)
    guest = access.as_guest()
    for statement in TECHNIQUE.split(";"):
        guest.run(statement)
    access.run("CREATE TABLE later AS SELECT 1 AS n")
    guest.run("INSERT INTO later VALUES (2)")
    with guest.connect(autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM own").fetchone() == (5,)
        plan = guest.explain(connection, "SELECT * FROM later")
        connection.flush_statistics()
    assert plan["Plan"]["Node Type"] == "Seq Scan"
    assert guest.counters()["tup_inserted"] > 0
    pg.release(access)


def test_postgres_gives_the_guest_nothing_else(pg: PostgresDeployment) -> None:
    other, access = pg.access("other"), pg.access("guest")
    other.run(LOAD)
    with other.connect(autocommit=True):
        guest = access.as_guest()
        for statement in FORBIDDEN:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                guest.run(statement)
    with (
        guest.connect(dbname=other.database) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT * FROM orders")
    for name in (access, other):
        pg.release(name)


def test_a_guest_reaches_replicas_and_has_no_levers(
    run: RunDirectory, provisions: Provisions
) -> None:
    with Postgres(replicas=1).start("pg", run, provisions) as deployment:
        access = deployment.access("guest")
        access.run(LOAD)
        guest = access.as_guest()
        assert access.as_guest().password == guest.password
        with guest.replicas[0].connect() as connection:
            assert connection.execute("SELECT count(*) FROM orders").fetchone() == (10,)
        assert access.password not in _shown(guest)
        for act in (guest.kill, lambda: guest.promote(guest.replicas[0])):
            with pytest.raises(LabError, match="cannot kill"):
                act()
        lever = guest.with_levers_of(access)
        lever.promote(lever.replicas[0])
        guest.run("INSERT INTO orders (cents) VALUES (1)")


def test_extensions_stay_with_their_owner(pg: PostgresDeployment) -> None:
    access = pg.access("guest")
    access.run("CREATE EXTENSION IF NOT EXISTS plpgsql; CREATE TABLE t (n int)")
    guest = access.as_guest()
    guest.run("ALTER TABLE t ADD COLUMN m int")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        guest.run("DROP EXTENSION plpgsql")
    pg.release(access)


def test_redis_lets_the_guest_use_its_data(redis: RedisDeployment) -> None:
    guest = redis.access("guest").as_guest()
    client: Any = guest.connect()
    client.set("a", 1)
    assert client.eval("return redis.call('INCR', KEYS[1])", 1, "a") == 2
    with client.pipeline() as pipe:
        pipe.watch("a")
        pipe.multi()
        pipe.zadd("z", {"x": 1})
        pipe.xadd("s", {"f": "v"})
        pipe.publish("channel", "hello")
        pipe.execute()
    assert client.memory_usage("a", samples=0) > 0
    assert sorted(client.keys("*")) == ["a", "s", "z"]
    assert guest.counters()["used_memory"] > 0
    assert client.client_list()
    for words in ("SLOWLOG GET 10", "LATENCY LATEST"):
        assert isinstance(client.execute_command(*words.split()), list)
    client.close()
    redis.release(redis.access("guest"))


def test_redis_gives_the_guest_nothing_else(redis: RedisDeployment) -> None:
    access = redis.access("guest")
    guest = access.as_guest()
    client: Any = guest.connect()
    for words in (*ADMINISTER, "SLOWLOG RESET", "LATENCY RESET"):
        with pytest.raises(driver.exceptions.NoPermissionError):
            client.execute_command(*words.split())
    assert access.password not in _shown(guest)
    with pytest.raises(LabError, match="cannot kill"):
        guest.kill()
    redis.release(access)
    with pytest.raises(driver.exceptions.RedisError):  # What the last arm knew is void.
        client.get("a")
    with pytest.raises(driver.exceptions.AuthenticationError):
        guest.connect().get("a")


def test_a_guest_of_redis_outlives_a_restart(run: RunDirectory, provisions: Provisions) -> None:
    with Redis(appendonly="always").start("redis", run, provisions) as deployment:
        access = deployment.access("guest")
        guest = access.as_guest()
        _set(guest)
        access.restart()
        _set(guest)
        guest.with_levers_of(access).restart()
        _set(guest)


def _set(guest: RedisAccess) -> None:
    with guest.connect() as client:
        client.set("a", 1)


def _shown(access: object) -> str:
    return repr(vars(access))
