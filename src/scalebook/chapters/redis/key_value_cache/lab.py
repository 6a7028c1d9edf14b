"""Key-value cache: how much faster is a product page from Redis, and how old may its price be?

A page averages the reviews of a product; beside it stands the plain read of a price by primary
key. Requests arrive at one rate that every variant can carry, because a TTL has a clock in it.
"""

import json

from scalebook.lab import Client, Command, Lab, OpenLoop, Pgbench, Plan, Promise
from scalebook.lab import RedisBenchmark, Speedup, Whole, Workload, Zipf
from scalebook.services import Postgres, Redis

PRODUCTS = 4  # Those that are looked at, of a shop that sells many more.
SHOP = 10_000
REVIEWS_OF_OTHERS = 50_000
TTL_SECONDS = 0.8
SLOW_READ_SECONDS = 0.4  # A copy may be taken just before a write and stored just after it.
PAGE = """SELECT price, avg(stars)::float FROM product JOIN review ON product = id
          WHERE id = {} GROUP BY id, price"""


def load(services, reviews):
    """Fill PostgreSQL, with the index that a careful baseline would have."""
    services.pg.run(f"""
        CREATE TABLE product AS SELECT id, 0 AS price FROM generate_series(0, {SHOP - 1}) id;
        ALTER TABLE product ADD PRIMARY KEY (id);
        CREATE TABLE review AS SELECT i % {PRODUCTS} AS product, i % 5 AS stars
          FROM generate_series(1, {PRODUCTS * reviews}) i;
        INSERT INTO review SELECT {PRODUCTS} + i % {SHOP - PRODUCTS}, i % 5
          FROM generate_series(1, {REVIEWS_OF_OTHERS}) i;
        CREATE INDEX review_product ON review (product) INCLUDE (stars)""")


class DatabaseOnly(Client):
    """Every page is computed by PostgreSQL."""

    uses = {
        "page": Plan("Index Only Scan", on="review"),
        "price": Plan("Index Scan", on="product"),
    }
    native = {
        "page": Pgbench(PAGE.format(0)),
        "price": Pgbench("SELECT price FROM product WHERE id = 0"),
    }

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def page(self, product):
        return list(self.db.execute(PAGE.format("%s"), [product]).fetchone())

    def price(self, product):
        sql = "SELECT price FROM product WHERE id = %s"
        return self.db.execute(sql, [product]).fetchone()[0]

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
    """A price that was replaced longer ago than the TTL is never shown."""
    replaced = {(write.key, write.result - 1): write for write in run.history.ok("write")}
    for read in run.history.ok("page"):
        write = replaced.get((read.key, read.result[0]))
        if write is not None and read.start - write.end > TTL_SECONDS + SLOW_READ_SECONDS:
            yield read.says(f"showed a price {read.start - write.end:.2f} s too late", write)


LAB = Lab(
    at=("reviews per product", [10, 1_000, 10_000, 100_000]),
    services={"pg": Postgres, "redis": Redis},
    load=load,
    workload=lambda reviews: Workload(
        {"page": 90, "price": 5, "write": 5},
        Zipf(PRODUCTS, s=1.2),
        arrivals=OpenLoop(200 if reviews <= 10_000 else 30),
    ),
    variants=[DatabaseOnly, CacheAside, CacheForever],
    promises=[Promise(no_price_is_too_old, [DatabaseOnly, CacheAside], [CacheForever])],
    trials=[Whole(seconds=0.7, fresh=False), Whole(seconds=2, name="staleness")],
    claim=Speedup(22, of="page", technique=CacheAside, over=DatabaseOnly),
)
