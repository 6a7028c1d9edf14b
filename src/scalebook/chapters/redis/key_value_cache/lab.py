"""Key-value cache: how much faster is a product page from Redis, and how old may its price be?

A page averages reviews; a price is read by its key. A TTL has a clock in it: all get one rate.
"""

import json

from scalebook.lab import Client, Command, Fault, Interleaved, Lab, OpenLoop, Pgbench, Plan
from scalebook.lab import Promise, RedisBenchmark, Speedup, Whole, Workload, Zipf
from scalebook.services import Postgres, Redis

PRODUCTS = 4  # Those that are looked at, of a shop that sells ten thousand.
TTL_SECONDS = 0.8
SLOW_READ_SECONDS = 0.4  # A copy may be taken just before a write and stored just after it.
KEYS = Zipf(PRODUCTS, s=1.2)
CUT = Whole(2, faults=[Fault.cut("redis", at=t, until=t + 0.2) for t in (0.6, 1.1, 1.6)])
RACE = Interleaved(clients=3, operations=3, mix={"page": 2, "price": 1, "write": 1})
LOAD = f"""CREATE TABLE product AS SELECT id, (random() * 10000)::int AS price
             FROM generate_series(0, 9999) id; ALTER TABLE product ADD PRIMARY KEY (id);
           CREATE TABLE review AS SELECT id AS product, (random() * 4)::int AS stars
             FROM product, generate_series(1, CASE WHEN id < {PRODUCTS} THEN {{at}} ELSE 5 END);
           CREATE INDEX review_product ON review (product) INCLUDE (stars)"""
PRICE = "SELECT price FROM product WHERE id = {}"
PAGE = """SELECT price, avg(stars)::float FROM product JOIN review ON product = id
          WHERE id = {} GROUP BY id, price"""


class DatabaseOnly(Client):
    """Every page is computed by PostgreSQL."""

    uses = {"page": Plan("Index Only Scan", "review"), "price": Plan("Index Scan", "product")}
    native = {"page": Pgbench(PAGE.format(0)), "price": Pgbench(PRICE.format(0))}

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def page(self, product):
        return list(self.db.execute(PAGE.format("%s"), [product]).fetchone())

    def price(self, product):
        return self.db.execute(PRICE.format("%s"), [product]).fetchone()[0]

    def write(self, product):
        sql = "UPDATE product SET price = price + 1 WHERE id = %s RETURNING price"
        return self.db.execute(sql, [product]).fetchone()[0]


class CacheAside(DatabaseOnly):
    """Ask Redis first; on a miss, ask PostgreSQL and leave a copy. A write drops the copies."""

    ttl_ms: int | None = int(TTL_SECONDS * 1000)
    uses = {"page": Command("GET"), "price": Command("GET")}
    native = {"page": RedisBenchmark("GET", "page:0"), "price": RedisBenchmark("GET", "price:0")}

    def open(self, services):
        super().open(services)
        self.cache = services.redis.connect()

    def page(self, product):
        return self.cached(f"page:{product}", super().page, product)

    def price(self, product):
        return self.cached(f"price:{product}", super().price, product)

    def cached(self, key, compute, product):
        if (copy := self.cache.get(key)) is not None:
            return json.loads(copy)
        value = compute(product)
        self.cache.set(key, json.dumps(value), px=self.ttl_ms)
        return value

    def write(self, product):
        price = super().write(product)
        self.cache.delete(f"page:{product}", f"price:{product}")
        return price


class CacheForever(CacheAside):
    """Broken on purpose: no expiry, and a write leaves the copies in place."""

    ttl_ms = None
    write = DatabaseOnly.write


def no_price_is_too_old(run):
    """A replaced price is shown only if a slower read brought it back, and for a TTL at most."""
    replaced = {(write.key, write.result - 1): write for write in run.history.ok("write")}
    for read in run.history.ok("page") + run.history.ok("price"):
        write = replaced.get((read.key, read.result[0] if read.name == "page" else read.result))
        if write is not None and read.start > write.end:
            since = write.end if run.trial == "interleaved" else write.start  # Exact, or nearly so.
            reads = [op for op in run.history if op.key == read.key and op.name != "write"]
            slower = any(op.start < write.end and op.end > since for op in reads)
            if (age := read.start - write.end) > TTL_SECONDS + SLOW_READ_SECONDS or not slower:
                yield read.says(f"showed a price that was replaced {age:.3f} s before", write)


def every_copy_ends_by_itself(run):
    """Whatever is left in Redis has at most a TTL to live."""
    with run.settled() as services, services.redis.connect() as redis:
        for key in redis.scan_iter():
            if (left := redis.pttl(key)) == -1 or left > TTL_SECONDS * 1000:
                yield f"{key} has {left} ms to live (-1: for ever)"


LAB = Lab(
    at=("reviews per product", [10, 1_000, 10_000, 100_000]),
    services={"pg": Postgres, "redis": Redis},
    load=LOAD,
    workload=lambda n: Workload(
        {"page": 90, "price": 5, "write": 5}, KEYS, arrivals=OpenLoop(200 if n < 1e5 else 30)
    ),
    variants=[DatabaseOnly, CacheAside, CacheForever],
    promises=[
        Promise(no_price_is_too_old, [DatabaseOnly, CacheAside], [CacheForever]),
        Promise(every_copy_ends_by_itself, [CacheAside], [CacheForever]),
    ],
    trials=[Whole(0.7, fresh=False), CUT, RACE],
    claim=Speedup(22, of="page", technique=CacheAside, over=DatabaseOnly),
)
