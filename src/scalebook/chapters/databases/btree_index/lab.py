"""B-tree index: how much faster is a lookup among n rows, and when does the index lose?

`find` wants the ten orders of one customer, `most` sums the orders of four fifths of all
customers, and `add` inserts a hundred orders, which an index makes dearer. The inserts go into
a twin of the table, so that the one that is read keeps its size.
"""

from scalebook.lab import Client, Lab, Pgbench, Plan, Promise, Slices, Speedup, Violation
from scalebook.lab import Workload, figure
from scalebook.services import Postgres

ORDERS_PER_CUSTOMER = 10
MOST = 0.8
ADDED = 100


class NoIndex(Client):
    """The table as it was created: every query reads all of it."""

    uses = {"find": Plan("Seq Scan", on="orders"), "most": Plan("Seq Scan", on="orders")}
    native = {"find": Pgbench("SELECT id, cents FROM orders WHERE customer = 0 ORDER BY id")}
    batches = {"add": ADDED}

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)
        self.customers = self.at // ORDERS_PER_CUSTOMER

    def find(self, key):
        sql = "SELECT id, cents FROM orders WHERE customer = %s ORDER BY id"
        return self.db.execute(sql, [key]).fetchall()

    def most(self, key):
        sql = "SELECT sum(cents) FROM orders WHERE customer BETWEEN 0 AND %s"
        return self.db.execute(sql, [int(self.customers * MOST)]).fetchone()[0]

    def add(self, key):
        """Orders of new customers, each with a negative number."""
        sql = f"""INSERT INTO arrivals SELECT -i, -(random() * 1e9)::bigint, 0
                  FROM generate_series(1, {ADDED}) i"""
        return self.db.execute(sql).rowcount

    @figure("bytes")
    def disk(self):
        return self.db.execute("SELECT pg_total_relation_size('orders')").fetchone()[0]


class BTree(NoIndex):
    """A B-tree on the column that is asked for; the planner decides when to use it."""

    uses = {"find": Plan("Bitmap Index Scan", on="orders_customer")}

    def prepare(self, services):
        services.pg.run("CREATE INDEX orders_customer ON orders (customer)")
        services.pg.run("CREATE INDEX arrivals_customer ON arrivals (customer)")


class Forced(BTree):
    """The same index, and a planner that is not allowed to read the table in order."""

    uses = {"most": Plan("Bitmap Index Scan", on="orders_customer")}

    def open(self, services):
        super().open(services)
        self.db.execute("SET enable_seqscan = off")


class Uncommitted(BTree):
    """Broken on purpose: one transaction around all that a client does, and nobody commits it."""

    def open(self, services):
        super().open(services)
        self.db.autocommit = False


def no_order_is_lost(run):
    """What was loaded is there, and a hundred orders more for each acknowledged insert."""
    sql = "SELECT count(*) FILTER (WHERE id > 0), count(*) FILTER (WHERE id < 0) FROM arrivals"
    with run.settled() as services, services.pg.connect() as db:
        loaded, added = db.execute(sql).fetchone()
    made, unknown = run.history.ok("add"), run.history.unknown("add")
    if loaded != run.at or not len(made) <= added / ADDED <= len(made) + len(unknown):
        text = f"{len(made)} inserts of {ADDED}, and {added} orders are there"
        yield Violation(f"{text}, beside {loaded} of the {run.at} loaded", tuple(made[-3:]))


LAB = Lab(
    at=("rows", [1_000, 10_000, 100_000, 1_000_000]),
    services={"pg": Postgres},
    load=f"""
        CREATE TABLE orders AS
        SELECT i AS id, (i::bigint * 7919) % ({{rows}} / {ORDERS_PER_CUSTOMER}) AS customer,
               (random() * 10000)::int AS cents
        FROM generate_series(1, {{rows}}) i;
        CREATE TABLE arrivals AS SELECT * FROM orders""",
    workload=Workload(mix={"find": 4, "most": 1, "add": 1}, keys=100),
    variants=[NoIndex, BTree, Forced, Uncommitted],
    promises=[Promise(no_order_is_lost, [NoIndex, BTree, Forced], [Uncommitted])],
    trials=[Slices(seconds=0.1)],
    claim=Speedup(64, of="find", technique=BTree, over=NoIndex),
)
