"""Workflows in Lua: is a step skipped or repeated when its worker dies, or is only slow?"""

import time

from scalebook.lab import Client, Fault, Interleaved, Invariant, Lab, Promise, Role, Whole, figure
from scalebook.services import Redis

STEPS = ["reserve", "pay", "pack", "ship"]
NEXT = dict(zip([*STEPS, "done"], [*STEPS[1:], "done", "done"], strict=True))
WORK_SECONDS = 0.005
KILL = Fault.kill("work", at=0.3, back=0.4)
TAKE = """local t = redis.call('TIME') local now = t[1] * 1000 + t[2] / 1000
          local order = redis.call('ZRANGE', KEYS[1], 0, now, 'BYSCORE', 'LIMIT', 0, 1)[1]
          if order then redis.call('ZADD', KEYS[1], now + ARGV[1], order) end
          return {order, order and redis.call('GET', 'state:' .. order)}"""
RECORD = """redis.call('RPUSH', KEYS[3], ARGV[2]) redis.call('SET', KEYS[2], ARGV[3])
            if ARGV[3] == 'done' then redis.call('ZREM', KEYS[1], ARGV[1])
            else redis.call('ZADD', KEYS[1], 0, ARGV[1]) end return 1"""
FINISH = f"if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end {RECORD}"


class Watched(Client):
    """Records under WATCH: where the state has changed since it was looked at, it looks again."""

    watched = "state"

    def open(self, services):
        self.redis = services.redis.connect()

    def publish(self, order):
        self.redis.pipeline().set(f"state:{order}", STEPS[0]).zadd("due", {order: 0}).execute()

    def work(self, _=None):
        """Do the next step of an order; return the order, the step, and whether it counts."""
        if not (taken := self.take()):
            return time.sleep(WORK_SECONDS / 5)
        time.sleep(WORK_SECONDS)
        return [*taken, self.finish(*taken)]

    def take(self):
        """An order that is due, and its next step; until the lease ends, it is not due."""
        return self.redis.eval(TAKE, 1, "due", self.at * WORK_SECONDS * 1000)

    def finish(self, order, step):
        """Record the step, unless that has been done; the order is due again, or done."""

        def record(pipe):
            if current := pipe.get(f"state:{order}") == step:
                pipe.multi()
                pipe.rpush(f"log:{order}", step).set(f"state:{order}", NEXT[step])
                pipe.zrem("due", order) if step == "ship" else pipe.zadd("due", {order: 0})
            return current

        return self.redis.transaction(record, f"{self.watched}:{order}", value_from_callable=True)


class Unwatched(Watched):
    """Broken on purpose: writes in a transaction, and watches nothing that the writes rest on."""

    watched = "nothing"


class Script(Watched):
    """Looks at the state and records the step in one script, with nobody in between."""

    text = FINISH

    def finish(self, order, step):
        keys = "due", f"state:{order}", f"log:{order}"
        return self.redis.eval(self.text, 3, *keys, order, step, NEXT[step]) == 1


class LeaseOnly(Script):
    """Broken on purpose: trusts its lease, and does not look at the state before it records."""

    text = RECORD


class MovesFirst(LeaseOnly):
    """Broken on purpose: the state moves on when the step begins."""

    def take(self):
        if taken := super().take():
            self.redis.set(f"state:{taken[0]}", NEXT[taken[1]])
        return taken


def every_step_is_done_once(run):
    """Each order goes through all its steps, in their order, and through none of them twice."""
    while run.client.redis.zcard("due"):
        run.client.work()
    for order in run.history.ok("publish"):
        steps = run.client.redis.lrange(f"log:{order.key}", 0, -1)
        if steps != STEPS:
            works = [op for op in run.history.ok("work") if str(order.key) in (op.result or "")]
            yield order.says(f"order {order.key} went through {', '.join(steps)}", *works[:6])


@figure("of all works")
def in_vain(run):
    """Works that did not count, because somebody else had done the step meanwhile."""
    counts = [op.result[2] for op in run.history.ok("work") if op.result]
    return counts.count(False) / len(counts)


def promises(lease):
    """A lease that ends before the work does gives the step to two workers."""
    broken = [Unwatched, MovesFirst, *([LeaseOnly] if lease < 1 else [])]
    return [Promise(every_step_is_done_once, [Watched, Script], broken)]


LAB = Lab(
    at=("works of lease", [0, 0.5, 5, 50]),
    services={"redis": Redis},
    roles=[Role("publish", rate=50), Role("work", clients=4)],
    variants=[Watched, Unwatched, Script, LeaseOnly, MovesFirst],
    promises=promises,
    trials=[Interleaved(), Whole(1, faults=[KILL], figures=[in_vain])],
    claim=Invariant(every_step_is_done_once, technique=Script),
)
