"""Caches that look right; none of them is among the lab's own counterexamples."""

import json

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

    def cached(self, key, compute):
        if (copy := self.cache.getex(key, px=self.ttl_ms)) is not None:
            return json.loads(copy)
        return super().cached(key, compute)

    def forget(self, product):
        self.cache.delete(f"price:{product}")


class CopyInTheProcess(CacheAside):
    """Copies that only their own client knows, and that only its own writes remove."""

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
