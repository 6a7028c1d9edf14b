"""Distributed lock: does a lock with a TTL keep two holders apart, and when does it not?

A holder reads a record, works, and writes it back. Worker 0 also pauses in between, as in a
garbage collection; worker 1 is slow before its release. `SLOW` ends a TTL between two commands.
"""

import contextlib
import time
import uuid

from redis.exceptions import LockNotOwnedError

from scalebook.lab import Client, Fault, Invariant, Lab, Promise, Whole, Workload, anything, figure
from scalebook.services import Redis

TTL_SECONDS = 0.2
WORK_SECONDS = 0.02
POLL_SECONDS = 0.002
SLOW = Whole(1.6, faults=[Fault.delay("redis", at=0, until=1.6, seconds=0.19 * TTL_SECONDS)])

# The record remembers the newest grant that has read or written it, to tell a stale write.
READ = """redis.call('SET', KEYS[1] .. ':seen', ARGV[1]) return redis.call('GET', KEYS[1])"""
WRITE = """local seen = tonumber(redis.call('GET', KEYS[1] .. ':seen'))
           if ARGV[3] == 'fenced' and tonumber(ARGV[1]) < seen then
             return redis.error_reply('STALE')
           end
           redis.call('SET', KEYS[1], ARGV[2])
           return seen"""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


class TokenLock(Client):
    """SET NX PX with a random token; released by a script, and only by its owner."""

    fencing = ""

    def open(self, services):
        self.redis = services.redis.connect()

    def acquire(self, name):
        token = uuid.uuid4().hex
        while not self.redis.set(name, token, nx=True, px=int(TTL_SECONDS * 1000)):
            time.sleep(POLL_SECONDS)
        return token

    def release(self, name, token):
        self.redis.eval(RELEASE, 1, name, token)

    def work(self, key):
        """Return the writer's grant, and the newest grant that the record had seen."""
        lock, record = f"lock:{key}", f"record:{key}"
        token = self.acquire(lock)
        grant = self.redis.incr(f"grants:{key}")
        value = self.redis.eval(READ, 1, record, grant)
        time.sleep(WORK_SECONDS + (self.at * TTL_SECONDS if self.worker == 0 else 0))
        seen = self.redis.eval(WRITE, 1, record, grant, int(value or 0) + 1, self.fencing)
        if self.worker == 1:
            time.sleep(1.5 * TTL_SECONDS)
        self.release(lock, token)
        return [grant, int(seen)]


class LibraryLock(TokenLock):
    """The lock that redis-py ships."""

    def acquire(self, name):
        lock = self.redis.lock(name, timeout=TTL_SECONDS, sleep=POLL_SECONDS)
        lock.acquire()
        return lock

    def release(self, name, token):
        with contextlib.suppress(LockNotOwnedError):  # The library says so, after the fact.
            token.release()


class FencedLock(TokenLock):
    """Each grant has a rising number, and the record refuses one lower than it has seen."""

    fencing = "fenced"


class AnybodyReleases(TokenLock):
    """Broken on purpose: deletes the lock at the end, whoever holds it by then."""

    def release(self, name, token):
        self.redis.delete(name)


def nobody_writes_under_a_stale_lock(run):
    """No write lands after a later holder has touched the record."""
    writers = {op.result[0]: op for op in run.history.ok("work")}
    for grant, op in writers.items():
        if (seen := op.result[1]) > grant:
            newer = [writers[seen]] if seen in writers else []
            yield op.says(f"holder {grant} wrote although holder {seen} had read it", *newer)


@figure("share of works")
def refused(run):
    """Works whose write the record refused, so that they must be done again."""
    return sum(op.outcome == "failed" for op in run.history) / len(run.history)


def promises(pause):
    """A pause beyond the TTL breaks every lock without fencing."""
    fenced = [FencedLock] if pause > 1 else [TokenLock, LibraryLock, FencedLock]
    broken = [TokenLock, LibraryLock, AnybodyReleases] if pause > 1 else [AnybodyReleases]
    return [Promise(nobody_writes_under_a_stale_lock, kept_by=fenced, broken_by=broken)]


LAB = Lab(
    at=("TTLs of pause", [0, 0.5, 1.5, 3]),
    services={"redis": Redis},
    workload=Workload(mix={"work": 1}, clients=6),
    variants=[TokenLock, LibraryLock, FencedLock, AnybodyReleases],
    promises=promises,
    trials=lambda pause: [Whole(1.2, figures=[refused]), *([SLOW] if pause == 0 else [])],
    agree={"work": anything},
    claim=Invariant(nobody_writes_under_a_stale_lock, technique=TokenLock),
)
