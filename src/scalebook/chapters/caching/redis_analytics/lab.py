"""Real-time analytics: how long does a dashboard wait for "who came this week", at what size?"""

import numpy as np

from scalebook.lab import Client, Command, Lab, Slices, Speedup, Workload, figure, within
from scalebook.services import Postgres, Redis

DAYS = range(7)


def visitors(day, users):
    """The users of one day, the same for every variant: half of them, by a seeded choice."""
    return np.flatnonzero(np.random.default_rng(day).random(users) < 0.5)


class Events(Client):
    """PostgreSQL keeps every visit, with an index that answers both questions."""

    def prepare(self, services):
        with services.pg.connect(autocommit=True) as db:
            db.execute("CREATE TABLE visit (day int, who int)")
            with db.cursor().copy("COPY visit FROM STDIN") as copy:
                for day in DAYS:
                    copy.write("".join(f"{day}\t{who}\n" for who in visitors(day, self.at)))
            db.execute("CREATE INDEX visit_day ON visit (day, who)")

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def weekly(self, key):
        return self.db.execute("SELECT count(DISTINCT who) FROM visit").fetchone()[0]

    def returned(self, key):
        sql = "SELECT count(*) FROM visit a JOIN visit b USING (who) WHERE a.day = 6 AND b.day = 5"
        return self.db.execute(sql).fetchone()[0]

    @figure("bytes")
    def memory(self):
        return self.db.execute("SELECT pg_total_relation_size('visit')").fetchone()[0]


class Rollup(Events):
    """PostgreSQL again, with one answer kept ready beside the events."""

    def prepare(self, services):
        super().prepare(services)
        services.pg.run("CREATE TABLE week AS SELECT count(DISTINCT who) AS n FROM visit")

    def weekly(self, key):
        return self.db.execute("SELECT n FROM week").fetchone()[0]


class Sets(Events):
    """A set of members per day."""

    days = [f"day:{day}" for day in DAYS]
    add = "sadd"

    def prepare(self, services):
        for day, name in enumerate(self.days):
            add = getattr(services.redis.connect(), self.add)
            add(name, *visitors(day, self.at).tolist())

    def open(self, services):
        self.redis = services.redis.connect()

    def weekly(self, key):
        return self.redis.sunionstore("week", self.days)

    def returned(self, key):
        return self.redis.sintercard(2, self.days[5:7])

    @figure("bytes")
    def memory(self):
        return sum(self.redis.memory_usage(name, samples=0) for name in self.days)


class Bitmaps(Sets):
    """A bit per user and day; users have small numbers without gaps."""

    uses = {"weekly": Command("BITOP", "BITCOUNT"), "returned": Command("BITOP", "BITCOUNT")}

    def prepare(self, services):
        for day, name in enumerate(self.days):
            bits = np.isin(np.arange(self.at), visitors(day, self.at))
            services.redis.connect().set(name, np.packbits(bits).tobytes())

    def weekly(self, key):
        pipe = self.redis.pipeline(transaction=False)
        return pipe.bitop("OR", "week", *self.days).bitcount("week").execute()[1]

    def returned(self, key):
        pipe = self.redis.pipeline(transaction=False)
        return pipe.bitop("AND", "both", *self.days[5:7]).bitcount("both").execute()[1]


class HyperLogLogs(Sets):
    """Twelve kilobytes a day; who came back is a difference of three estimates."""

    add = "pfadd"

    def weekly(self, key):
        return self.redis.pfcount(*self.days)

    def returned(self, key):
        one, other = (self.redis.pfcount(day) for day in self.days[5:7])
        return one + other - self.redis.pfcount(*self.days[5:7])


LAB = Lab(
    at=("users", [1_000, 10_000, 100_000, 1_000_000]),
    services={"pg": Postgres, "redis": Redis},
    workload=Workload({"weekly": 1, "returned": 1}),
    variants=[Events, Rollup, Sets, Bitmaps, HyperLogLogs],
    trials=[Slices()],
    agree={"weekly": within(0.04), "returned": within(0.15)},
    claim=Speedup(100, of="weekly", technique=Bitmaps, over=Events),
)
