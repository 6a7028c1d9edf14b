"""What only PostgreSQL has: databases, replicas, plans, counters."""

import psycopg
import pytest
from psycopg import sql

from scalebook.errors import HarnessError, LabError
from scalebook.services import Postgres
from scalebook.services.postgres import RELEASED_KEPT, PostgresDeployment
from scalebook.services.postgres_access import PostgresAccess
from scalebook.services.provide import Provisions
from scalebook.services.rundir import RunDirectory


def test_arms_have_databases_of_their_own(pg: PostgresDeployment) -> None:
    first, second = pg.access('Arm"; --'), pg.access('Arm"; --')
    first.run("CREATE TABLE mine (a int)")
    with pytest.raises(psycopg.errors.UndefinedTable):
        second.run("SELECT * FROM mine")
    held = first.connect()
    pg.release(second)
    pg.release(first)
    for number in range(RELEASED_KEPT):  # The last few wait, so that a drop costs no trial.
        pg.release(pg.access(f"later {number}"))
    with pytest.raises(psycopg.OperationalError):
        first.connect()
    held.close()


def test_connection_notes_what_it_ran_when_asked(database: PostgresAccess) -> None:
    with database.connect(autocommit=True) as connection:
        connection.execute("SELECT 1")
        assert connection.recorded is None
        connection.recorded = []
        connection.execute("SELECT %s::int", [2])
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("SELECT {}").format(sql.Literal(3)))
            cursor.execute(b"SELECT 4")
        with connection.transaction():
            pass
        database.explain(connection, "SELECT 5")
    assert connection.recorded[0] == ("SELECT %s::int", [2])
    assert [text for text, _ in connection.recorded[1:]] == ["SELECT 3", "SELECT 4"]


@pytest.mark.parametrize("autocommit", [True, False])
def test_explained_statement_leaves_no_trace(database: PostgresAccess, autocommit: bool) -> None:
    database.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)")
    with database.connect(autocommit=autocommit) as connection:
        plan = database.explain(connection, "UPDATE t SET a = %s", [2])
        assert plan["Plan"]["Node Type"] == "ModifyTable"
        assert plan["Plan"]["Shared Hit Blocks"] > 0
        assert connection.execute("SELECT a FROM t").fetchone() == (1,)


def test_counters_are_exact_once_a_session_reports(database: PostgresAccess) -> None:
    with database.connect(autocommit=True) as connection:
        connection.execute("CREATE TABLE t (a int)")
        connection.flush_statistics()
        before = database.counters()
        connection.execute("INSERT INTO t SELECT generate_series(1, 100)")
        connection.flush_statistics()
        after = database.counters()
    assert after["tup_inserted"] - before["tup_inserted"] == 100
    assert after["wal_bytes"] > before["wal_bytes"]


def test_retry_waits_for_a_lock(database: PostgresAccess) -> None:
    database.run("CREATE TABLE t (a int)")
    script = "SET lock_timeout = '20ms'; ALTER TABLE t ADD COLUMN b int"
    with database.connect() as holder:
        holder.execute("LOCK TABLE t")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            database.retry(script, until_seconds=0.1)
        holder.rollback()
        database.retry(script)
    with pytest.raises(psycopg.errors.DuplicateColumn):
        database.retry(script)


def test_setting_reaches_the_server(run: RunDirectory, provisions: Provisions) -> None:
    spec = Postgres(settings={"synchronous_commit": "off", "shared_buffers": "16MB"})
    with spec.start("tuned", run, provisions) as deployment:
        connection = deployment.access("arm").connect()
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("off",)
        assert connection.execute("SHOW shared_buffers").fetchone() == ("16MB",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        connection.close()
        assert deployment.describe()["settings"] == dict(spec.settings)


def test_replica_follows_and_takes_over(run: RunDirectory, provisions: Provisions) -> None:
    with Postgres(replicas=2).start("cluster", run, provisions) as deployment:
        access = deployment.access("arm")
        access.run("CREATE TABLE t AS SELECT 1 AS a")
        access.wait_for_replicas()
        old = access.primary
        for replica in access.replicas:
            with replica.connect(autocommit=True) as connection:
                assert connection.execute("SELECT a FROM t").fetchone() == (1,)
                with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                    connection.execute("DELETE FROM t")
        with pytest.raises(LabError):
            access.promote(old)
        old.kill()
        access.promote(access.replicas[0])
        assert access.primary.socket != old.socket
        assert len(access.replicas) == 1
        access.run("INSERT INTO t VALUES (2)")
        access.wait_for_replicas()
        with access.replicas[0].connect() as connection:
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (2,)
        access.replicas[0].pause()
        access.run("INSERT INTO t VALUES (3)")
        access.replicas[0].resume()
        access.wait_for_replicas()
        access.replicas[0].kill()
        access.replicas[0].restart()
        access.wait_for_replicas()


def test_lagging_replica_is_named(run: RunDirectory, provisions: Provisions) -> None:
    with Postgres(replicas=1).start("lagging", run, provisions) as deployment:
        access = deployment.access("arm")
        with access.replicas[0].connect(autocommit=True, dbname="postgres") as replica:
            replica.execute("SELECT pg_wal_replay_pause()")
            access.run("CREATE TABLE t (a int)")
            with pytest.raises(HarnessError, match="replica 1 of lagging"):
                access.wait_for_replicas(timeout_seconds=0.2)


@pytest.mark.requires("postgresql-contrib")
def test_contrib_modules_can_be_had(run: RunDirectory, provisions: Provisions) -> None:
    spec = Postgres(contrib=("pg_stat_statements", "pg_trgm"))
    with spec.start("contrib", run, provisions) as deployment:
        access = deployment.access("arm")
        with access.connect() as connection:
            found = connection.execute("SELECT similarity('scale', 'scales') > 0.5").fetchone()
            assert found == (True,)
            connection.execute("SELECT * FROM pg_stat_statements")
