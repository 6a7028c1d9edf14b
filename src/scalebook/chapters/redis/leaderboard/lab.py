"""Leaderboard: how much faster is a player's rank from a sorted set, and is it the right rank?

`rank` is asked of any player, and equal scores share one; `top` wants the names of the best ten.
"""

from scalebook.lab import Client, Command, Interleaved, Lab, Pgbench, Plan, Promise
from scalebook.lab import RedisBenchmark, Slices, Speedup, Workload
from scalebook.services import Postgres, Redis

TIED = 10  # Players per score. The prime 7919 scatters the scores over the players.
TOP = "SELECT name, score FROM player ORDER BY score DESC, id DESC LIMIT 10"
member = "{:07}".format  # Equal scores are in the order of the letters: 0000009, 0000010.


class CountScan(Client):
    """Counts who is better, in a table that is indexed by player only."""

    sql = "SELECT 1 + count(*) FROM player WHERE score > (SELECT score FROM player WHERE id = {})"
    uses = {"rank": Plan("Seq Scan", on="player")}
    native = {"rank": Pgbench(sql.format(7)), "top": Pgbench(TOP)}

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def rank(self, player):
        return self.db.execute(self.sql.format("%s"), [player]).fetchone()[0]

    def top(self, _):
        return [list(row) for row in self.db.execute(TOP)]

    def update(self, player):
        return self.db.execute(
            "UPDATE player SET score = score + 1 WHERE id = %s", [player]
        ).rowcount


class CountIndexed(CountScan):
    """The same count with an index on the score, which it can read instead of the table."""

    uses = {"rank": Plan("Index Only Scan", "by_score"), "top": Plan("Index Scan", "by_score")}

    def prepare(self, services):
        services.pg.run("CREATE INDEX by_score ON player (score DESC, id DESC)")


class Window(CountIndexed):
    """rank() over everybody, of which one row is kept."""

    sql = "SELECT n FROM (SELECT id, rank() OVER (ORDER BY score DESC) n FROM player) WHERE id = {}"
    native = {"rank": Pgbench(sql.format(7))}


class InRedis(CountScan):
    """The scores are in the sorted set `board`, the names in the hash `names`."""

    def prepare(self, services):
        redis = services.redis.connect()
        for part in (range(first, self.at, 100) for first in range(100)):
            redis.zadd("board", {member(i): i * 7919 % (self.at // TIED) for i in part})
            redis.hset("names", mapping={member(i): f"player {i}" for i in part})

    def open(self, services):
        self.redis = services.redis.connect()


class SortedSet(InRedis):
    """A sorted set knows how many members each step skips; one script asks for score and rank."""

    script = """local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
                return redis.call('ZCOUNT', KEYS[1], '(' .. score, 'inf') + 1"""
    uses = {"rank": Command("ZCOUNT"), "top": Command("ZREVRANGE", "HMGET")}
    native = {"rank": RedisBenchmark("EVAL", script, "1", "board", member(7))}

    def rank(self, player):
        return self.redis.eval(self.script, 1, "board", member(player))

    def top(self, _):
        best = dict(self.redis.zrevrange("board", 0, 9, withscores=True))
        return list(map(list, zip(self.redis.hmget("names", [*best]), best.values(), strict=True)))

    def update(self, player):
        return 1 if self.redis.zincrby("board", 1, member(player)) else 0


class PlaceInOrder(SortedSet):
    """Broken on purpose: ZREVRANK, the one-liner, puts equal players one after another."""

    script = "return redis.call('ZREVRANK', KEYS[1], ARGV[1]) + 1"


class TwoTrips(SortedSet):
    """Broken on purpose: asks for the score, then counts; in between the player may score."""

    def rank(self, player):
        score = self.redis.zscore("board", member(player))
        return 1 + self.redis.zcount("board", f"({score}", "inf")


def ranks_are_true(run):
    """One more than the players who were better; in a race all others stand still."""
    for player, history in run.history.by_key().items() if run.trial == "interleaved" else ():
        redis = run.services.redis.connect()
        last, adds = redis.zscore("board", member(player)), len(history.ok("update"))
        true = {1 + redis.zcount("board", f"({last - n}", "inf") - (n > 0) for n in range(adds + 1)}
        wrong = (read for read in history.ok("rank") if read.result not in true)
        yield from (op.says(f"told {op.result}, true was one of {sorted(true)}") for op in wrong)


LAB = Lab(
    at=("players", [1_000, 10_000, 100_000, 1_000_000]),
    services={"pg": Postgres, "redis": Redis},
    load=f"""CREATE TABLE player AS SELECT id, 'player ' || id AS name, id * 7919::bigint
               % ({{players}} / {TIED}) AS score FROM generate_series(0, {{players}} - 1) id;
             ALTER TABLE player ADD PRIMARY KEY (id)""",
    workload=Workload(mix={"rank": 2, "top": 1, "update": 1}, keys="players"),
    variants=[CountScan, CountIndexed, Window, SortedSet, PlaceInOrder, TwoTrips],
    promises=[Promise(ranks_are_true, [SortedSet], [PlaceInOrder, TwoTrips], under="interleaved")],
    trials=[Slices(), Interleaved(clients=3, runs=60, operations=2)],
    claim=Speedup(1000, of="rank", technique=SortedSet, over=CountScan),
)
