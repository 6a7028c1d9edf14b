"""Sessions: what does a request move and take, by the size of the session, and is a field lost?"""

import json

from scalebook.lab import Client, Command, Interleaved, Lab, Latency, Promise, Slices, Workload
from scalebook.lab import figure
from scalebook.services import Postgres, Redis

SESSIONS = 100
TTL_SECONDS = 1_800
SELECT = f"""SELECT data ->> 'user', data ->> %s, expires < now() + '{TTL_SECONDS / 2} s'
             FROM session WHERE id = %s AND expires > now()"""
UPSERT = f"""INSERT INTO session VALUES (%s, %s, now() + '{TTL_SECONDS} s') ON CONFLICT (id)
             DO UPDATE SET data = session.data || excluded.data, expires = excluded.expires"""


class Table(Client):
    """A row with a jsonb column; a view prolongs it only when half of its time is over."""

    puts = 0

    def prepare(self, services):
        self.open(services)
        more = {f"field{i}": self.random.randbytes(50).hex() for i in range(1, self.at)}
        for key in range(SESSIONS):
            self.write(key, {"user": f"user{key}", **more})

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def view(self, key):
        """Two fields of a session; from now on it lives for its full time."""
        user, cart, late = self.db.execute(SELECT, [f"cart{self.worker}", key]).fetchone()
        if late:
            self.write(key, {})
        return [user, cart]

    def put(self, key):
        """Store a field of our own, and return what it is now."""
        self.puts += 1
        self.write(key, {f"cart{self.worker}": str(self.puts)})
        return self.puts

    def write(self, key, change):
        self.db.execute(UPSERT, [key, json.dumps(change)])


class Blob(Table):
    """All of a session as one JSON text in Redis; a change starts anew if somebody was faster."""

    def open(self, services):
        self.redis = services.redis.connect()

    def view(self, key):
        fields = json.loads(self.redis.getex(key, ex=TTL_SECONDS))
        return [fields["user"], fields.get(f"cart{self.worker}")]

    def write(self, key, change):
        def attempt(pipe):
            text = json.dumps(json.loads(pipe.get(key) or "{}") | change)
            pipe.multi()
            pipe.set(key, text, ex=TTL_SECONDS)

        self.redis.transaction(attempt, key)

    @figure("bytes")
    def memory(self):
        return self.redis.memory_usage(0, samples=0)

    @figure("bytes")
    def traffic(self):
        """Of a view and a put, both ways, as the server counts, less what asking it costs."""
        marks = []
        for calls in (0, 0, 100):
            [(self.view(0), self.put(0)) for _ in range(calls)]
            told = self.redis.info("stats")
            marks.append(told["total_net_input_bytes"] + told["total_net_output_bytes"])
        return (marks[2] - 2 * marks[1] + marks[0]) / 100


class Hash(Blob):
    """A hash: a request moves the fields that it wants, and the server changes them."""

    uses = {"view": Command("HMGET", "EXPIRE"), "put": Command("HSET", "EXPIRE")}

    def view(self, key):
        pipe = self.redis.pipeline(False).hmget(key, "user", f"cart{self.worker}")
        return pipe.expire(key, TTL_SECONDS).execute()[0]

    def write(self, key, change):
        self.redis.pipeline(False).hset(key, mapping=change).expire(key, TTL_SECONDS).execute()


class LastWriteWins(Blob):
    """Broken on purpose: reads the blob, changes it, writes it back."""

    def write(self, key, change):
        fields = json.loads(self.redis.get(key) or "{}") | change
        self.redis.set(key, json.dumps(fields), ex=TTL_SECONDS)


def no_field_is_lost(run):
    """What a worker was told to be stored is there, or something newer of its own."""
    for put in {(op.key, op.session): op for op in run.history.ok("put")}.values():
        run.client.worker = put.session
        if (found := int(run.client.view(put.key)[1] or 0)) < put.result:
            later = [op for op in run.history.ok("put") if op.key == put.key and op.end > put.end]
            yield put.says(f"{put.result} was stored, and {found} is there", *later[:1])


LAB = Lab(
    at=("fields", [4, 32, 256, 1_024]),
    services={"pg": Postgres(settings={"synchronous_commit": "off"}), "redis": Redis},
    load="CREATE TABLE session (id int PRIMARY KEY, data jsonb, expires timestamptz)",
    workload=Workload(mix={"view": 4, "put": 1}, keys=SESSIONS),
    variants=[Table, Blob, Hash, LastWriteWins],
    promises=[Promise(no_field_is_lost, [Table, Blob, Hash], [LastWriteWins])],
    trials=[Slices(), Interleaved(operations=5)],
    claim=Latency(of="view", technique=Hash, over=Blob),
)
