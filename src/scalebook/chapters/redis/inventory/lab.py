"""Atomic inventory: is more sold than there is, and what does each way of refusing cost?"""

from scalebook.lab import Client, Command, Interleaved, Invariant, Lab, Moving, Plan, Promise
from scalebook.lab import Slices, Whole, Workload, anything, checks
from scalebook.services import Postgres, Redis

PIECES = 4
ITEMS = 5_000
TAKE = """if tonumber(redis.call('GET', KEYS[1])) < 1 then return 0 end
          redis.call('DECR', KEYS[1])
          return 1"""


def load(services, buyers):
    services.pg.run(f"""
        CREATE TABLE item AS SELECT id, {PIECES} AS stock FROM generate_series(0, {ITEMS - 1}) id;
        ALTER TABLE item ADD PRIMARY KEY (id)""")
    services.redis.connect().mset(dict.fromkeys(range(ITEMS), PIECES))


class ConditionalUpdate(Client):
    """One UPDATE in PostgreSQL that looks and takes at once."""

    uses = {"buy": Plan("Index Scan", on="item")}

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def buy(self, key):
        """True if the item is ours."""
        sql = "UPDATE item SET stock = stock - 1 WHERE id = %s AND stock > 0"
        return self.db.execute(sql, [key]).rowcount == 1

    def left(self, key):
        return self.db.execute("SELECT stock FROM item WHERE id = %s", [key]).fetchone()[0]


class Unsynced(ConditionalUpdate):
    """The same with synchronous_commit off: a crash may forget the last sales, as in Redis."""

    def open(self, services):
        super().open(services)
        self.db.execute("SET synchronous_commit = off")


class Script(Client):
    """A Lua script looks and takes, with nobody in between."""

    uses = {"buy": Command("EVAL")}

    def open(self, services):
        self.redis = services.redis.connect()

    def buy(self, key):
        return self.redis.eval(TAKE, 1, key) == 1

    def left(self, key):
        return int(self.redis.get(key))


class TakeThenGiveBack(Script):
    """DECR first; whoever gets below zero puts it back: no script, two commands to refuse."""

    uses = {"buy": Command("DECRBY")}

    def buy(self, key):
        if self.redis.decr(key) >= 0:
            return True
        self.redis.incr(key)
        return False


class CheckThenTake(Script):
    """Broken on purpose: GET, and then DECR."""

    def buy(self, key):
        left = self.left(key)
        if left > 0:
            self.take(key, left)
        return left > 0

    def take(self, key, left):
        self.redis.decr(key)


class CheckThenSet(CheckThenTake):
    """Broken on purpose: GET, and then SET of one less: never below zero."""

    def take(self, key, left):
        self.redis.set(key, left - 1)


def what_is_gone_was_sold(run):
    """The pieces left and the pieces sold are all that there were."""
    with run.settled():
        for key, history in run.history.by_key().items():
            sold, left = [op for op in history.ok("buy") if op.result], run.client.left(key)
            if left + len(sold) != PIECES and not history.unknown("buy"):
                yield history.ok("buy")[-1].says(
                    f"item {key}: {len(sold)} sold, {left} left of {PIECES}"
                )


GOOD = [ConditionalUpdate, Unsynced, Script, TakeThenGiveBack]
no_more_than_there_are = checks.at_most(PIECES, of="buy")
LAB = Lab(
    at=("buyers at once", [2, 8, 64]),
    services={"pg": Postgres, "redis": Redis},
    load=load,
    workload=lambda buyers: Workload({"buy": 1}, Moving(ITEMS, seconds=0.02), buyers),
    variants=[*GOOD, CheckThenTake, CheckThenSet],
    promises=[
        Promise(no_more_than_there_are, GOOD, [CheckThenTake, CheckThenSet]),
        Promise(what_is_gone_was_sold, GOOD, [CheckThenSet]),
    ],
    trials=[Slices(), Interleaved(operations=2), Whole(1, name="rush")],
    agree={"buy": anything},
    claim=Invariant(no_more_than_there_are, technique=Script, over=ConditionalUpdate),
)
