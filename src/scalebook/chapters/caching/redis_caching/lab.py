"""Redis caching: which eviction policy throws the right values away, and what does a scan do to it?

An exact lab: a client reads popular values, first alone, then beside a scan that reads each of
its values once. Beside the real server stands a simulator that knows the exact order."""

import random
import time
from statistics import mean

import cachetools

from scalebook.lab import Client, Exact, Lab, Saving, Zipf, figure, same
from scalebook.services import Redis

MEMORY = "3mb"
VALUE = "v" * 4_000
BATCH = 25  # Popular reads in one MGET.
SCANNED = 10  # Values of the scan in the same MGET.
STEPS = 60  # Batches to warm up, then as many alone, then as many beside the scan.
SECONDS = 12  # How long the last two take under LRU, because Redis' LRU clock ticks once a second.
POLICIES = ["allkeys-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu"]


def play(batches, get, put, pause=0.0):
    """Cache-aside with `get` and `put`; which per cent of each batch's popular reads missed?"""
    for number, batch in enumerate(batches):
        gone = [key for key, value in zip(batch, get(batch), strict=True) if value is None]
        put(dict.fromkeys(gone, VALUE))
        time.sleep(pause * (number >= STEPS))
        yield 100 * sum(key >= 0 for key in gone) / BATCH


class Random(Client):
    """Throws away any value."""

    simulator: type = cachetools.RRCache
    seconds = 0

    def open(self, services):
        self.redis = services["allkeys-random"].connect()

    def fill(self, members):
        source, popular = random.Random(members.seed), Zipf(len(members))
        self.asked = [
            [popular.draw(source) for _ in range(BATCH)]
            + [-1 - step * SCANNED - n for n in range(SCANNED) if step >= 2 * STEPS]
            for step in range(3 * STEPS)
        ]
        pause = self.seconds / STEPS / 2
        self.missed = list(play(self.asked, self.redis.mget, self.put, pause))
        cache = self.simulator(self.held())
        self.model = list(play(self.asked, lambda keys: map(cache.get, keys), cache.update))

    def put(self, values):
        pipe = self.redis.pipeline(transaction=False)
        for key, value in values.items():
            pipe.set(key, value, ex=3600)
        pipe.execute()

    def reads(self):
        return sum(map(len, self.asked))

    @figure("%")
    def misses(self):
        return mean(self.missed[STEPS : 2 * STEPS])

    @figure("%")
    def scan_misses(self):
        return mean(self.missed[2 * STEPS :])

    @figure("%")
    def simulated_scan_misses(self):
        return mean(self.model[2 * STEPS :])

    @figure("values")
    def held(self):
        return self.redis.dbsize()


class Oldest(Random):
    """Throws away what expires first, which is what was stored first."""

    simulator = cachetools.FIFOCache

    def open(self, services):
        self.redis = services["volatile-ttl"].connect()


class LRU(Random):
    """Throws away what was not used for longest, of a few that it looks at."""

    simulator, seconds = cachetools.LRUCache, SECONDS

    def open(self, services):
        self.redis = services["allkeys-lru"].connect()


class HastyLRU(LRU):
    """The same policy, where reads come so fast that its clock stands still."""

    seconds = 0


class LFU(Random):
    """Throws away what was used least, by a counter that forgets slowly."""

    simulator = cachetools.LFUCache

    def open(self, services):
        self.redis = services["allkeys-lfu"].connect()


LAB = Lab(
    at=("values in use", [600, 800, 1_200, 2_400, 4_800]),
    services={p: Redis(settings={"maxmemory": MEMORY, "maxmemory-policy": p}) for p in POLICIES},
    variants=[Random, Oldest, LRU, HastyLRU, LFU],
    trials=[Exact("fill", seeds=5)],
    agree={"reads": same},
    claim=Saving(0.2, of="scan_misses", technique=LFU, over=LRU),
)
