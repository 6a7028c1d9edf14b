"""Lua basics: what does a script save over the same commands, and what if the server forgets it?"""

import hashlib

from redis.exceptions import NoScriptError

from scalebook.lab import Client, Command, Fault, Interleaved, Lab, Latency, Promise, Slices
from scalebook.lab import Whole, Workload, figure
from scalebook.services import Redis

BACK_SECONDS = 0.2  # After a restart connections are made anew.
SCRIPT = """local counts = {} for i, key in ipairs(KEYS) do counts[i] = redis.call('INCR', key) end
            return counts"""
DIGEST = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


class OneByOne(Client):
    """A visit raises several counters: of a page, its author and so on; a round trip for each."""

    uses = {"visit": Command("INCRBY")}  # What redis-py sends for incr().

    def open(self, services):
        self.server, self.redis = services.redis, services.redis.connect()

    def counters(self, page):
        return [f"{page}:{i}" for i in range(self.at)]

    def visit(self, page):
        return [self.redis.incr(counter) for counter in self.counters(page)]

    def added(self, count):
        self.redis.script_load(SCRIPT)  # A restart may have lost it.
        first, second, _, last = count(), count(), self.visit(0), count()
        return (last - second) - (second - first)  # Less what asking itself adds.

    @figure("round trips")
    def trips(self):
        return self.added(lambda: self.server.round_trips)

    @figure("bytes")
    def sent(self):
        return self.added(lambda: self.redis.info("stats")["total_net_input_bytes"])


class Pipelined(OneByOne):
    """All commands in one round trip; others may come between them."""

    transaction = False

    def visit(self, page):
        pipe = self.redis.pipeline(self.transaction)
        for counter in self.counters(page):
            pipe.incr(counter)
        return pipe.execute()


class Transaction(Pipelined):
    """The same, between MULTI and EXEC."""

    transaction = True


class Eval(OneByOne):
    """One command, whose first argument is the text of a script."""

    uses = {"visit": Command("EVAL")}

    def visit(self, page):
        return self.redis.eval(SCRIPT, self.at, *self.counters(page))


class Script(OneByOne):
    """The script by its digest; where the server does not know it, by its text."""

    uses = {"visit": Command("EVALSHA")}

    def prepare(self, services):
        services.redis.connect().script_load(SCRIPT)

    def visit(self, page):
        try:
            return self.redis.evalsha(DIGEST, self.at, *self.counters(page))
        except NoScriptError:
            return self.redis.eval(SCRIPT, self.at, *self.counters(page))


class LoadedOnce(Script):
    """Broken on purpose: one script per counter, which was loaded at the deployment."""

    def visit(self, page):
        return [self.redis.evalsha(DIGEST, 1, counter)[0] for counter in self.counters(page)]


def nobody_sees_half_a_visit(run):
    """All counters of a page are equal whenever somebody sees them."""
    mixed = [op for op in run.history.ok("visit") if len(set(op.result)) > 1]
    yield from (op.says(f"saw {min(op.result)} and {max(op.result)}") for op in mixed)


def a_restart_is_survived(run):
    """Once the server is back, every visit succeeds."""
    for *_, back in run.windows:
        late = [op for op in run.history if op.start > back + BACK_SECONDS and op.outcome != "ok"]
        yield from (op.says(f"failed with the server back: {op.error}") for op in late[:1])


ATOMIC: list = [Transaction, Eval, Script]
LAB = Lab(
    at=("counters per visit", [2, 8, 32, 128]),
    services={"redis": Redis},
    workload=Workload({"visit": 1}, keys=100),
    variants=[OneByOne, Pipelined, *ATOMIC, LoadedOnce],
    promises=[
        Promise(nobody_sees_half_a_visit, ATOMIC, [LoadedOnce], under="interleaved"),
        Promise(a_restart_is_survived, [OneByOne, *ATOMIC], [LoadedOnce], under="restart"),
    ],
    trials=[Slices(), Interleaved(2), Whole(0.8, faults=[Fault.restart("redis", at=0.2)])],
    claim=Latency(of="visit", technique=Script, over=Pipelined),
)
