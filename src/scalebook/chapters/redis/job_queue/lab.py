"""Job queue: what does a job cost beside n finished ones, and is any lost with its worker?"""

from threading import Timer
from time import perf_counter, sleep

from scalebook.lab import Client, Fault, Lab, Promise, Role, Speedup, Whole, figure
from scalebook.services import Postgres, Redis

SYNCHRONOUS_COMMIT = "off"
POLL_SECONDS = 0.1
PUT = "INSERT INTO job (name) VALUES (%s)"
OLDEST = "SELECT id, name FROM job WHERE NOT done ORDER BY id LIMIT 1 FOR UPDATE"


class NoIndex(Client):
    """A flag in a table, no index on it; the row stays locked until the job is done."""

    put, oldest, rest = PUT, OLDEST, staticmethod(sleep)

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def push(self, name):
        self.db.execute(self.put, [name])

    def turn(self, wait_seconds=0):
        """Do the oldest job and return its name; None, after a wait, if there is none."""
        with self.db.transaction():
            if job := self.db.execute(self.oldest).fetchone():
                self.db.execute("UPDATE job SET done = true WHERE id = %s", job[:1])
                return job[1]
        return self.rest(wait_seconds)

    def work(self, name):
        self.push(name)
        next(filter(None, iter(self.turn, "")))  # Somebody else may have been quicker.

    def undone(self):
        return [name for (name,) in self.db.execute("SELECT name FROM job WHERE NOT done")]


class SkipLocked(NoIndex):
    """An index on the jobs that wait, and a worker passes over rows that others have locked."""

    oldest = f"{OLDEST} SKIP LOCKED"

    def prepare(self, services):
        services.pg.run("CREATE INDEX job_waiting ON job (id) WHERE NOT done")


class Notified(SkipLocked):
    """The same, and an idle worker is woken by NOTIFY instead of asking again."""

    put = f"WITH put AS ({PUT}) SELECT pg_notify('job', '')"

    def open(self, services):
        self.db, self.ear = (services.pg.connect(autocommit=True) for _ in range(2))
        self.ear.execute("LISTEN job")

    def rest(self, seconds):
        list(self.ear.notifies(timeout=seconds, stop_after=1))


class ReliableList(NoIndex):
    """LMOVE into a list of the worker's own; when it starts again, that list goes back."""

    def open(self, services):
        self.redis, self.mine = services.redis.connect(), f"taken:{self.worker}"
        list(iter(lambda: self.redis.lmove(self.mine, "queue", "LEFT", "RIGHT"), None))

    def push(self, name):
        self.redis.pipeline().hset("jobs", name, "payload").lpush("queue", name).execute()

    def turn(self, wait_seconds=0.001):
        job = self.redis.blmove("queue", self.mine, wait_seconds, "RIGHT", "LEFT")
        self.redis.pipeline().hdel("jobs", job or "").lrem(self.mine, 1, job or "").execute()
        return job

    def undone(self):
        return self.redis.hkeys("jobs")


class PlainPop(ReliableList):
    """Broken on purpose: RPOP; from then on only the worker knows the job."""

    def turn(self, wait_seconds=0):
        return (job := self.redis.rpop("queue")) and self.redis.hdel("jobs", job) and job


def no_job_is_lost(run):
    """When the workers are back and have emptied the queue, every job is done."""
    list(iter(run.client.turn, None))
    undone = {*run.client.undone()}
    yield from (op.says(f"job {op.key} was never done") for op in run.history if op.key in undone)


@figure("s")
def pick_up(run):
    """The mean wait of ten jobs, spread over a poll interval, for one idle worker."""
    list(iter(run.client.turn, None))  # Empties the queue.
    waited = 0.0
    for tenth in range(10):
        Timer(tenth * POLL_SECONDS / 10, lambda: run.client.push(str(perf_counter()))).start()
        pushed = next(filter(None, iter(lambda: run.client.turn(POLL_SECONDS), "")))
        waited += perf_counter() - float(pushed)
    return waited / 10


GOOD, KILL = [NoIndex, SkipLocked, Notified, ReliableList], Fault.kill("work", at=0.2, back=0.4)
LAB = Lab(
    at=("finished jobs in the table", [0, 10_000, 100_000, 1_000_000]),
    services={"pg": Postgres(settings={"synchronous_commit": SYNCHRONOUS_COMMIT}), "redis": Redis},
    load="""CREATE TABLE job (id bigserial PRIMARY KEY, name text, done boolean DEFAULT false);
            INSERT INTO job (name, done) SELECT 'old', true FROM generate_series(1, {at})""",
    roles=[Role("work", clients=4)],
    variants=[*GOOD, PlainPop],
    promises=[Promise(no_job_is_lost, kept_by=GOOD, broken_by=[PlainPop], under="kill")],
    trials=[Whole(0.2, fresh=False), Whole(0.6, faults=[KILL], figures=[pick_up])],
    claim=Speedup(1100, of="work", technique=ReliableList, over=NoIndex),
)
