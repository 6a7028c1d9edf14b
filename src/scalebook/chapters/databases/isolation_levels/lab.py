"""Isolation levels: which anomalies does each level let through, and what does safety cost?

`deposit` reads a balance and writes the sum (lost update); `leave` takes a doctor off duty if
another one stays (write skew). A transaction that is refused with SQLSTATE 40001 is retried.
"""

import time

import psycopg

from scalebook.lab import Client, Interleaved, Invariant, Lab, Promise, Whole, Workload, figure
from scalebook.services import Postgres

KEYS = 5_000
MOMENT_SECONDS = 0.02
LEVELS = ["read committed", "repeatable read", "serializable"]


class KeyOfTheMoment:
    """Everybody works on the same key, which changes every 20 ms."""

    n = KEYS

    def draw(self, source):
        return int(time.monotonic() / MOMENT_SECONDS) % self.n


class ReadThenWrite(Client):
    """Decides on what it has read, and trusts the isolation level."""

    lock = ""

    def open(self, services):
        self.db = services.pg.connect()
        self.db.isolation_level = LEVELS_BY_NAME[self.at]

    def transaction(self, work):
        """The number of retries after serialisation failures."""
        for retries in range(100):
            try:
                with self.db.transaction():
                    work()
                return retries
            except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected):
                continue
        raise TimeoutError("100 retries")

    def deposit(self, key):
        def work():
            sql = f"SELECT cents FROM account WHERE id = %s {self.lock}"
            cents = self.db.execute(sql, [key]).fetchone()[0]
            self.db.execute("UPDATE account SET cents = %s WHERE id = %s", [cents + 1, key])

        return self.transaction(work)

    def leave(self, key):
        def work():
            sql = (
                f"SELECT doctor FROM duty WHERE shift = %s AND on_call ORDER BY doctor {self.lock}"
            )
            if len(self.db.execute(sql, [key]).fetchall()) > 1:
                off = "UPDATE duty SET on_call = false WHERE shift = %s AND doctor = %s"
                self.db.execute(off, [key, self.worker % 2])

        return self.transaction(work)

    def cents(self, key):
        with self.db.transaction():
            return self.db.execute("SELECT cents FROM account WHERE id = %s", [key]).fetchone()[0]

    def on_call(self, key):
        sql = "SELECT count(*) FROM duty WHERE shift = %s AND on_call"
        with self.db.transaction():
            return self.db.execute(sql, [key]).fetchone()[0]


class LockingRead(ReadThenWrite):
    """Reads with FOR UPDATE, so that the next transaction waits: right at every level."""

    lock = "FOR UPDATE"


LEVELS_BY_NAME = {
    "read committed": psycopg.IsolationLevel.READ_COMMITTED,
    "repeatable read": psycopg.IsolationLevel.REPEATABLE_READ,
    "serializable": psycopg.IsolationLevel.SERIALIZABLE,
}


def no_deposit_is_lost(run):
    """The balance is the number of acknowledged deposits."""
    for key, history in run.history.by_key().items():
        deposits = history.ok("deposit")
        if deposits and run.client.cents(key) < len(deposits):
            text = f"{len(deposits)} deposits acknowledged, the balance is {run.client.cents(key)}"
            yield deposits[-1].says(text)


def somebody_stays_on_call(run):
    """No shift is left by both of its doctors."""
    for key, history in run.history.by_key().items():
        leaves = history.ok("leave")
        if leaves and run.client.on_call(key) == 0:
            yield leaves[-1].says(f"nobody is on call in shift {key}")


def as_if_one_after_the_other(run):
    """Neither anomaly."""
    yield from no_deposit_is_lost(run)
    yield from somebody_stays_on_call(run)


@figure("per operation")
def retries(run):
    """Transactions refused with 40001 and run again."""
    done = [op.result for op in run.history.ok()]
    return sum(done) / max(1, len(done))


def promises(level):
    """What PostgreSQL's manual says of each level: who is safe, and who must be caught."""

    def promise(check, safe_from):
        if LEVELS.index(level) >= LEVELS.index(safe_from):
            return Promise(check, kept_by=[ReadThenWrite, LockingRead])
        return Promise(check, kept_by=[LockingRead], broken_by=[ReadThenWrite])

    return [
        promise(no_deposit_is_lost, "repeatable read"),
        promise(somebody_stays_on_call, "serializable"),
        promise(as_if_one_after_the_other, "serializable"),
    ]


LAB = Lab(
    at=("isolation level", LEVELS),
    services={"pg": Postgres},
    load=f"""
        CREATE TABLE account AS SELECT id, 0 AS cents FROM generate_series(0, {KEYS - 1}) id;
        ALTER TABLE account ADD PRIMARY KEY (id);
        CREATE TABLE duty AS SELECT shift, doctor, true AS on_call
          FROM generate_series(0, {KEYS - 1}) shift, generate_series(0, 1) doctor;
        ALTER TABLE duty ADD PRIMARY KEY (shift, doctor)""",
    workload=Workload(mix={"deposit": 1, "leave": 1}, keys=KeyOfTheMoment(), clients=8),
    variants=[ReadThenWrite, LockingRead],
    promises=promises,
    trials=[
        Interleaved(clients=3, runs=40),
        Whole(seconds=1, figures=[retries], name="racing"),
    ],
    claim=Invariant(as_if_one_after_the_other, technique=ReadThenWrite),
)
