"""Rate limiting in Lua: what does a limiter gain by deciding inside the engine?"""

import itertools
from datetime import UTC, datetime

from limits import RateLimitItemPerSecond, storage, strategies

from scalebook.lab import Client, Command, Interleaved, Lab, Promise, Speedup, Whole, Workload
from scalebook.services import Redis

BURST = 20  # Requests at once, by the user whom everybody asks about.
RATE = 20  # Requests a second.
SLACK_SECONDS = 0.02  # A process may be put to sleep after it has looked at its clock.
SKEW_SECONDS = 0.05
NOW = "local time = redis.call('TIME') local now = time[1] + time[2] / 1000000"
TOKENS = """local tokens, last = unpack(redis.call('HMGET', KEYS[1], 'tokens', 'last'))
            local earned = math.max(now - (last or now), 0) * ARGV[2]
            tokens = math.min((tokens or ARGV[1]) + earned, ARGV[1])
            local allowed = tokens >= 1 and 1 or 0
            redis.call('HSET', KEYS[1], 'tokens', tokens - allowed, 'last', now)
            redis.call('EXPIRE', KEYS[1], math.ceil(ARGV[1] / ARGV[2])) return allowed"""
GCRA = """local due = math.max(redis.call('GET', KEYS[1]) or now, now) + 1 / ARGV[2]
          if due - now > ARGV[1] / ARGV[2] then return 0 end
          redis.call('SET', KEYS[1], due, 'PX', math.ceil((due - now) * 1000))
          return 1"""


class ReadThenWrite(Client):
    """Broken on purpose: reads the bucket, decides in the client, and writes it back."""

    def open(self, services):
        self.redis = services.redis.connect()

    def allow(self, user):
        allowed, bucket = self.decide(self.redis.hgetall(user))
        self.redis.hset(user, mapping=bucket)
        return allowed

    def decide(self, bucket):
        now = datetime.now(UTC).timestamp()
        earned = max(now - float(bucket.get("last", now)), 0) * RATE
        tokens = min(float(bucket.get("tokens", BURST)) + earned, BURST)
        return tokens >= 1, {"tokens": tokens - (tokens >= 1), "last": now}


class Watched(ReadThenWrite):
    """The same under WATCH: redis-py tries again whenever somebody was quicker."""

    def allow(self, user):
        def attempt(pipe):
            allowed, bucket = self.decide(pipe.hgetall(user))
            pipe.multi()
            pipe.hset(user, mapping=bucket)
            return allowed

        return self.redis.transaction(attempt, user, value_from_callable=True)


class TokenBucket(ReadThenWrite):
    """The same bucket in a script, with the engine's clock."""

    uses = {"allow": Command("EVALSHA")}
    script = f"{NOW} {TOKENS}"

    def open(self, services):
        self.redis = services.redis.connect()
        self.run = self.redis.register_script(self.script)

    def allow(self, user):
        return self.run([user], [BURST, RATE]) == 1


class Gcra(TokenBucket):
    """One number instead of two: when the next request would be due at the steady rate."""

    script = f"{NOW} {GCRA}"


class ClientClock(TokenBucket):
    """Broken on purpose: each client brings its own clock, and the clocks differ."""

    script = f"local now = tonumber(ARGV[3]) {TOKENS}"

    def allow(self, user):
        now = datetime.now(UTC).timestamp() + self.worker * SKEW_SECONDS
        return self.run([user], [BURST, RATE, now]) == 1


class LibraryLog(ReadThenWrite):
    """The moving window of `limits`, a script over a list; so many a second, all at once too."""

    def open(self, services):
        self.redis = services.redis.connect()
        store = storage.RedisStorage("redis://", connection_pool=self.redis.connection_pool)
        self.limiter = strategies.MovingWindowRateLimiter(store)

    def allow(self, user):
        return self.limiter.hit(RateLimitItemPerSecond(RATE), user)


def at_most_the_burst_and_the_rate(run):
    """In no stretch of time more is let through than the burst and what the rate adds."""
    passed = [op for op in run.history.ok("allow") if op.result]
    for first, last in itertools.combinations(passed, 2):
        inside = [op for op in passed if first.start <= op.start and op.end <= last.end]
        if len(inside) > BURST + RATE * (last.end - first.start + SLACK_SECONDS):
            yield last.says(f"{len(inside)} in {last.end - first.start:.2f} s", first)
            return


KEEPERS = [Watched, TokenBucket, Gcra, LibraryLog]
LAB = Lab(
    at=("clients", [1, 4, 16]),
    services={"redis": Redis},
    workload=lambda clients: Workload({"allow": 1}, clients=clients),
    variants=[ReadThenWrite, *KEEPERS, ClientClock],
    promises=[Promise(at_most_the_burst_and_the_rate, KEEPERS, [ReadThenWrite, ClientClock])],
    trials=[Whole(seconds=0.25, name="whole"), Interleaved(clients=3, operations=14)],
    claim=Speedup(3, of="allow", technique=TokenBucket, over=Watched),
)
