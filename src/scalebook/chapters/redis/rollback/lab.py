"""Rollback patterns: is money lost when half of a transfer fails, or when the one who pays dies?"""

from redis.exceptions import ResponseError

from scalebook.lab import Client, Fault, Interleaved, Invariant, Lab, Promise, Role, Whole, figure
from scalebook.services import Redis

ACCOUNTS = 64
START = {f"{side}:{key}": 0 for side in ("giver", "taker") for key in range(ACCOUNTS)}
START |= {f"away:{key}": "closed" for key in range(ACCOUNTS)}  # type: ignore[misc]
PAY = """if redis.call('GET', KEYS[1]) == 'closed' then return 0 end
         redis.call('DECR', KEYS[2]); redis.call('INCR', KEYS[1]); return 1"""
CREDIT = """if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1 then return 1 end
            if redis.call('GET', KEYS[1]) == 'closed' then return 0 end
            redis.call('SADD', KEYS[2], ARGV[1]); redis.call('INCR', KEYS[1]); return 1"""


class Sequential(Client):
    """Broken on purpose: takes, gives, and reports a refusal if it meets one."""

    def open(self, services):
        self.redis = services.redis.connect()

    def move(self, key):
        """Close an account, or open it: it changes places with a word, which INCR refuses."""
        pipe = self.redis.pipeline().rename(f"taker:{key}", "moving")
        pipe.rename(f"away:{key}", f"taker:{key}").rename("moving", f"away:{key}").execute()

    def pay(self, key):
        """True if the receiver has the cent, false if its account is closed."""
        self.redis.decr(f"giver:{key}")
        try:
            return self.redis.incr(f"taker:{key}") > 0
        except ResponseError:
            return False


class Compensate(Sequential):
    """The same, and a refusal is followed by the opposite of what was done."""

    def pay(self, key):
        if not (paid := super().pay(key)):
            self.redis.incr(f"giver:{key}")
        return paid


class ValidateFirst(Sequential):
    """Looks at the receiver under WATCH: if it has changed since, EXEC does nothing."""

    watched = "taker"

    def pay(self, key):
        def work(pipe):
            if pipe.get(f"taker:{key}") != "closed":
                pipe.multi()
                pipe.decr(f"giver:{key}").incr(f"taker:{key}")

        return self.redis.transaction(work, f"{self.watched}:{key}") != []


class WrongWatch(ValidateFirst):
    """Broken on purpose: watches the account that it takes from, and not what it looked at."""

    watched = "giver"


class Script(Sequential):
    """Looks, takes and gives in one script."""

    def pay(self, key):
        return self.redis.eval(PAY, 2, f"taker:{key}", f"giver:{key}") == 1


class NoteFirst(Sequential):
    """Takes and leaves a note in one MULTI; whoever comes back does what the note says."""

    def open(self, services):
        self.redis, self.note = services.redis.connect(), f"note:{self.worker}"
        if left := self.redis.hgetall(self.note):
            self.finish(**left)

    def pay(self, key):
        step = {"transfer": self.redis.incr("transfers"), "key": key}
        self.redis.pipeline().decr(f"giver:{key}").hset(self.note, mapping=step).execute()
        return self.finish(**step)

    def finish(self, transfer, key):
        """It may be repeated, since the transfer has a number; so it could be elsewhere."""
        paid = self.redis.eval(CREDIT, 2, f"taker:{key}", "credited", transfer) == 1
        self.redis.pipeline().delete(self.note).incrby(f"giver:{key}", int(not paid)).execute()
        return paid


@figure("cents")
def missing(run):
    """What left one account and is in no other."""
    with run.settled():
        return -sum(int(c) for c in run.client.redis.mget([*START]) if c != "closed")


def no_cent_is_lost(run):
    """What left one account is in another."""
    if lost := missing(run):
        yield run.history.named("pay")[-1].says(f"{lost} cents are in no account")


GOOD, BROKEN, MORTAL = [ValidateFirst, Script, NoteFirst], [Sequential, WrongWatch], [Compensate]
KILL = [Fault.kill("pay", at=0.3, back=0.4)]  # Who is dead compensates nothing.
LAB = Lab(
    at=("kills of the process that pays", [0, 1]),
    services={"redis": Redis},
    load=lambda services, _: services.redis.connect().mset(START),
    roles=[Role("move", rate=400, keys=ACCOUNTS), Role("pay", clients=8, keys=ACCOUNTS)],
    variants=[Sequential, Compensate, ValidateFirst, WrongWatch, Script, NoteFirst],
    promises=lambda n: [
        Promise(no_cent_is_lost, GOOD + MORTAL[n:], BROKEN + MORTAL[:n]),  # type: ignore
    ],
    trials=lambda n: [Interleaved(), Whole(0.7, faults=KILL[:n], figures=[missing], name="paying")],
    claim=Invariant(no_cent_is_lost, technique=Compensate),
)
