"""Indexes that look right; none of them is among the lab's own counterexamples."""

from scalebook.lab import Client

ADDED = 100


class BTree(Client):
    """A right one, from which each of the others differs in one thing."""

    def prepare(self, services):
        services.pg.run("CREATE INDEX orders_customer ON orders (customer)")
        services.pg.run("CREATE INDEX arrivals_customer ON arrivals (customer)")

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def find(self, key):
        sql = "SELECT id, cents FROM orders WHERE customer = %s ORDER BY id"
        return self.db.execute(sql, [key]).fetchall()

    def most(self, key):
        sql = "SELECT sum(cents) FROM orders WHERE customer BETWEEN 0 AND %s"
        return self.db.execute(sql, [int(self.at // 10 * 0.8)]).fetchone()[0]

    def add(self, key):
        self.insert(ADDED)
        return ADDED

    def insert(self, count):
        sql = f"""INSERT INTO arrivals SELECT -i, -(random() * 1e9)::bigint, 0
                  FROM generate_series(1, {count}) i"""
        self.db.execute(sql)

    def disk(self):
        return self.db.execute("SELECT pg_total_relation_size('orders')").fetchone()[0]


class FindsTheFirstFew(BTree):
    """A limit that makes every lookup quick, and most of them incomplete."""

    breaks = "answers"

    def find(self, key):
        sql = "SELECT id, cents FROM orders WHERE customer = %s ORDER BY id LIMIT 9"
        return self.db.execute(sql, [key]).fetchall()


class FindsThemInAnyOrder(BTree):
    """Sorts by the amount, which nobody has asked for."""

    breaks = "answers"

    def find(self, key):
        sql = "SELECT id, cents FROM orders WHERE customer = %s ORDER BY cents"
        return self.db.execute(sql, [key]).fetchall()


class CountsOneMore(BTree):
    """The range ends a customer too late."""

    breaks = "answers"

    def most(self, key):
        sql = "SELECT sum(cents) FROM orders WHERE customer BETWEEN 0 AND %s + 1"
        return self.db.execute(sql, [int(self.at // 10 * 0.8)]).fetchone()[0]


class WritesTenAtOnce(BTree):
    """Keeps acknowledged orders in the process, because one large insert is cheaper than ten."""

    breaks = "no order is lost"
    waiting = 0

    def add(self, key):
        self.waiting += ADDED
        if self.waiting == 10 * ADDED:
            self.insert(self.waiting)
            self.waiting = 0
        return ADDED


class MakesRoom(BTree):
    """Each client begins with an empty table, into which it is quicker to insert."""

    breaks = "no order is lost"

    def open(self, services):
        super().open(services)
        self.db.execute("DELETE FROM arrivals WHERE id > 0")


class InsertsOnce(BTree):
    """Reports a hundred orders and writes the first of them."""

    breaks = "no order is lost"

    def insert(self, count):
        super().insert(1)
