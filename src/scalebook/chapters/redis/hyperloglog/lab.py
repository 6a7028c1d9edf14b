"""HyperLogLog: how many bytes does a unique count need, and how wrong is it?

An exact lab: no requests and no clock; each variant is built once per point and seed.
"""

from scalebook.lab import Client, Exact, Items, Lab, Saving, figure, within
from scalebook.services import Postgres, Redis


class Set(Client):
    """Every member is kept."""

    def open(self, services):
        self.redis = services.redis.connect()

    def visit(self, members):
        """Everybody comes, and half of them come again, which must not count."""
        self.fill(members)
        self.fill(Items(len(members) // 2, members.seed))

    def fill(self, members):
        for chunk in members.chunks(10_000):
            self.redis.sadd("visitors", *chunk)

    def count(self):
        return self.redis.scard("visitors")

    @figure("bytes")
    def memory(self):
        return self.redis.memory_usage("visitors", samples=0)

    @figure("relative error")
    def error(self):
        return abs(self.count() / self.at - 1)


class HyperLogLog(Set):
    """Only the longest runs of zero bits are kept."""

    def fill(self, members):
        for chunk in members.chunks(10_000):
            self.redis.pfadd("visitors", *chunk)

    def count(self):
        return self.redis.pfcount("visitors")


class Bitmap(Set):
    """One bit per visitor: exact, if visitors have small numbers without gaps, as here."""

    mark = "for i = 1, #ARGV do redis.call('SETBIT', KEYS[1], ARGV[i], 1) end"

    def fill(self, members):
        for first in range(0, len(members), 10_000):
            numbers = range(first, min(first + 10_000, len(members)))
            self.redis.eval(self.mark, 1, "visitors", *numbers)

    def count(self):
        return self.redis.bitcount("visitors")


class DistinctCount(Set):
    """PostgreSQL keeps every visit and counts distinct visitors when asked."""

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def fill(self, members):
        self.db.execute("CREATE TABLE IF NOT EXISTS visit (who text)")
        with self.db.cursor().copy("COPY visit FROM STDIN") as copy:
            for chunk in members.chunks(10_000):
                copy.write("".join(f"{who}\n" for who in chunk))

    def count(self):
        return self.db.execute("SELECT count(DISTINCT who) FROM visit").fetchone()[0]

    @figure("bytes")
    def memory(self):
        return self.db.execute("SELECT pg_table_size('visit')").fetchone()[0]


LAB = Lab(
    at=("members", [100, 1_000, 10_000, 100_000, 1_000_000]),
    services={"redis": Redis, "pg": Postgres},
    variants=[Set, HyperLogLog, Bitmap, DistinctCount],
    trials=[Exact("visit", seeds=5)],
    agree={"count": within(0.04)},
    claim=Saving(0.996, of="memory", technique=HyperLogLog, over=Set),
)
