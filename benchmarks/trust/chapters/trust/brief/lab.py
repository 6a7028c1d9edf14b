"""Is a stored result still there when the runner is killed later on? (A run of a second.)"""

from scalebook.lab import Client, Lab, Slices, Speedup, Workload
from scalebook.services import Redis


class Ping(Client):
    """The cheapest command."""

    def open(self, services):
        self.redis = services.redis.connect()

    def read(self, key):  # noqa: ARG002
        return self.redis.ping()


class Again(Ping):
    """The same."""


LAB = Lab(
    at=("keys", [1]),
    services={"redis": Redis},
    workload=Workload(mix={"read": 1}),
    variants=[Ping, Again],
    trials=[Slices(seconds=0.02)],
    claim=Speedup(1, of="read", technique=Again, over=Ping),
)
