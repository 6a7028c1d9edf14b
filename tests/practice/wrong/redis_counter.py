"""Counters that look right; none of them is among the lab's own counterexamples."""

import redis

from scalebook.lab import Client


class Incr(Client):
    """A right one, from which each of the others differs in one thing."""

    def open(self, services):
        self.redis = services.redis.connect()

    def increment(self, key):
        return 1 if self.redis.incr(key) else 0

    def total(self, key):
        return int(self.redis.get(key) or 0)


class FirstOneSets(Incr):
    """Narrow race: two find no counter, and each begins it with one."""

    breaks = "every acknowledged one counts"

    def increment(self, key):
        if self.redis.exists(key):
            self.redis.incr(key)
        else:
            self.redis.set(key, 1)
        return 1


class GivesUpQuietly(Incr):
    """Watches the key, and after three refusals says that it has counted."""

    breaks = "every acknowledged one counts"

    def increment(self, key):
        for _ in range(3):
            with self.redis.pipeline() as pipe:
                try:
                    pipe.watch(key)
                    value = int(pipe.get(key) or 0)
                    pipe.multi()
                    pipe.set(key, value + 1)
                    pipe.execute()
                    break
                except redis.WatchError:
                    continue
        return 1


class SendsItAgain(Incr):
    """A retry that counts twice: the lost answer was of an increment that was made."""

    breaks = "every acknowledged one counts"

    def increment(self, key):
        try:
            return super().increment(key)
        except redis.ConnectionError:
            return super().increment(key)


class TakesSilenceForFailure(Incr):
    """A lost answer is reported as an increment that was not made."""

    breaks = "every acknowledged one counts"

    def increment(self, key):
        try:
            return super().increment(key)
        except redis.ConnectionError as error:
            self.redis.ping()
            raise ValueError("not counted, try again") from error


class KeepsSomeBack(Incr):
    """Adds up in the process and writes every tenth: the last few never arrive."""

    breaks = "every acknowledged one counts"

    def open(self, services):
        super().open(services)
        self.kept = {}

    def increment(self, key):
        self.kept[key] = self.kept.get(key, 0) + 1
        if self.kept[key] == 10:
            self.redis.incrby(key, self.kept.pop(key))
        return 1

    def total(self, key):
        return super().total(key) + self.kept.get(key, 0)
