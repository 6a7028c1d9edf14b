"""Does anything stay behind when the runner is killed, also of an engine that stands still?

Both engines, a comparison, a scheduler's race, and a run in which Redis is paused.
"""

from scalebook.lab import Client, Fault, Interleaved, Lab, Promise, Slices, Speedup, Whole, Workload
from scalebook.lab.checks import counted
from scalebook.services import Postgres, Redis

SLICE_SECONDS = 0.02
WHOLE_SECONDS = 0.6


class Row(Client):
    """Counts in a row."""

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def count(self, key):
        query = "UPDATE counter SET n = n + 1 WHERE id = %s RETURNING 1"
        return self.db.execute(query, [key]).fetchone()[0]

    def total(self, key):
        return self.db.execute("SELECT n FROM counter WHERE id = %s", [key]).fetchone()[0]


class Incr(Client):
    """Counts with INCR."""

    def open(self, services):
        self.redis = services.redis.connect()

    def count(self, key):
        return 1 if self.redis.incr(key) else 0

    def total(self, key):
        return int(self.redis.get(key) or 0)


class GetSet(Incr):
    """Broken on purpose."""

    def count(self, key):
        self.redis.set(key, self.total(key) + 1)
        return 1


LAB = Lab(
    at=("counters", [100]),
    services={"pg": Postgres, "redis": Redis},
    load="""CREATE TABLE counter AS SELECT id, 0 AS n FROM generate_series(0, 99) id;
            ALTER TABLE counter ADD PRIMARY KEY (id)""",
    workload=Workload(mix={"count": 1}, keys="counters", clients=2),
    variants=[Row, Incr, GetSet],
    promises=[
        Promise(
            counted(of="count", read="total"),
            kept_by=[Row, Incr],
            broken_by=[GetSet],
        )
    ],
    trials=[
        Slices(seconds=SLICE_SECONDS),
        Interleaved(clients=2, runs=5),
        Whole(WHOLE_SECONDS, faults=[Fault.pause("redis", at=0.1, until=WHOLE_SECONDS - 0.1)]),
    ],
    claim=Speedup(2, of="count", technique=Incr, over=Row),
)
