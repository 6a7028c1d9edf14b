"""Counter: how many increments a second does one hot counter take, and are they all kept?

The axis is what a commit costs: PostgreSQL is made to wait that long before each flush, as it
would for a slower disk. Redis flushes nothing, unless it is told to (`DurableIncr`).
"""

from scalebook.lab import Client, Command, Interleaved, Lab, Pgbench, Promise
from scalebook.lab import RedisBenchmark, Slices, Speedup, Workload, checks
from scalebook.services import Postgres, Redis

SPREAD = 16
PIPELINE = 16
COUNTERS = 200  # The first is the hot one; the others are for the races.
UPDATE = "UPDATE counter SET n = n + 1 WHERE id = {} AND part = {} RETURNING n"


class HotRow(Client):
    """One row; every increment is an UPDATE that waits for its commit to reach the disk."""

    native = {"increment": Pgbench(UPDATE.format(0, 0), clients=4)}

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def increment(self, key):
        return self.db.execute(UPDATE.format("%s", "0"), [key]).rowcount

    def total(self, key):
        return self.db.execute("SELECT sum(n) FROM counter WHERE id = %s", [key]).fetchone()[0]


class Unsynced(HotRow):
    """The same row with synchronous_commit off: a crash may lose the last moments."""

    native = {
        "increment": Pgbench(f"SET synchronous_commit = off; {UPDATE.format(0, 0)}", clients=4)
    }

    def open(self, services):
        super().open(services)
        self.db.execute("SET synchronous_commit = off")


class SpreadRows(HotRow):
    """One counter in sixteen rows, picked at random and summed when read: durable, no queue."""

    random_part = f"\\set part random(0, {SPREAD - 1})\n"
    native = {"increment": Pgbench(random_part + UPDATE.format(0, ":part"), clients=4)}

    def increment(self, key):
        part = self.random.randrange(SPREAD)
        return self.db.execute(UPDATE.format("%s", "%s"), [key, part]).rowcount


class Incr(HotRow):
    """INCR in Redis, in memory only."""

    uses = {"increment": Command("INCRBY")}  # What redis-py sends for incr().
    native = {"increment": RedisBenchmark("INCR", "0", clients=4)}
    service = "redis"

    def open(self, services):
        self.redis = services[self.service].connect()

    def increment(self, key):
        return 1 if self.redis.incr(key) else 0

    def total(self, key):
        return int(self.redis.get(key) or 0)


class DurableIncr(Incr):
    """INCR with the append-only file flushed before each answer: durable against durable."""

    native = {"increment": RedisBenchmark("INCR", "0", on="durable", clients=4)}
    service = "durable"


class Pipelined(Incr):
    """Sixteen increments for one round trip."""

    batches = {"increment": PIPELINE}
    native = {"increment": RedisBenchmark("INCR", "0", clients=4, pipeline=PIPELINE)}

    def increment(self, key):
        pipe = self.redis.pipeline(transaction=False)
        for _ in range(PIPELINE):
            pipe.incr(key)
        return 1 if pipe.execute() else 0


class GetThenSet(Incr):
    """Broken on purpose: reads, adds one, writes; two at once count as one."""

    uses = {"increment": Command("GET", "SET")}
    native = {}

    def increment(self, key):
        self.redis.set(key, self.total(key) + 1)
        return 1


GOOD = [HotRow, Unsynced, SpreadRows, Incr, DurableIncr, Pipelined]
every_increment_counts = checks.counted(of="increment", read="total")
LAB = Lab(
    at=("ms of commit latency imposed on PostgreSQL", [0, 1, 5, 25]),
    services=lambda ms: {
        "pg": Postgres(settings={"commit_delay": ms * 1000, "commit_siblings": 0}),
        "redis": Redis,
        "durable": Redis(appendonly="always"),
    },
    load=f"""CREATE TABLE counter AS SELECT id, part, 0 AS n
               FROM generate_series(0, {COUNTERS - 1}) id, generate_series(0, {SPREAD - 1}) part;
             ALTER TABLE counter ADD PRIMARY KEY (id, part)""",
    workload=Workload(mix={"increment": 1}, clients=4),
    variants=[*GOOD, GetThenSet],
    promises=[Promise(every_increment_counts, kept_by=GOOD, broken_by=[GetThenSet])],
    trials=[Slices(seconds=0.05), Interleaved(clients=3, runs=60)],
    claim=Speedup(500, of="increment", technique=Incr, over=HotRow, statistic="throughput"),
)
