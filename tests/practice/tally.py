"""A small lab with real engines, and a solution with a body to be filled in."""

__all__ = ["LAB", "SOLUTION", "UNIT"]

UNIT = "redis/tally"
LAB = '''"""Tally: is every increment kept, and how many a second are there?"""
from scalebook.lab import Client, Interleaved, Lab, Promise, Slices, Speedup, Workload, checks
from scalebook.services import Redis


class Watched(Client):
    """Read, add and write again, as often as somebody else was first."""

    def open(self, services):
        self.redis = services.redis.connect()

    def increment(self, key):
        def add(pipe):
            value = int(pipe.get(key) or 0)
            pipe.multi()
            pipe.set(key, value + 1)

        self.redis.transaction(add, key)
        return 1

    def total(self, key):
        return int(self.redis.get(key) or 0)


class Incr(Watched):
    """One command."""

    def increment(self, key):
        self.redis.incr(key)
        return 1


class GetThenSet(Incr):
    """Broken on purpose."""

    def increment(self, key):
        self.redis.set(key, self.total(key) + 1)
        return 1


every_increment_counts = checks.counted(of="increment", read="total")
LAB = Lab(
    at=("keys", [1, 2]),
    services={"redis": Redis},
    workload=Workload(mix={"increment": 1}, keys=3, clients=2),
    variants=[Watched, Incr, GetThenSet],
    promises=[Promise(every_increment_counts, [Watched, Incr], [GetThenSet])],
    trials=[Slices(seconds=0.02), Interleaved(clients=2, runs=20)],
    claim=Speedup(2, of="increment", technique=Incr, over=Watched),
)
'''
SOLUTION = """import os, signal, subprocess, sys, time
from scalebook.lab import Client

class Incr(Client):
    def open(self, services):
        self.redis = services.redis.connect()

    def increment(self, key):
        {body}
        self.redis.incr(key)
        return 1

    def total(self, key):
        return int(self.redis.get(key) or 0)
"""
