"""Clients whose load the tests of this folder drive: sound ones, racy ones, faulty ones."""

# mypy: ignore-errors

import os
import time

from scalebook.lab import Client

FIRST = 2


class Counter(Client):
    """Counts in Redis."""

    def open(self, services):
        self.redis = services.redis.connect()
        self.redis.ping()

    def incr(self, key):
        return self.redis.incr(f"count:{key}")

    def get(self, key):
        return self.redis.get(f"count:{key}")

    def wrong(self, key):
        return self.redis.execute_command("NONSENSE", key)

    def unwritten(self, key):
        raise NotImplementedError("write Counter.unwritten")

    def misspelt(self, key):
        return self.rediss.get(key)

    def sometimes(self, key):
        return key + 1

    def chosen(self, key):
        return self.random.random()

    def unpicklable(self, key):
        return lambda: key

    def prints(self, key):
        print("not a frame", key)  # noqa: T201


class Whoami(Counter):
    """Tells in which process it works."""

    def process(self, key):
        return os.getpid()


class BadOpen(Counter):
    """Does not open."""

    def open(self, services):
        self.redis = services.redis.nonsense


class Queue(Counter):
    """Subscribers poll a list."""

    def publish(self, message):
        self.redis.rpush("news", message)

    def follow(self, deliver, stopped):
        seen = 0
        while not stopped.wait(0.02):
            for message in self.redis.lrange("news", seen, -1):
                seen += 1
                deliver(message)


class PubSub(Queue):
    """Redis pushes to whoever listens at that moment."""

    def publish(self, message):
        return self.redis.publish("news", message)

    def follow(self, deliver, stopped):
        channel = self.redis.pubsub(ignore_subscribe_messages=True)
        channel.subscribe("news")
        while not stopped.is_set():
            if message := channel.get_message(timeout=0.05):
                deliver(message["data"])


class Late(Queue):
    """Subscribers that begin to ask when all has been said."""

    def follow(self, deliver, stopped):
        stopped.wait(0.9)
        super().follow(deliver, stopped)


class Deaf(Queue):
    """A listener with a fault."""

    def follow(self, deliver, stopped):
        deliver(self.nothing)


class CheckThenTake(Counter):
    """Racy on the last item: checks, then takes."""

    def buy(self, key):
        self.redis.set(f"stock:{key}", FIRST, nx=True)
        if int(self.redis.get(f"stock:{key}")) > 0:
            self.redis.decr(f"stock:{key}")
            return True
        return False


class Script(CheckThenTake):
    """Sound: one script checks and takes."""

    take = """
        if tonumber(redis.call('GET', KEYS[1])) > 0 then return redis.call('DECR', KEYS[1]) end
        return -1"""

    def buy(self, key):
        self.redis.set(f"stock:{key}", FIRST, nx=True)
        return self.redis.eval(self.take, 1, f"stock:{key}") >= 0


class Pipelined(CheckThenTake):
    """Three commands at once."""

    def buy(self, key):
        with self.redis.pipeline(transaction=False) as pipeline:
            pipeline.get("a").get("b").get("c")
            return pipeline.execute()


class SpinLock(CheckThenTake):
    """Sound: polls for a lock."""

    def buy(self, key):
        while not self.redis.set(f"lock:{key}", self.worker, nx=True):
            time.sleep(0.001)
        try:
            return super().buy(key)
        finally:
            self.redis.delete(f"lock:{key}")


class SelectThenUpdate(Client):
    """Racy at READ COMMITTED."""

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def buy(self, key):
        with self.db.transaction():
            question = "SELECT left_over FROM stock WHERE id = %s"
            if self.db.execute(question + self.lock, [key]).fetchone()[0] <= 0:
                return False
            self.db.execute("UPDATE stock SET left_over = left_over - 1 WHERE id = %s", [key])
            return True

    lock = ""


class SelectForUpdate(SelectThenUpdate):
    """Sound: the row is locked."""

    lock = " FOR UPDATE"


class ConditionalUpdate(SelectThenUpdate):
    """Sound: one statement checks and takes."""

    def buy(self, key):
        take = """UPDATE stock SET left_over = left_over - 1
                  WHERE id = %s AND left_over > 0 RETURNING left_over"""
        return self.db.execute(take, [key]).fetchone() is not None


class Serializable(SelectThenUpdate):
    """Sound: the engine stops the race."""

    def open(self, services):
        super().open(services)
        self.db.isolation_level = 4


class Deadlock(SelectThenUpdate):
    """Two rows in opposite order."""

    def buy(self, key):
        rows = [key, key + 1500]
        with self.db.transaction():
            for row in rows if self.worker % 2 else reversed(rows):
                self.db.execute("UPDATE stock SET left_over = left_over - 1 WHERE id = %s", [row])
        return True


class Forever(SelectThenUpdate):
    """Waits for what never comes."""

    def buy(self, key):
        return self.db.execute("SELECT pg_sleep(30)").fetchone()
