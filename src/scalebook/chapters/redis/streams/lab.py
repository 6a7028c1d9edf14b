"""Event log: what does appending events cost, and does a reader see each of them, in order?"""

import itertools

from scalebook.lab import Client, Command, Interleaved, Lab, Promise, Slices, Speedup
from scalebook.lab import Workload, anything, figure
from scalebook.services import Postgres, Redis

PAGE = 100  # At most so many events for one read.


class Table(Client):
    """Rows; a reader goes in the order of transactions, and no further than all have ended."""

    place = "0", 0
    newer = """SELECT xact::text, id, body FROM event e WHERE log = %s AND (xact, id) > (%s, %s)
               AND xact < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY e.xact, id LIMIT %s"""

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)
        self.numbers, self.places = itertools.count(), {}

    def append(self, log):
        events = [f"{self.worker}:{next(self.numbers)}" for _ in range(self.at)]
        self.put(log, events)
        return events

    def put(self, log, events):
        with self.db.transaction():  # Where the change that the events tell of would be, too.
            self.db.execute("INSERT INTO event SELECT %s, unnest(%s::text[])", [log, events])

    def read(self, log):
        found = self.after(log, self.places.setdefault(log, self.place), PAGE)
        self.places[log] = [self.places[log], *(place for place, _ in found)][-1]
        return [body for _, body in found]

    def after(self, log, place, most):
        rows = self.db.execute(self.newer, [log, *place, most])
        return [((xact, number), body) for xact, number, body in rows]

    @figure("bytes")
    def size(self):
        """What an event takes, indexes and all."""
        sql = "SELECT pg_total_relation_size('event') / greatest(count(*), 1) FROM event"
        return self.db.execute(sql).fetchone()[0]


class UnflushedTable(Table):
    """The same with synchronous_commit off: a crash may lose the last moments."""

    def open(self, services):
        super().open(services)
        self.db.execute("SET synchronous_commit = off")


class SerialTable(Table):
    """Broken on purpose: goes by the number alone, which is drawn long before the commit."""

    newer = """SELECT '0', id, body FROM event WHERE log = %s AND %s = '0' AND id > %s
               ORDER BY id LIMIT %s"""


class Stream(Table):
    """XADD; the server numbers the entries as they arrive, and XRANGE goes on behind a number."""

    uses = {"append": Command("XADD"), "read": Command("XRANGE")}
    service, place = "redis", "-"  # type: ignore[assignment]

    def open(self, services):
        self.redis = services[self.service].connect()
        self.numbers, self.places = itertools.count(), {}

    def put(self, log, events):
        pipe = self.redis.pipeline(transaction=False)
        for event in events:
            pipe.xadd(log, {"body": event})
        pipe.execute()

    def after(self, log, place, most):
        found = self.redis.xrange(log, min=place, count=most)
        return [(f"({number}", fields["body"]) for number, fields in found]

    @figure("bytes")
    def size(self):
        return self.redis.memory_usage(0, samples=0) / self.redis.xlen(0)


class FlushedStream(Stream):
    """The same in a server that flushes its log before it answers."""

    service = "flushed"


def every_event_once_and_in_order(run):
    """What a reader has seen is how the log begins, and the log holds what was acknowledged."""
    for log, history in run.history.by_key().items():
        events = [body for _, body in run.client.after(log, run.client.place, None)]
        missing = {e for op in history.ok("append") for e in op.result} - {*events}
        yield from (f"{event} was acknowledged, and is not in the log" for event in missing)
        for session in history.sessions():
            seen = [(body, op) for op in session.ok("read") for body in op.result]
            for number, (body, op) in enumerate(seen):
                if (kept := events[number : number + 1]) != [body]:
                    yield op.says(f"got {body} where the log has {kept}")
                    break


GOOD = [Table, UnflushedTable, Stream, FlushedStream]
LAB = Lab(
    at=("events in one append", [1, 8, 64, 512]),
    services={"pg": Postgres, "redis": Redis, "flushed": Redis(appendonly="always")},
    load="""CREATE TABLE event (log int, body text, id bigserial,
              xact xid8 DEFAULT pg_current_xact_id(), PRIMARY KEY (log, xact, id))""",
    workload=Workload(mix={"append": 2, "read": 1}, clients=4),
    variants=[*GOOD, SerialTable],
    promises=[Promise(every_event_once_and_in_order, kept_by=GOOD, broken_by=[SerialTable])],
    trials=[Slices(seconds=0.05), Interleaved(clients=3, runs=60, operations=4)],
    agree={"read": anything},  # How far a reader gets in one page is not the question.
    claim=Speedup(37, of="append", technique=Stream, over=Table),
)
