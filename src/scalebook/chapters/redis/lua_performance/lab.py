"""Lua performance: how long may a script be before everybody else waits for it?

One client does the same job several times a second: it raises n fields of a hash. Others read two
of them, at a rate of their own, and share nothing with the job but the engine.
"""

from scalebook.lab import Client, Interleaved, Lab, Latency, Promise, Role, Whole
from scalebook.services import Redis

SLOW_SECONDS = 0.01  # What the engine's own slow log calls slow, unless it is told otherwise.
PIECE = 50  # Commands of a job that is cut up.
READS_PER_SECOND = 200
JOBS_PER_SECOND = 5
SCRIPT = """for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
              redis.call('HINCRBY', KEYS[1], i, 1)
            end
            return tonumber(ARGV[2])"""


class RoundTrips(Client):
    """Every command is sent when the one before it was answered."""

    def open(self, services):
        self.redis = services.redis.connect()
        self.run = self.redis.register_script(SCRIPT)

    def job(self, board):
        for i in range(1, self.at + 1):
            self.redis.hincrby(f"board:{board}", i, 1)
        return self.at

    def read(self, board):
        """The first and the last field that a job raises."""
        return [int(n or 0) for n in self.redis.hmget(f"board:{board}", 1, self.at)]


class Pipelined(RoundTrips):
    """All commands are sent at once, and the engine takes them in handfuls."""

    def job(self, board):
        pipe = self.redis.pipeline(transaction=False)
        for i in range(1, self.at + 1):
            pipe.hincrby(f"board:{board}", i, 1)
        return len(pipe.execute())


class Script(RoundTrips):
    """One script does it all, and nobody else is served meanwhile."""

    def job(self, board):
        return self.run([f"board:{board}"], [1, self.at])


class InPieces(Script):
    """The same script for a few fields at a time: others get in between, and see it."""

    def job(self, board):
        for first in range(1, self.at + 1, PIECE):
            done = self.run([f"board:{board}"], [first, min(first + PIECE - 1, self.at)])
        return done


def nobody_sees_half_a_job(run):
    """The first and the last field are raised together."""
    for op in run.history.ok("read"):
        if op.result[0] != op.result[1]:
            yield op.says(f"the first was raised {op.result[0]} times, the last {op.result[1]}")


LAB = Lab(
    at=("commands in a job", [100, 1_000, 5_000, 20_000]),
    services={"redis": Redis},
    roles=[
        Role("job", rate=JOBS_PER_SECOND, keys=1, apart=True),
        Role("read", clients=32, rate=READS_PER_SECOND, keys=1),
    ],
    variants=lambda n: [*([RoundTrips] if n <= 1_000 else []), Pipelined, Script, InPieces],
    promises=lambda n: [
        Promise(nobody_sees_half_a_job, [Script], [InPieces] if n == 100 else [], "interleaved")
    ],
    trials=[Whole(seconds=0.5, name="whole"), Interleaved(clients=2, operations=3)],
    claim=Latency(of="read", technique=Script, seconds=SLOW_SECONDS, statistic="p99"),
)
