"""Leaderboards in Lua: what does a script save when a score counts on several boards at once?

A player is on n boards (the world, a country, a club). `score` raises one score on all of them;
`around` tells the place on each, and who stands up to two places above and below.
"""

from scalebook.lab import Client, Command, Interleaved, Lab, Latency, Promise, Slices, Workload
from scalebook.lab import figure
from scalebook.services import Redis

PLAYERS = 1_000
POINTS = 50  # Enough to overtake a few: scores are 10 apart on the average.
REACH = 2  # Neighbours above, and as many below.
SCORE = """local score for _, board in ipairs(KEYS) do
    score = redis.call('ZINCRBY', board, ARGV[2], ARGV[1]) end return tonumber(score)"""
AROUND = """local told = {} for i, board in ipairs(KEYS) do
    local place = redis.call('ZREVRANK', board, ARGV[1])
    local from, to = math.max(0, place - ARGV[2]), place + ARGV[2]
    told[i] = {place, redis.call('ZREVRANGE', board, from, to, 'WITHSCORES')} end return told"""


def load(services, boards):
    redis = services.redis.connect()
    redis.zadd("board:0", {i: services.random.randrange(10 * PLAYERS) for i in range(PLAYERS)})
    for n in range(1, boards):
        redis.copy("board:0", f"board:{n}")


class OneByOne(Client):
    """A trip for every board, and two for the neighbours on each."""

    uses = {"score": Command("ZINCRBY"), "around": Command("ZREVRANK", "ZREVRANGE")}

    def open(self, services):
        self.server, self.redis = services.redis, services.redis.connect()
        self.boards = [f"board:{n}" for n in range(self.at)]

    def score(self, player):
        return [self.redis.zincrby(board, POINTS, player) for board in self.boards][-1]

    def around(self, player):
        places = [(board, self.redis.zrevrank(board, player)) for board in self.boards]
        return [[at[1], self.window(self.redis, *at)] for at in places]

    def window(self, to, board, at):
        return to.execute_command("ZREVRANGE", board, max(0, at - REACH), at + REACH, "WITHSCORES")

    @figure("round trips")
    def trips(self):
        _, before, _ = self.around(0), self.server.round_trips, self.around(0)
        return self.server.round_trips - before


class Transaction(OneByOne):
    """MULTI and EXEC: the places; then again with their neighbours, until no place has moved."""

    trusting = False

    def score(self, player):
        pipe = self.redis.pipeline()
        for board in self.boards:
            pipe.zincrby(board, POINTS, player)
        return pipe.execute()[-1]

    def around(self, player):
        guess: list = []
        while True:
            pipe = self.redis.pipeline()
            for board in self.boards:
                pipe.zrevrank(board, player)
            for at in zip(self.boards, guess, strict=False):
                self.window(pipe, *at)
            answers = pipe.execute()
            if guess and (self.trusting or guess == answers[: self.at]):
                return [*map(list, zip(guess, answers[self.at :], strict=True))]
            guess = answers[: self.at]


class Script(OneByOne):
    """One script raises all scores; one finds the places and, in the same step, the neighbours."""

    uses = {"score": Command("EVAL"), "around": Command("EVAL")}

    def score(self, player):
        return self.redis.eval(SCORE, self.at, *self.boards, player, POINTS)

    def around(self, player):
        return self.redis.eval(AROUND, self.at, *self.boards, player, REACH)


class BoardByBoard(Script):
    """Broken on purpose: each board is raised in one step, and all of them are not."""

    score = OneByOne.score


class TwoTrips(Transaction):
    """Broken on purpose: does not ask whether the places have moved since the first trip."""

    trusting = True


def boards_always_agree(run):
    """Who looks at all boards stands on each at the place told, and with the same score."""
    for op in run.history.ok("around"):
        there = {tuple(rows[2 * min(place, REACH) :][:2]) for place, rows in op.result}
        if len(there) > 1 or str(op.key) not in dict(there):
            yield op.says(f"at the places told stand (player, score) {sorted(there)}")


LAB = Lab(
    at=("boards", [2, 8, 32, 128]),
    services={"redis": Redis},
    load=load,
    workload=Workload({"score": 1, "around": 1}, keys=PLAYERS),
    variants=[OneByOne, Transaction, Script, BoardByBoard, TwoTrips],
    promises=[Promise(boards_always_agree, [Transaction, Script], [BoardByBoard, TwoTrips])],
    trials=[Slices(), Interleaved(operations=2)],
    claim=Latency(of="around", technique=Script, over=Transaction),
)
