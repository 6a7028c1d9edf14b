"""Sliding window: does a limiter ever let more through in some second than it was told to?

All users begin at once, out of silence, and ask twice what they may; each has other boundaries.
"""

from datetime import UTC, datetime

from limits import RateLimitItemPerSecond, storage, strategies

from scalebook.lab import Client, Interleaved, Invariant, Lab, OpenLoop, Promise, Whole
from scalebook.lab import Workload, figure
from scalebook.services import Redis

SLACK_SECONDS = 0.02  # A process may be put to sleep after it has looked at its clock.
USERS = {8: 20, 40: 4, 160: 1}  # By limit: the same requests for more or fewer of them.
NOW = "local time = redis.call('TIME') local now = time[1] + time[2] / 1000000"
LOG = f"""{NOW} redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - 1)
         if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
         redis.call('ZADD', KEYS[1], now, ARGV[2])
         return redis.call('EXPIRE', KEYS[1], 2)"""
WEIGHTED = f"""{NOW} local this, shifted = math.floor(now + ARGV[2]), now + ARGV[2]
         local before = redis.call('HGET', KEYS[1], this - 1) or 0
         local inside = redis.call('HGET', KEYS[1], this) or 0
         if inside + before * (this + 1 - shifted) >= tonumber(ARGV[1]) then return 0 end
         redis.call('HINCRBY', KEYS[1], this, 1) redis.call('HDEL', KEYS[1], this - 2)
         return redis.call('EXPIRE', KEYS[1], 2)"""


class FixedWindow(Client):
    """One counter per second of the clock; at a boundary it forgets everything at once."""

    def open(self, services):
        self.redis = services.redis.connect()

    def allow(self, user):
        second = int(datetime.now(UTC).timestamp() + user / USERS[self.at])
        key = f"user:{user}:{second}"
        count, _ = self.redis.pipeline().incr(key).expire(key, 2).execute()
        return count <= self.at


class WeightedCounter(FixedWindow):
    """Two counters: the last second counts by the share of it that is still in sight."""

    def allow(self, user):
        return self.redis.eval(WEIGHTED, 1, f"user:{user}", self.at, user / USERS[self.at]) == 1


class SlidingLog(FixedWindow):
    """The moment of every request let through, in a sorted set; one script looks and adds."""

    def allow(self, user):
        return self.redis.eval(LOG, 1, f"user:{user}", self.at, self.random.getrandbits(32)) == 1


class LibraryLog(FixedWindow):
    """The moving window of `limits`: a list of moments, trimmed to the limit."""

    def open(self, services):
        self.redis = services.redis.connect()
        store = storage.RedisStorage("redis://", connection_pool=self.redis.connection_pool)
        self.limiter = strategies.MovingWindowRateLimiter(store)

    def allow(self, user):
        return self.limiter.hit(RateLimitItemPerSecond(self.at), user)


class TwoTrips(SlidingLog):
    """Broken on purpose: looks in one trip and adds in the next."""

    def allow(self, user):
        now = datetime.now(UTC).timestamp()
        seen = self.redis.zcount(f"user:{user}", now - 1, now)
        return seen < self.at and self.redis.zadd(f"user:{user}", {self.random.random(): now}) == 1


def fullest(run):
    """What was let through in one user's fullest second, and certainly fell into it."""
    seconds: list = [[]]
    for passed in run.history.by_key().values():
        ops = [op for op in passed.ok("allow") if op.result]
        for n, last in enumerate(ops, 1):
            seconds.append([op for op in ops[:n] if last.end - op.start < 1 - SLACK_SECONDS])
    return max(seconds, key=len)


def no_second_holds_more_than_the_limit(run):
    """Wherever a second begins, at most the limit is let through in it."""
    if len(ops := fullest(run)) > run.at:
        yield ops[-1].says(f"{len(ops)} of {run.at} in {ops[-1].end - ops[0].start:.2f} s", ops[0])


@figure("times the limit")
def fullest_second(run):
    """What was let through in the fullest second."""
    return len(fullest(run)) / run.at


@figure("bytes")
def memory(run):
    """What one user's keys take while the user is at the limit."""
    return sum(map(run.client.redis.memory_usage, run.client.redis.keys())) / USERS[run.at]


COUNTERS, LOGS = [FixedWindow, WeightedCounter], [SlidingLog, LibraryLog]
LAB = Lab(
    at=("requests a second allowed", [8, 40, 160]),
    services={"redis": Redis},
    workload=lambda limit: Workload({"allow": 1}, USERS[limit], arrivals=OpenLoop(320, 64)),
    variants=[*COUNTERS, *LOGS, TwoTrips],
    promises=[
        Promise(no_second_holds_more_than_the_limit, LOGS, COUNTERS, under="whole"),
        Promise(no_second_holds_more_than_the_limit, LOGS, [TwoTrips], under="race"),
    ],
    trials=lambda limit: [
        Whole(seconds=1.2, figures=[fullest_second, memory], name="whole"),
        Interleaved(operations=limit // 3 + 1, runs=30, name="race"),
    ],
    claim=Invariant(no_second_holds_more_than_the_limit, technique=SlidingLog),
)
