"""How old may a cached price be?"""

# mypy: ignore-errors

from scalebook.lab import (
    Client,
    Command,
    Lab,
    OpenLoop,
    Plan,
    Promise,
    Speedup,
    Whole,
    Workload,
    Zipf,
)
from scalebook.lab.checks import fresh_within
from scalebook.services import Postgres, Redis

PRODUCTS = 10
TTL_SECONDS = 0.2
SLACK_SECONDS = 0.5


def load(services, others):
    """The products that are looked at, among as many others as the point says."""
    services.pg.run(
        f"""CREATE TABLE product AS
            SELECT id, 0 AS price FROM generate_series(0, {PRODUCTS + others}) id;
            ALTER TABLE product ADD PRIMARY KEY (id)"""
    )


class DatabaseOnly(Client):
    """Every price is read from PostgreSQL."""

    uses = {"read": Plan("Index Scan", on="product")}

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def read(self, product):
        sql = "SELECT price FROM product WHERE id = %s"
        return self.db.execute(sql, [product]).fetchone()[0]

    def write(self, product):
        sql = "UPDATE product SET price = price + 1 WHERE id = %s RETURNING price"
        return self.db.execute(sql, [product]).fetchone()[0]


class CacheAside(DatabaseOnly):
    """A copy in Redis for a while; a write drops it."""

    uses = {"read": Command("GET")}
    ttl_ms = int(TTL_SECONDS * 1000)

    def open(self, services):
        super().open(services)
        self.cache = services.redis.connect()

    def read(self, product):
        if (copy := self.cache.get(product)) is not None:
            return int(copy)
        price = super().read(product)
        self.cache.set(product, price, px=self.ttl_ms)
        return price

    def write(self, product):
        price = super().write(product)
        self.cache.delete(product)
        return price


class CacheForever(CacheAside):
    """Broken on purpose: no expiry, and a write leaves the copy in place."""

    ttl_ms = None
    write = DatabaseOnly.write


LAB = Lab(
    at=("other products", [5_000]),
    services={"pg": Postgres, "redis": Redis},
    load=load,
    workload=Workload(
        mix={"read": 4, "write": 1}, keys=Zipf(PRODUCTS, s=1.2), arrivals=OpenLoop(60, workers=8)
    ),
    variants=[DatabaseOnly, CacheAside, CacheForever],
    promises=[
        Promise(
            fresh_within(TTL_SECONDS + SLACK_SECONDS),
            kept_by=[DatabaseOnly, CacheAside],
            broken_by=[CacheForever],
            under="long",
        )
    ],
    trials=[Whole(seconds=0.3), Whole(seconds=2, name="long")],
    claim=Speedup(2, of="read", technique=CacheAside, over=DatabaseOnly),
)
