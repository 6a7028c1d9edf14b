"""Cache strategies: who waits for the database, how old is a copy, and what does a crash lose?"""

from scalebook.lab import Client, Fault, Interleaved, Lab, Latency, Promise
from scalebook.lab import Whole, Workload, Zipf, checks, figure
from scalebook.services import Postgres, Redis

TTL_MS = 100
PRODUCTS = 200
UPDATE = "UPDATE product SET version = version + 1 WHERE id = %s RETURNING version"
NEWER = """if ARGV[1] - (redis.call('GET', KEYS[1]) or -1) >= 0 then
             redis.call('SET', KEYS[1], ARGV[1]) end"""
RAISE = """if redis.call('EXISTS', KEYS[1]) == 1 then
             redis.call('SADD', 'dirty', KEYS[1]) return redis.call('INCR', KEYS[1]) end"""


class CacheAside(Client):
    """A reader that misses fills the cache; a write changes the database and drops the copy."""

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)
        self.cache = services.redis.connect()

    def read(self, key):
        return int(self.cache.get(key) or self.fill(key))

    def write(self, key):
        version = self.db.execute(UPDATE, [key]).fetchone()[0]
        self.cache.delete(key)
        return version

    def background(self, key):
        for due in self.cache.spop("due", PRODUCTS):
            self.fill(due)

    def fill(self, key):
        self.keep(key, version := self.stored(key))
        return version

    def keep(self, key, version):
        self.cache.set(key, version, px=TTL_MS)

    def stored(self, key):
        return self.db.execute("SELECT version FROM product WHERE id = %s", [key]).fetchone()[0]


class RefreshAhead(CacheAside):
    """A read of a copy past half its life gets it at once, and asks for a new one."""

    def read(self, key):
        copy, left = self.cache.pipeline(transaction=False).get(key).pttl(key).execute()
        if 0 <= left < TTL_MS / 2:
            self.cache.sadd("due", key)
        return int(copy or self.fill(key))


class WriteThrough(CacheAside):
    """A write changes the database, then the cache, which refuses a version older than its own."""

    def write(self, key):
        self.keep(key, version := self.db.execute(UPDATE, [key]).fetchone()[0])
        return version

    def keep(self, key, version):
        self.cache.eval(NEWER, 1, key, version)


class BlindWriteThrough(WriteThrough):
    """Broken on purpose: two writers may reach the cache in another order than the database."""

    keep = CacheAside.keep


class WriteBehind(WriteThrough):
    """A write is done when the cache has it; the database learns of it later."""

    def write(self, key):
        while (version := self.cache.eval(RAISE, 1, key)) is None:
            self.fill(key)
        return version

    def background(self, key):
        for dirty in self.cache.spop("dirty", PRODUCTS):
            sql = "UPDATE product SET version = greatest(version, %s) WHERE id = %s"
            self.db.execute(sql, [int(self.cache.get(dirty)), dirty])


@figure("writes")
def lost(run):
    """Acknowledged writes that the database does not know after the cache has died."""
    with run.settled():
        keys = run.history.by_key().items()
        return sum(max(0, len(h.ok("write")) - run.client.stored(key)) for key, h in keys)


every_write_is_stored = checks.counted(of="write", read="stored")
nothing_replaced_is_read = checks.fresh_within(0)
ALL = [CacheAside, RefreshAhead, BlindWriteThrough, WriteThrough, WriteBehind]
LAB = Lab(
    at=("requests between two flushes", [6, 60, 600]),
    services={"pg": Postgres, "redis": Redis},
    load=f"""CREATE TABLE product (id int PRIMARY KEY, version int DEFAULT 0);
             INSERT INTO product SELECT generate_series(0, {PRODUCTS - 1})""",
    workload=lambda requests: Workload(
        {"read": requests * 2 / 3, "write": requests / 3, "background": 1},
        Zipf(PRODUCTS),
        clients=4,
    ),
    variants=ALL,
    promises=[
        Promise(every_write_is_stored, ALL[:4], ALL[4:], under="crash"),
        Promise(nothing_replaced_is_read, ALL[3:], ALL[2:3], under="interleaved"),
    ],
    trials=[
        Whole(0.4, fresh=False),
        Whole(1, faults=[Fault.kill("redis", at=0.8)], figures=[lost], name="crash"),
        Interleaved(clients=3, runs=120, operations=4),
    ],
    claim=Latency(of="write", technique=WriteBehind, over=WriteThrough),
)
