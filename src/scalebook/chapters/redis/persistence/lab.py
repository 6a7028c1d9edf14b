"""Persistence: what does each way of keeping writes cost, and what does a killed server lose?

The axis is how many commands share a round trip, so that one flush of the log serves them all.
"""

from scalebook.lab import Client, Command, Lab, Promise, Slices, Speedup, Step, Whole, Workload
from scalebook.lab import figure
from scalebook.services import Redis

SLOTS = 20_000  # Keys per worker; then it writes them anew, which a log keeps and a snapshot not.
BYTES, CLIENTS = 100, 4


class EverySecond(Client):
    """An append-only file that a thread flushes to the disk once a second."""

    uses = {"write": Command("SET")}
    kept, written = "everysec", 0

    def open(self, services):
        self.redis = services[self.kept].connect()

    def write(self, _):
        """Store the next `at` numbers, and return the first and the last of them."""
        first, self.written = self.written, self.written + self.at
        self.store(range(first, self.written))
        return [first, self.written - 1]

    def store(self, numbers):
        pipe = self.redis.pipeline(transaction=False)
        for n in numbers:
            pipe.set(f"{self.worker}:{n % SLOTS}", f"{n:0{BYTES}}")
        pipe.execute()

    def crash(self, services):
        services[self.kept].kill()
        services[self.kept].restart()


class Memory(EverySecond):
    """Nothing is written to the disk."""

    kept = "memory"


class Snapshots(EverySecond):
    """A fork writes all data to a file as often as Redis allows: after each second with a write."""

    kept = "snapshots"


class Always(EverySecond):
    """The append-only file is flushed before the answers of each turn of the event loop."""

    kept = "always"


class Buffered(EverySecond):
    """Broken on purpose: counts as stored what still waits in the client for company."""

    uses, waiting = {}, ()

    def store(self, numbers):
        self.waiting = [*self.waiting, *numbers]  # type: ignore[assignment]
        if len(self.waiting) >= 16 * self.at:
            waiting, self.waiting = self.waiting, ()
            super().store(waiting)


def lost(run):
    """Each acknowledged operation of which something is neither there nor overwritten."""
    slots = [[f"{worker}:{n}" for n in range(SLOTS)] for worker in range(CLIENTS)]
    kept = [[int(value or -1) for value in run.client.redis.mget(names)] for names in slots]
    for op in run.history.ok("write"):
        numbers = range(op.result[0], op.result[1] + 1)
        if gone := sum(kept[op.session][n % SLOTS] < n for n in numbers):
            yield op, gone


def writes_survive_a_kill(run):
    """Whatever was acknowledged before the kill is there after the restart."""
    with run.settled():
        for op, gone in lost(run):
            yield op.says(f"{gone} of {run.at} acknowledged writes are gone")


@figure("writes")
def lost_writes(run):
    return sum(gone for _, gone in lost(run))


@figure("s")
def outage(run):
    """From the kill to the first answer of the next process, with all data loaded."""
    return next(end - begun for kind, _, begun, end in run.windows if kind == "crash")


@figure("bytes")
def disk(run):
    """Snapshots and logs, for each write that was acknowledged."""
    folder = run.services[run.client.kept].service().folder
    size = sum(file.stat().st_size for kind in ("rdb", "aof") for file in folder.rglob(f"*.{kind}"))
    return size / (run.at * len(run.history.ok("write")))


GOOD, BAD = [Always, EverySecond], [Memory, Snapshots, Buffered]
LAB = Lab(
    at=("commands per round trip", [1, 8, 64, 512]),
    services={
        "memory": Redis,
        "snapshots": Redis(save="1 1"),
        "always": Redis(appendonly="always"),
        "everysec": Redis(appendonly="everysec"),
    },
    workload=Workload(mix={"write": 1}, clients=CLIENTS),
    variants=lambda n: [Memory, Snapshots, *GOOD, *BAD[2 if n == 1 else 3 :]],
    promises=lambda n: [Promise(writes_survive_a_kill, GOOD, BAD if n == 1 else [], under="crash")],
    trials=[Slices(), Whole(2.7, steps=[Step(2.5, "crash")], figures=[lost_writes, outage, disk])],
    claim=Speedup(2, of="write", technique=EverySecond, over=Always),
)
