"""Redis replication: which acknowledged writes are still there after a failover by Sentinel?"""

import time

import redis

from scalebook.lab import Client, Invariant, Lab, Promise, Step, Whole, Workload, anything, figure
from scalebook.services import RedisReplicas

CUT_SECONDS, TRIAL_SECONDS, PACE_SECONDS = 0.5, 4, 0.002
WAIT_MS = 200
IMPATIENT = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}


class Waiting(Client):
    """A write counts once `at` replicas have it: SET, then WAIT, and a look at what WAIT says."""

    nodes, written = "plain", 0

    def open(self, services):
        nodes = services[self.nodes]
        here = self.worker % 2 == 0
        self.redis = nodes.node(0).connect() if here else nodes.connect_by_sentinel(**IMPATIENT)

    def write(self, _):
        """Store something under a new name; return the name once the write counts."""
        time.sleep(PACE_SECONDS)
        self.written += 1
        self.store(f"{self.worker}:{self.written}")
        return f"{self.worker}:{self.written}"

    def store(self, name):
        self.redis.set(name, 1)
        if self.redis.wait(self.at, WAIT_MS) < self.at:
            raise redis.ResponseError("too few replicas have it")

    def cut(self, services):
        services[self.nodes].node(0).isolate()


class MinReplicas(Waiting):
    """The primary itself refuses writes when no replica has reported for a second."""

    nodes = "guarded"


class WaitForAll(Waiting):
    """Both replicas, whatever the axis says."""

    def open(self, services):
        self.at = 2
        super().open(services)


class Unheeded(Waiting):
    """Broken on purpose: waits, and does not look at what WAIT says."""

    def store(self, name):
        self.redis.set(name, 1)
        self.redis.wait(self.at, WAIT_MS)


def lost_writes(run):
    done = run.history.ok("write")
    with run.settled() as services, services[run.client.nodes].primary.connect() as primary:
        found = primary.mget([op.result for op in done])
    return [op for op, value in zip(done, found, strict=True) if value is None]


def acknowledged_writes_survive(run):
    """Whatever was acknowledged is known to the primary that the Sentinels name afterwards."""
    for op in lost_writes(run):
        yield op.says("acknowledged, and gone")


@figure("writes")
def lost(run):
    return len(lost_writes(run))


@figure("s")
def in_vain(run):
    """From the cut to the last acknowledged write that is gone."""
    cut = run.windows[0][2]
    return max((op.end - cut for op in lost_writes(run)), default=0.0)


@figure("s")
def downtime(run):
    """Longest time without an acknowledged write of a worker that asks the Sentinels."""
    ends = [op.end for op in run.history.ok("write") if op.session % 2]
    last = max(op.end for op in run.history)
    return max(after - before for before, after in zip(ends, [*ends[1:], last], strict=True))


@figure("s")
def one_write(run):
    """Median time of a write before the cut, without the worker's pause."""
    cut = run.windows[0][2]
    done = sorted(op.seconds for op in run.history.ok("write") if op.end < cut)
    return done[len(done) // 2] - PACE_SECONDS


GUARD = {"min-replicas-to-write": 1, "min-replicas-max-lag": 1}
GOOD = [[WaitForAll], [], [Waiting]]  # With one, it is up to whom the Sentinels choose.
BAD = [[MinReplicas, Waiting, Unheeded], [Unheeded], [Unheeded]]
FIGURES = [lost, in_vain, downtime, one_write]
LAB = Lab(
    at=("replicas waited for", [0, 1, 2]),
    services={
        "plain": RedisReplicas(replicas=2, sentinels=3),
        "guarded": RedisReplicas(replicas=2, sentinels=3, settings=GUARD),
    },
    workload=Workload(mix={"write": 1}, clients=4),
    variants=lambda count: [Waiting, Unheeded, *([] if count else [MinReplicas, WaitForAll])],
    promises=lambda count: [Promise(acknowledged_writes_survive, GOOD[count], BAD[count])],
    trials=[Whole(TRIAL_SECONDS, steps=[Step(CUT_SECONDS, "cut")], figures=FIGURES)],
    agree={"write": anything},
    claim=Invariant(acknowledged_writes_survive, technique=Waiting),
)
