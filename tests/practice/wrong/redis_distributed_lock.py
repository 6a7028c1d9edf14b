"""Locks that look right; none of them is among the lab's own counterexamples."""

import time
import uuid
from datetime import UTC, datetime

from scalebook.lab import Client

TTL_SECONDS = 0.2
WORK_SECONDS = 0.02
READ = """redis.call('SET', KEYS[1] .. ':seen', ARGV[1]) return redis.call('GET', KEYS[1])"""
WRITE = """local seen = tonumber(redis.call('GET', KEYS[1] .. ':seen'))
           redis.call('SET', KEYS[1], ARGV[2])
           return seen"""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


class TokenLock(Client):
    """A right one, from which each of the others differs in one thing."""

    def open(self, services):
        self.redis = services.redis.connect()

    def tried(self, name, token):
        return self.redis.set(name, token, nx=True, px=int(TTL_SECONDS * 1000))

    def acquire(self, name):
        token = uuid.uuid4().hex
        while not self.tried(name, token):
            time.sleep(0.002)
        return token

    def release(self, name, token):
        self.redis.eval(RELEASE, 1, name, token)

    def work(self, key):
        lock, record = f"lock:{key}", f"record:{key}"
        token = self.acquire(lock)
        grant = self.redis.incr(f"grants:{key}")
        value = self.redis.eval(READ, 1, record, grant)
        time.sleep(WORK_SECONDS + (self.at * TTL_SECONDS if self.worker == 0 else 0))
        seen = self.redis.eval(WRITE, 1, record, grant, int(value or 0) + 1)
        if self.worker == 1:
            time.sleep(1.5 * TTL_SECONDS)
        self.release(lock, token)
        return [grant, int(seen)]


class AsksThenSets(TokenLock):
    """Narrow race: the lock is free when asked for, and taken when it is written."""

    breaks = "nobody writes under a stale lock"

    def tried(self, name, token):
        if self.redis.get(name) is not None:
            return False
        return self.redis.set(name, token, px=int(TTL_SECONDS * 1000))


class TakesOverWhenExpired(TokenLock):
    """Narrow race: two see that the time written in the lock is over, and both take it."""

    breaks = "nobody writes under a stale lock"

    def tried(self, name, token):
        until = f"{datetime.now(UTC).timestamp() + TTL_SECONDS}"
        if self.redis.setnx(name, until):
            return True
        old = self.redis.get(name)
        return (
            old is not None
            and float(old) < datetime.now(UTC).timestamp()
            and self.redis.set(name, until)
        )

    def release(self, name, token):
        self.redis.delete(name)


class GoesOnWithoutIt(TokenLock):
    """After a hundred refusals it takes the holder for dead, and works all the same."""

    breaks = "nobody writes under a stale lock"

    def acquire(self, name):
        token = uuid.uuid4().hex
        for _ in range(100):
            if self.tried(name, token):
                break
            time.sleep(0.002)
        return token


class OneTokenForAll(TokenLock):
    """The token says that there is a holder, and not which."""

    breaks = "nobody writes under a stale lock"

    def acquire(self, name):
        while not self.tried(name, "held"):
            time.sleep(0.002)
        return "held"


class ComparesThenDeletes(TokenLock):
    """Narrow race: the lock was its own when asked, and is another's when deleted."""

    breaks = "nobody writes under a stale lock"

    def release(self, name, token):
        if self.redis.get(name) == token:
            self.redis.delete(name)
