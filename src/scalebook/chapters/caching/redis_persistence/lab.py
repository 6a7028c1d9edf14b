"""Restarts: how long is a killed Redis away, by what it has to read, and how much of it?"""

import time

from scalebook.lab import Client, Lab, Latency, Promise, Slices, Workload, figure
from scalebook.services import Redis

CHUNK = 10_000
ROUNDS = 4  # How often each key of `Overwritten` was written.
FILL = """
for n = ARGV[1], ARGV[2] do
    redis.call('SET', 'key:' .. n, redis.sha1hex(n) .. redis.sha1hex(-n))
end"""  # Eighty letters that a snapshot cannot compress away.


class Log(Client):
    """An append-only file as it grew: one command for each key, and never rewritten."""

    kept, rounds = "log", 1

    def prepare(self, services):
        redis = services[self.kept].connect()
        for _ in range(self.rounds):
            for first in range(0, self.at, CHUNK):
                redis.eval(FILL, 0, first, min(first + CHUNK, self.at) - 1)
        self.close_file(redis)

    def close_file(self, redis):
        """Make of the file what a restart will find."""

    def open(self, services):
        self.server = services[self.kept]

    def restart(self, key):
        """Kill the server, and return how many keys the next one has when it answers."""
        self.server.kill()
        self.server.restart()
        return self.server.connect().dbsize()

    @figure("bytes")
    def disk(self):
        folder = self.server.service().folder
        return sum(
            file.stat().st_size for kind in ("rdb", "aof") for file in folder.rglob(f"*.{kind}")
        )


class Overwritten(Log):
    """The same after each key was written several times."""

    kept, rounds = "overwritten", ROUNDS


class Rewritten(Overwritten):
    """The overwritten log, after Redis has rewritten it: a snapshot with a log behind it."""

    kept = "rewritten"

    def close_file(self, redis):
        redis.bgrewriteaof()
        busy = ("aof_rewrite_scheduled", "aof_rewrite_in_progress")
        while any(redis.info("persistence")[name] for name in busy):
            time.sleep(0.01)


class Snapshot(Log):
    """No log: one snapshot of all keys."""

    kept = "snapshot"

    def close_file(self, redis):
        redis.save()


class Unsaved(Snapshot):
    """Broken on purpose: leaves the snapshot to the rules, and they have not called for one."""

    def close_file(self, redis):
        pass


def every_key_returns(run):
    """The next process has all keys."""
    for op in run.history.ok("restart"):
        if op.result != run.at:
            yield op.says(f"{op.result} of {run.at} keys are there")


def broken(keys):
    """Caught at the first point."""
    return [Unsaved] if keys == POINTS[0] else []


POINTS, GOOD = [1_000, 10_000, 100_000, 300_000], [Overwritten, Log, Rewritten, Snapshot]
GROWING = Redis(appendonly="everysec", settings={"auto-aof-rewrite-percentage": 0})
LAB = Lab(
    at=("keys", POINTS),
    services={
        **dict.fromkeys(["log", "overwritten", "rewritten"], GROWING),
        "snapshot": Redis(save="3600 1"),
    },
    workload=Workload(mix={"restart": 1}),
    variants=lambda keys: [*GOOD, *broken(keys)],
    promises=lambda keys: [Promise(every_key_returns, GOOD, broken(keys))],
    trials=[Slices()],
    claim=Latency(of="restart", technique=Snapshot, over=Log),
)
