"""How many bytes does a unique count need, and how wrong is it?"""

# mypy: ignore-errors

from scalebook.lab import Client, Exact, Lab, Saving, figure, within
from scalebook.services import Redis


class Set(Client):
    """Every member is kept."""

    def open(self, services):
        self.redis = services.redis.connect()

    def fill(self, members):
        for chunk in members.chunks(500):
            self.redis.sadd("seen", *chunk)

    def count(self):
        return self.redis.scard("seen")

    @figure("bytes")
    def memory(self):
        return self.redis.memory_usage("seen", samples=0)


class HyperLogLog(Set):
    """Only the longest runs of zero bits are kept."""

    def fill(self, members):
        for chunk in members.chunks(500):
            self.redis.pfadd("seen", *chunk)

    def count(self):
        return self.redis.pfcount("seen")


LAB = Lab(
    at=("members", [1_000, 20_000]),
    services={"redis": Redis},
    variants=[Set, HyperLogLog],
    trials=[Exact("fill", seeds=2)],
    agree={"count": within(0.05)},
    claim=Saving(0.9, of="memory", technique=HyperLogLog, over=Set),
)
