"""Isolation levels: which anomalies does each level let through, and what does safety cost?

`deposit` reads a balance and writes the sum (lost update); `leave` takes a doctor off duty if
another one stays (write skew). A transaction refused with SQLSTATE 40001 is run again.
"""

import psycopg

from scalebook.lab import Client, Interleaved, Invariant, Lab, Moving, Promise, Violation
from scalebook.lab import Whole, Workload, figure
from scalebook.services import Postgres

KEYS = 5_000
LEVELS = ["read committed", "repeatable read", "serializable"]
REFUSED = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


class ReadThenWrite(Client):
    """Decides on what it has read, and trusts the isolation level."""

    lock = ""

    def open(self, services):
        self.db = services.pg.connect()
        self.db.isolation_level = psycopg.IsolationLevel[self.at.upper().replace(" ", "_")]

    def rows(self, sql, key):
        return self.db.execute(sql, [key]).fetchall()

    def transaction(self, work, key):
        """The number of times that it had to be run again."""
        retries = 0
        while True:
            try:
                with self.db.transaction():
                    work(key)
                return retries
            except REFUSED:
                retries += 1

    def deposit(self, key):
        def work(key):
            cents = self.rows(f"SELECT cents FROM account WHERE id = %s {self.lock}", key)[0][0]
            self.db.execute("UPDATE account SET cents = %s WHERE id = %s", [cents + 1, key])

        return self.transaction(work, key)

    def leave(self, key):
        def work(key):
            on_call = f"SELECT 1 FROM duty WHERE shift = %s AND on_call ORDER BY doctor {self.lock}"
            if len(self.rows(on_call, key)) > 1:
                off = "UPDATE duty SET on_call = false WHERE shift = %s AND doctor = %s"
                self.db.execute(off, [key, self.worker % 2])

        return self.transaction(work, key)


class LockingRead(ReadThenWrite):
    """Reads with FOR UPDATE, so that the next transaction waits: right at every level."""

    lock = "FOR UPDATE"


def each_deposit_counts_once(run):
    """The balance is the number of acknowledged deposits; one whose answer was lost may count."""
    with run.settled() as services, services.pg.connect() as db:
        balance = dict(db.execute("SELECT id, cents FROM account"))
    for key, history in run.history.by_key().items():
        made, unknown = history.ok("deposit"), history.unknown("deposit")
        if not len(made) <= balance[key] <= len(made) + len(unknown):
            yield Violation(f"{len(made)} deposits, balance {balance[key]}", tuple(made[-3:]))


def one_of_two_stays_on_call(run):
    """After an acknowledged leave one doctor is on call; the other one has asked to leave."""
    with run.settled() as services, services.pg.connect() as db:
        off = set(db.execute("SELECT shift, doctor FROM duty WHERE NOT on_call"))
    for key, history in run.history.by_key().items():
        gone = {doctor for shift, doctor in off if shift == key}
        asked = {op.session % 2 for op in history.named("leave")}
        if history.ok("leave") and not (len(gone) == 1 and gone <= asked):
            yield history.ok("leave")[-1].says(f"{2 - len(gone)} on call in shift {key}")


def as_if_one_after_the_other(run):
    """Neither anomaly: what serializable means, for these two transactions."""
    yield from each_deposit_counts_once(run)
    yield from one_of_two_stays_on_call(run)


@figure("per transaction")
def retries(run):
    """Transactions that were refused and run again."""
    again = [op.result for op in run.history.ok()]
    return sum(again) / max(1, len(again))


def promises(level):
    """What PostgreSQL's manual says of each level: who is safe, and who must be caught."""
    checks = [each_deposit_counts_once, one_of_two_stays_on_call, as_if_one_after_the_other]
    safe = [0, 1, 3][LEVELS.index(level)]
    kept = [Promise(check, [ReadThenWrite, LockingRead]) for check in checks[:safe]]
    return kept + [Promise(c, [LockingRead], broken_by=[ReadThenWrite]) for c in checks[safe:]]


LAB = Lab(
    at=("isolation level", LEVELS),
    services={"pg": Postgres},
    load=f"""
        CREATE TABLE account AS SELECT id, 0 AS cents FROM generate_series(0, {KEYS - 1}) id;
        ALTER TABLE account ADD PRIMARY KEY (id);
        CREATE TABLE duty AS SELECT shift, doctor, true AS on_call
          FROM generate_series(0, {KEYS - 1}) shift, generate_series(0, 1) doctor;
        ALTER TABLE duty ADD PRIMARY KEY (shift, doctor)""",
    workload=Workload(mix={"deposit": 1, "leave": 1}, keys=Moving(KEYS), clients=8),
    variants=[ReadThenWrite, LockingRead],
    promises=promises,
    trials=[Interleaved(clients=3, runs=40), Whole(1, figures=[retries], name="racing")],
    claim=Invariant(as_if_one_after_the_other, technique=ReadThenWrite),
)
