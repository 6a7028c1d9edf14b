"""Transactions (MULTI/EXEC): who can see half a transfer, and what is left of one that fails?

A giver pays one unit to each of n takers, and all accounts begin at nothing: a ledger always
adds up to zero. The axis is n. `misfire` pays into an account of the wrong type.
"""

import contextlib

from redis.exceptions import ResponseError

from scalebook.lab import Client, Command, Interleaved, Invariant, Lab, Promise, Slices, Whole
from scalebook.lab import Workload, anything, figure
from scalebook.services import Redis

LEDGERS = 8
TORN_FROM = 150  # Credits of some 40 bytes; redis-py sends a pipeline in pieces of 6,000 bytes.
PAY = """local kind = redis.call('TYPE', KEYS[2]).ok
         if kind ~= 'none' and kind ~= 'string' then return redis.error_reply('CLOSED') end
         redis.call('DECRBY', KEYS[1], #KEYS - 1)
         for i = 2, #KEYS do redis.call('INCRBY', KEYS[i], 1) end"""


class OneByOne(Client):
    """Broken on purpose: each command is a round trip of its own."""

    def open(self, services):
        self.redis = services.redis.connect()
        self.redis.hset("closed", "kind", "a hash, no number")

    def ledger(self, key):
        return [f"giver:{key}", *(f"taker:{key}:{i}" for i in range(self.at))]

    def pay(self, giver, *takers):
        self.redis.decrby(giver, len(takers))
        for taker in takers:
            self.redis.incrby(taker, 1)

    def transfer(self, key):
        self.pay(*self.ledger(key))
        return self.at

    def observe(self, key):
        """The sum of a ledger, read by one command."""
        return sum(int(units or 0) for units in self.redis.mget(*self.ledger(key)))

    def misfire(self, key):
        """What the giver has after a transfer that failed: it had nothing before."""
        with contextlib.suppress(ResponseError):
            self.pay(f"misfire:{key}", "closed")
        return int(self.redis.get(f"misfire:{key}") or 0)


class MultiExec(OneByOne):
    """MULTI, the commands, EXEC: queued by the server, and run with nothing in between."""

    uses = {"transfer": Command("MULTI", "EXEC")}
    atomic = True

    def pay(self, giver, *takers):
        pipe = self.redis.pipeline(transaction=self.atomic)
        pipe.decrby(giver, len(takers))
        for taker in takers:
            pipe.incrby(taker, 1)
        pipe.execute()


class Pipelined(MultiExec):
    """Broken on purpose: the same commands sent together, without MULTI and EXEC."""

    uses = {}
    atomic = False


class Script(OneByOne):
    """A Lua script that looks at the first taker before it takes anything from the giver."""

    uses = {"transfer": Command("EVAL")}

    def pay(self, giver, *takers):
        self.redis.eval(PAY, 1 + len(takers), giver, *takers)


def nobody_sees_half_a_transfer(run):
    """The sum of a ledger is zero whenever somebody looks."""
    for op in [op for op in run.history.ok("observe") if op.result != 0][:3]:  # A few will do.
        during = [t for t in run.history.ok("transfer") if t.key == op.key and t.end > op.start]
        yield op.says(f"the ledger adds up to {op.result}", *during[:1])


def a_failed_transfer_leaves_nothing(run):
    """The giver of a transfer that failed has what it had before."""
    left = [op for op in run.history.ok("misfire") if op.result != 0]
    yield from (op.says(f"the transfer failed, and the giver has {op.result}") for op in left)


@figure("of all observations")
def torn(run):
    """Observations of a ledger that did not add up."""
    return sum(op.result != 0 for op in run.history.ok("observe")) / len(run.history.ok("observe"))


def promises(takers):
    """A pipeline that fits one send was never seen torn; Redis promises nothing of it."""
    fits, torn = ([Pipelined], []) if takers < TORN_FROM else ([], [Pipelined])
    return [
        Promise(nobody_sees_half_a_transfer, [MultiExec, Script, *fits], [OneByOne, *torn]),
        Promise(a_failed_transfer_leaves_nothing, [Script], [OneByOne, MultiExec, Pipelined]),
    ]


LAB = Lab(
    at=("takers of one transfer", [1, 100, 1_000, 2_000]),
    services={"redis": Redis},
    workload=Workload({"transfer": 3, "observe": 3, "misfire": 1}, keys=LEDGERS, clients=4),
    variants=[OneByOne, MultiExec, Pipelined, Script],
    promises=promises,
    trials=[Slices(), Interleaved(), Whole(1, figures=[torn], name="racing")],
    agree={"misfire": anything},
    claim=Invariant(nobody_sees_half_a_transfer, technique=MultiExec, over=OneByOne),
)
