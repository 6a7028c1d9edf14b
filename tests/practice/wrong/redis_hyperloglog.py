"""Counts that look right; none of them is among the lab's own variants."""

import zlib

from scalebook.lab import Client, figure


class HyperLogLog(Client):
    """A right one, from which each of the others differs in one thing."""

    def open(self, services):
        self.redis = services.redis.connect()

    def visit(self, members):
        self.fill(members)
        self.fill(type(members)(len(members) // 2, members.seed))

    def fill(self, members):
        for chunk in members.chunks(10_000):
            self.add(chunk)

    def add(self, chunk):
        self.redis.pfadd("visitors", *chunk)

    def count(self):
        return self.redis.pfcount("visitors")

    @figure("bytes")
    def memory(self):
        return self.redis.memory_usage("visitors", samples=0)

    @figure("relative error")
    def error(self):
        return abs(self.count() / self.at - 1)


class CountsVisits(HyperLogLog):
    """A counter needs still less, and counts who comes again once more."""

    breaks = "answers"

    def add(self, chunk):
        self.redis.incrby("visitors", len(chunk))

    def count(self):
        return int(self.redis.get("visitors") or 0)


class BeginsAnew(HyperLogLog):
    """Each batch replaces the one before it."""

    breaks = "answers"

    def add(self, chunk):
        self.redis.delete("visitors")
        super().add(chunk)


class HashesToFewBits(HyperLogLog):
    """One bit per hash of sixteen bits: exact among a hundred, and full of collisions later."""

    breaks = "answers"

    def add(self, chunk):
        pipe = self.redis.pipeline(transaction=False)
        for member in chunk:
            pipe.setbit("visitors", zlib.crc32(member.encode()) % 65_536, 1)
        pipe.execute()

    def count(self):
        return self.redis.bitcount("visitors")
