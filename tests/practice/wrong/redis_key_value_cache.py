"""Caches that look right; none of them is among the lab's own counterexamples."""

import contextlib
import json

import redis
from cachetools import TTLCache

from scalebook.lab import Client

TTL_SECONDS = 0.8
PAGE = """SELECT price, avg(stars)::float FROM product JOIN review ON product = id
          WHERE id = %s GROUP BY id, price"""
PRICE = "SELECT price FROM product WHERE id = %s"
WRITE = "UPDATE product SET price = price + 1 WHERE id = %s RETURNING price"


class CacheAside(Client):
    """A right one, from which each of the others differs in one thing."""

    ttl_ms: int | None = int(TTL_SECONDS * 1000)

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)
        self.cache = services.redis.connect()

    def page(self, product):
        return self.cached(f"page:{product}", lambda: list(self.row(PAGE, product)))

    def price(self, product):
        return self.cached(f"price:{product}", lambda: self.row(PRICE, product)[0])

    def row(self, sql, product):
        return self.db.execute(sql, [product]).fetchone()

    def cached(self, key, compute):
        if (copy := self.cache.get(key)) is not None:
            return json.loads(copy)
        value = compute()
        self.cache.set(key, json.dumps(value), px=self.ttl_ms)
        return value

    def write(self, product):
        price = self.row(WRITE, product)[0]
        self.forget(product)
        return price

    def forget(self, product):
        self.cache.delete(f"page:{product}", f"price:{product}")


class LivesWhileRead(CacheAside):
    """Every read renews the copy's time to live, and a write forgets the page's."""

    breaks = "no price is too old"

    def cached(self, key, compute):
        if (copy := self.cache.getex(key, px=self.ttl_ms)) is not None:
            return json.loads(copy)
        return super().cached(key, compute)

    def forget(self, product):
        self.cache.delete(f"price:{product}")


class CopyInTheProcess(CacheAside):
    """Copies that only their own client knows, and that only its own writes remove."""

    breaks = "no price is too old"

    def open(self, services):
        super().open(services)
        self.copies = {}

    def cached(self, key, compute):
        if key not in self.copies:
            self.copies[key] = compute()
        return self.copies[key]

    def forget(self, product):
        self.copies.pop(f"page:{product}", None)
        self.copies.pop(f"price:{product}", None)


class NeverExpires(CacheAside):
    """A write removes the copies, so why should they end by themselves?"""

    breaks = "every copy ends by itself"
    ttl_ms = None


class KeepsThemLonger(CacheAside):
    """Copies that live for five seconds, where a fraction of one was agreed on."""

    breaks = "every copy ends by itself"
    ttl_ms = 5000


class TakesADeleteForDone(CacheAside):
    """The cache is out of reach for a moment, and the write is acknowledged all the same."""

    breaks = "no price is too old"

    def forget(self, product):
        with contextlib.suppress(redis.ConnectionError):
            super().forget(product)


class ForgetsFirst(CacheAside):
    """Narrow race: between the delete and the write somebody fetches the old price again."""

    breaks = "no price is too old"

    def write(self, product):
        self.forget(product)
        return self.row(WRITE, product)[0]


class StoresTheNewOne(CacheAside):
    """Narrow race: two writers reach the cache in another order than the database."""

    breaks = "no price is too old"

    def write(self, product):
        price = self.row(WRITE, product)[0]
        self.cache.set(f"price:{product}", json.dumps(price), px=self.ttl_ms)
        self.cache.delete(f"page:{product}")
        return price


class ForgetsThePage(CacheAside):
    """A write removes the copy of the page and overlooks that of the price."""

    breaks = "no price is too old"

    def forget(self, product):
        self.cache.delete(f"page:{product}")


class TwoTiers(CacheAside):
    """A library's cache in each process before Redis, which nobody else's delete can reach."""

    breaks = "no price is too old"

    def open(self, services):
        super().open(services)
        self.near: TTLCache[str, object] = TTLCache(maxsize=1000, ttl=TTL_SECONDS / 2)

    def cached(self, key, compute):
        if (copy := self.near.get(key)) is None:
            copy = self.near[key] = super().cached(key, compute)
        return copy

    def forget(self, product):
        super().forget(product)
        self.near.clear()
