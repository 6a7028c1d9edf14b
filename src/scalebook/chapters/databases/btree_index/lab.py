"""B-tree index: how much faster is a lookup among n rows, and when does the index lose?

`find` wants the ten orders of one customer; `share` sums the orders of a fifth of all customers.
"""

from scalebook.lab import Client, Lab, Pgbench, Plan, Slices, Speedup, Workload, figure
from scalebook.services import Postgres

ORDERS_PER_CUSTOMER = 10
SHARE = 5  # A fifth of the customers.


class NoIndex(Client):
    """The table as it was created: every query reads all of it."""

    uses = {"find": Plan("Seq Scan", on="orders"), "share": Plan("Seq Scan", on="orders")}
    native = {"find": Pgbench("SELECT id, cents FROM orders WHERE customer = 0")}

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)
        self.customers = self.at // ORDERS_PER_CUSTOMER

    def find(self, key):
        sql = "SELECT id, cents FROM orders WHERE customer = %s ORDER BY id"
        return self.db.execute(sql, [key]).fetchall()

    def share(self, key):
        first = key % (self.customers - self.customers // SHARE + 1)
        bounds = [first, first + self.customers // SHARE - 1]
        sql = "SELECT sum(cents) FROM orders WHERE customer BETWEEN %s AND %s"
        return self.db.execute(sql, bounds).fetchone()[0]

    @figure("bytes")
    def disk(self):
        return self.db.execute("SELECT pg_total_relation_size('orders')").fetchone()[0]


class BTree(NoIndex):
    """A B-tree on the column that is asked for; the planner decides when to use it."""

    uses = {"find": Plan("Bitmap Index Scan", on="orders_customer")}
    native = {"find": NoIndex.native["find"]}

    def prepare(self, services):
        services.pg.run("CREATE INDEX orders_customer ON orders (customer)")


class Forced(BTree):
    """The same index, and a planner that may not read the table in order: for `share`."""

    uses = {"share": Plan("Bitmap Index Scan", on="orders_customer")}
    native = {}

    def open(self, services):
        super().open(services)
        self.db.execute("SET enable_seqscan = off")


LAB = Lab(
    at=("rows", [1_000, 10_000, 100_000, 1_000_000]),
    services={"pg": Postgres},
    load=f"""
        CREATE TABLE orders AS
        SELECT i AS id, (i::bigint * 7919) % ({{rows}} / {ORDERS_PER_CUSTOMER}) AS customer,
               i % 10000 AS cents
        FROM generate_series(1, {{rows}}) i""",
    workload=Workload(mix={"find": 1, "share": 1}, keys=100),
    variants=[NoIndex, BTree, Forced],
    trials=[Slices(seconds=0.1)],
    claim=Speedup(64, of="find", technique=BTree, over=NoIndex),
)
