"""Optimistic locking with WATCH: is an update ever lost, and what do the retries cost?

A cart is one JSON document, changed by reading it, adding an item, and writing it back. All
clients want the same cart at the same moment; the axis is how many they are.
"""

import json
import time

from redis.exceptions import WatchError

from scalebook.lab import Client, Command, Interleaved, Invariant, Lab, Moving, Promise, Slices
from scalebook.lab import Whole, Workload, anything, checks, figure
from scalebook.services import Redis

CARTS = 5_000
EMPTY = '{"items": 0}'
BACKOFF_SECONDS = 0.001
ADD = """local cart = cjson.decode(redis.call('GET', KEYS[1]))
         cart.items = cart.items + 1
         redis.call('SET', KEYS[1], cjson.encode(cart))"""


class ReadThenWrite(Client):
    """Broken on purpose: GET, add, SET."""

    def open(self, services):
        self.redis = services.redis.connect()

    def add(self, key):
        self.redis.set(key, self.one_more(self.redis.get(key)))
        return 0

    def one_more(self, text):
        return json.dumps({"items": json.loads(text)["items"] + 1})

    def items(self, key):
        return json.loads(self.redis.get(key))["items"]


class Watch(ReadThenWrite):
    """WATCH, then read: EXEC does nothing if the key has changed since, and one tries again."""

    uses = {"add": Command("WATCH", "EXEC")}
    backoff_seconds = 0.0

    def add(self, key):
        """Add an item; return how often that had to be begun anew."""
        pipe, retries = self.redis.pipeline(), 0
        while True:
            try:
                pipe.watch(key)
                text = self.one_more(pipe.get(key))
                pipe.multi()
                pipe.set(key, text).execute()
                return retries
            except WatchError:
                retries += 1
                time.sleep(self.random.random() * self.backoff_seconds * 2 ** min(retries, 6))


class WatchWithBackoff(Watch):
    """The same, but after each refusal it rests for a random time that grows."""

    backoff_seconds = BACKOFF_SECONDS


class LibraryWatch(Watch):
    """The loop that redis-py ships as Redis.transaction."""

    def add(self, key):
        begun = []

        def work(pipe):
            begun.append(pipe)
            text = self.one_more(pipe.get(key))
            pipe.multi()
            pipe.set(key, text)

        self.redis.transaction(work, key)
        return len(begun) - 1


class Script(ReadThenWrite):
    """Read, add and write in one Lua script: the change goes to the data."""

    uses = {"add": Command("EVAL")}

    def add(self, key):
        self.redis.eval(ADD, 1, key)
        return 0


class MultiWithoutWatch(ReadThenWrite):
    """Broken on purpose: the write is in a transaction, and what it rests on is not."""

    def add(self, key):
        self.redis.pipeline().set(key, self.one_more(self.redis.get(key))).execute()
        return 0


@figure("per added item")
def retries(run):
    """How often an addition was begun anew."""
    return sum(op.result for op in run.history.ok("add")) / len(run.history.ok("add"))


GOOD = [Watch, WatchWithBackoff, LibraryWatch, Script]
every_item_is_in_the_cart = checks.counted(of="add", read="items")
LAB = Lab(
    at=("clients at one cart", [2, 8, 32, 64]),
    services={"redis": Redis},
    load=lambda services, _: services.redis.connect().mset(dict.fromkeys(range(CARTS), EMPTY)),
    workload=lambda clients: Workload({"add": 1}, Moving(CARTS, seconds=0.1), clients),
    variants=[*GOOD, ReadThenWrite, MultiWithoutWatch],
    promises=[Promise(every_item_is_in_the_cart, GOOD, [ReadThenWrite, MultiWithoutWatch])],
    trials=[Slices(), Interleaved(), Whole(1, figures=[retries], name="racing")],
    agree={"add": anything},
    claim=Invariant(every_item_is_in_the_cart, technique=Watch),
)
