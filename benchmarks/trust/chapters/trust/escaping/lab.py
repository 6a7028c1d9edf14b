"""Is a child found that the lab started behind the engine's back? (It must be: see the tests.)"""

import subprocess

from scalebook.lab import Client, Lab, Slices, Speedup, Workload
from scalebook.services import Redis


class Escaping(Client):
    """Starts a process outside of the run directory, in a session of its own."""

    def prepare(self, services):  # noqa: ARG002
        quiet = dict.fromkeys(("stdout", "stderr"), subprocess.DEVNULL)
        subprocess.Popen(["sleep", "600"], cwd="/", start_new_session=True, **quiet)

    def open(self, services):
        self.redis = services.redis.connect()

    def read(self, key):  # noqa: ARG002
        return self.redis.ping()


class Same(Escaping):
    """The same."""


LAB = Lab(
    at=("keys", [1]),
    services={"redis": Redis},
    workload=Workload(mix={"read": 1}),
    variants=[Escaping, Same],
    trials=[Slices()],
    claim=Speedup(1, of="read", technique=Same, over=Escaping),
)
