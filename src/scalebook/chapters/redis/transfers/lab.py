"""Transfers: does each happen once, when its answer is lost and the client asks again?

The axis is how long it rests before that, in lifetimes of the id that tells a repetition.
"""

import uuid

from redis import backoff, retry

from scalebook.lab import Client, Command, Fault, Invariant, Lab, Promise, Slices, Whole
from scalebook.lab import Workload, figure
from scalebook.services import Redis

PAIRS, CENTS = 64, 1_000_000
FULL = {f"from:{pair}": CENTS for pair in range(1, PAIRS)}  # The giver of pair 0 has nothing.
TTL_SECONDS = 1.0
LOSSES = [Fault.lose("redis", at=at) for at in (0.1, 0.3)]
MOVE = """if tonumber(redis.call('GET', KEYS[1]) or 0) < 1 then return 0 end
          redis.call('DECR', KEYS[1]) redis.call('INCR', KEYS[2]) return 1"""
BY_ID = f"""local known = redis.call('GET', KEYS[3]) if known then return tonumber(known) end
            local answer = (function() {MOVE} end)()
            redis.call('SET', KEYS[3], answer, 'PX', ARGV[1]) return answer"""
BY_LAST = f"""local last = redis.call('HMGET', KEYS[3], 'id', 'answer')
              if last[1] == ARGV[1] then return tonumber(last[2]) end
              local answer = (function() {MOVE} end)()
              redis.call('HSET', KEYS[3], 'id', ARGV[1], 'answer', answer) return answer"""


class AskOnce(Client):
    """One try: without an answer nobody knows whether the transfer has happened."""

    retries = 0

    def open(self, services):
        rest = backoff.ConstantBackoff(self.at * TTL_SECONDS)
        self.redis = services.redis.connect(retry=retry.Retry(rest, self.retries))

    def transfer(self, key):
        """True if a cent has moved; false if the giver has none."""
        return self.redis.eval(MOVE, 2, f"from:{key}", f"to:{key}") == 1

    def balances(self, key):
        return [int(cents or 0) for cents in self.redis.mget(f"from:{key}", f"to:{key}")]


class AskAgain(AskOnce):
    """Broken on purpose: the client repeats what was not answered, as redis-py does by default."""

    retries = 3


class WithKey(AskAgain):
    """The script keeps its answer under the transfer's id, for a while, and gives it again."""

    uses = {"transfer": Command("EVAL")}

    def transfer(self, key):
        keys = f"from:{key}", f"to:{key}", f"id:{uuid.uuid4().hex}"
        return self.redis.eval(BY_ID, 3, *keys, int(TTL_SECONDS * 1000)) == 1


class WithLast(AskAgain):
    """The script keeps each client's last id and answer: a client has one transfer under way."""

    def transfer(self, key):
        keys = f"from:{key}", f"to:{key}", f"id:{self.worker}"
        return self.redis.eval(BY_LAST, 3, *keys, uuid.uuid4().hex) == 1


class MarkFirst(AskAgain):
    """Broken on purpose: notes the id, takes, gives; whoever finds the note takes it for done."""

    def transfer(self, key):
        if self.redis.set(f"id:{uuid.uuid4().hex}", 1, nx=True, ex=86_400):
            self.redis.decr(f"from:{key}")
            self.redis.incr(f"to:{key}")
        return True


def no_cent_is_made_or_lost(run):
    """The two accounts of a pair hold what they held at the start."""
    for key, history in run.history.by_key().items():
        if sum(run.client.balances(key)) != (CENTS if key else 0):
            yield max(history, key=lambda op: op.seconds).says(f"{run.client.balances(key)} cents")


def each_transfer_counts_once(run):
    """As many cents have moved as clients were told; of unknown transfers any number."""
    for key, history in run.history.by_key().items():
        told, moved = sum(bool(op.result) for op in history.ok()), run.client.balances(key)[1]
        if not told <= moved <= told + len(history.unknown()):
            yield max(history, key=lambda op: op.seconds).says(f"told of {told}, moved {moved}")


@figure("bytes")
def kept(run):
    """What the server holds at the end to know transfers again."""
    sizes = map(run.client.redis.memory_usage, run.client.redis.keys("id:*"))
    return sum(size or 0 for size in sizes)  # None of what has expired meanwhile.


def promises(rest):
    """A client that rests for longer than its id is kept is a stranger when it comes back."""
    once, twice = [AskOnce, WithLast], [AskAgain, MarkFirst]
    whole = Promise(no_cent_is_made_or_lost, [*once, AskAgain, WithKey], [MarkFirst])
    (once if rest < 1 else twice).append(WithKey)
    return [whole, Promise(each_transfer_counts_once, once, twice)]


LAB = Lab(
    at=("lifetimes of rest before a retry", [0, 0.25, 1.5, 2]),
    services={"redis": Redis},
    load=lambda services, _: services.redis.connect().mset(FULL),
    workload=Workload({"transfer": 1}, keys=PAIRS, clients=8),
    variants=[AskOnce, AskAgain, WithKey, WithLast, MarkFirst],
    promises=promises,
    trials=[Slices(), Whole(0.5, faults=LOSSES, figures=[kept], name="losing")],
    claim=Invariant(each_transfer_counts_once, technique=WithKey, over=AskOnce),
)
