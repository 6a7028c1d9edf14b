"""Which way of adding a checked column lets every request through?"""

# mypy: ignore-errors

from scalebook.lab import Client, Invariant, Lab, OpenLoop, Promise, Step, Whole, Workload
from scalebook.services import Postgres

ADD = "ALTER TABLE orders ADD CONSTRAINT paid_positive CHECK (paid >= 0)"


class NaiveAlter(Client):
    """One ALTER TABLE, as the manual shows it."""

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)
        self.db.execute("SET statement_timeout = '800ms'")

    def order(self, key):
        sql = "UPDATE orders SET paid = paid + 1 WHERE id = %s"
        return self.db.execute(sql, [key]).rowcount

    def report(self, services):
        """A long reader: the ALTER waits for it, and everybody waits for the ALTER."""
        services.pg.run("BEGIN; SELECT count(*) FROM orders; SELECT pg_sleep(2); COMMIT")

    def migrate(self, services):
        services.pg.run(ADD)


class ExpandThenValidate(NaiveAlter):
    """Add it unchecked, giving up and trying again, then validate without blocking writers."""

    def migrate(self, services):
        services.pg.retry(f"SET lock_timeout = '50ms'; {ADD} NOT VALID", until_seconds=10)
        services.pg.run("ALTER TABLE orders VALIDATE CONSTRAINT paid_positive")


def no_request_fails(run):
    """Every order is acknowledged, before, during and after."""
    for op in run.history.named("order"):
        if op.outcome != "ok":
            yield op.says(f"ended {op.outcome}: {op.error}")


LAB = Lab(
    at=("rows", [1_000]),
    services={"pg": Postgres},
    load="""CREATE TABLE orders AS SELECT i AS id, 0 AS paid FROM generate_series(0, {rows}) i;
            ALTER TABLE orders ADD PRIMARY KEY (id)""",
    workload=Workload(mix={"order": 1}, keys="rows", arrivals=OpenLoop(60, workers=32)),
    variants=[NaiveAlter, ExpandThenValidate],
    promises=[Promise(no_request_fails, kept_by=[ExpandThenValidate], broken_by=[NaiveAlter])],
    trials=[Whole(seconds=3, steps=[Step(0.1, "report"), Step(0.6, "migrate")])],
    claim=Invariant(no_request_fails, technique=ExpandThenValidate),
)
