"""How much does each replica add, and who sees a stale answer?"""

# mypy: ignore-errors

import itertools

from scalebook.lab import (
    Client,
    Lab,
    Promise,
    Slices,
    Step,
    ThroughputRatio,
    Whole,
    Workload,
    anything,
    figure,
)
from scalebook.services import Capacity, Postgres

LAG = "100ms"
ACCOUNTS = 8


class PrimaryOnly(Client):
    """Every query goes to the primary."""

    def open(self, services):
        self.write_db = services.pg.primary.connect(autocommit=True)
        self.read_db = self.write_db

    def version(self, db, account):
        sql = "SELECT version FROM account WHERE id = %s"
        return db.execute(sql, [account]).fetchone()[0]

    def read(self, account):
        return self.version(self.read_db, account)

    def write(self, account):
        sql = "UPDATE account SET version = version + 1 WHERE id = %s RETURNING version"
        return self.write_db.execute(sql, [account]).fetchone()[0]

    def fail_over(self, services):
        services.pg.primary.kill()
        services.pg.promote(services.pg.replicas[0])


class RoundRobin(PrimaryOnly):
    """Reads go to the replicas in turn, whatever they have seen."""

    def open(self, services):
        super().open(services)
        replicas = services.pg.replicas or [services.pg.primary]
        self.read_db = replicas[self.worker % len(replicas)].connect(autocommit=True)


class ReadYourWrites(RoundRobin):
    """A replica that has not replayed the session's last commit is passed over."""

    last_commit = "0/0"

    def write(self, account):
        version = super().write(account)
        position = self.write_db.execute("SELECT pg_current_wal_insert_lsn()")
        self.last_commit = position.fetchone()[0]
        return version

    def read(self, account):
        sql = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
        seen = self.read_db.execute(sql, [self.last_commit]).fetchone()[0]
        return self.version(self.read_db if seen else self.write_db, account)


def own_writes_are_seen(run):
    """A session never reads a version older than one that it wrote."""
    for session in run.history.sessions():
        written = {}
        for op in session.ok():
            if op.name == "write":
                written[op.key] = op.result
            elif op.result < written.get(op.key, 0):
                yield op.says(f"wrote version {written[op.key]}, then read {op.result}")


@figure("seconds")
def downtime(run):
    """Longest time without an acknowledged write."""
    ends = [op.end for op in run.history.ok("write")]
    return max(b - a for a, b in itertools.pairwise(ends))


def load(services, replicas):
    services.pg.primary.run(
        f"""CREATE TABLE account AS
            SELECT i AS id, 0 AS version FROM generate_series(0, {ACCOUNTS - 1}) i"""
    )
    services.pg.wait_for_replicas()


LAB = Lab(
    at=("replicas", [1]),
    services=lambda replicas: {
        "pg": Postgres(
            replicas=replicas,
            settings={"recovery_min_apply_delay": LAG},
            capacity=Capacity(slots=2, seconds=0.002),
        )
    },
    load=load,
    workload=Workload(mix={"read": 3, "write": 1}, keys=ACCOUNTS, clients=8),
    variants=[PrimaryOnly, RoundRobin, ReadYourWrites],
    promises=[
        Promise(
            own_writes_are_seen,
            kept_by=[PrimaryOnly, ReadYourWrites],
            broken_by=[RoundRobin],
            under="slices",
        )
    ],
    trials=[
        Slices(seconds=0.1),
        Whole(seconds=2, steps=[Step(0.5, "fail_over")], figures=[downtime], name="failover"),
    ],
    agree={"read": anything},  # Some see an old version; that is the question.
    claim=ThroughputRatio(1.5, of="read", technique=RoundRobin, over=PrimaryOnly),
)
