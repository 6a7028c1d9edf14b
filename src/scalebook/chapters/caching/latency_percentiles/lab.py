"""Latency percentiles: an engine stands still for a moment; which of five figures shows it?

Two clients ask one engine at the same time: `visit` arrives by a schedule, whether or not earlier
visits were answered (an open loop), and `probe` asks again once it was answered (a closed loop).
"""

import numpy as np

from scalebook.lab import Client, Fault, Invariant, Lab, Promise, Role, Whole, figure
from scalebook.services import Postgres

PAUSE_SECONDS = 0.15
NOTICED_SECONDS = PAUSE_SECONDS / 3
VISITS_PER_SECOND = 200
CONNECTIONS = 1  # That carry the visits; with more, more of them are caught by the pause.
WINDOWS = 10
CUSTOMERS = 200
ORDERS = 1_000 * CUSTOMERS


def p99(latencies):
    return float(np.percentile(latencies, 99))


class ScheduledP99(Client):
    """The 99th percentile of the visits, each timed from the moment at which it was due."""

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def visit(self, customer):
        sql = "SELECT sum(cents) FROM orders WHERE customer = %s"
        return self.db.execute(sql, [customer]).fetchone()[0]

    probe = visit

    def reported(self, history):
        """What the dashboard says of one trial, in seconds."""
        return p99([visit.end - visit.scheduled for visit in history.ok("visit")])


class SentP99(ScheduledP99):
    """The same visits, timed from the moment at which each request was sent."""

    def reported(self, history):
        return p99([visit.end - visit.start for visit in history.ok("visit")])


class ProbeP99(ScheduledP99):
    """The 99th percentile of the closed loop, which sends nothing while it waits."""

    def reported(self, history):
        return p99([probe.end - probe.start for probe in history.ok("probe")])


class MeanOfP99s(ScheduledP99):
    """A 99th percentile for each tenth of the visits, and the mean of the ten."""

    def reported(self, history):
        visits = sorted(history.ok("visit"), key=lambda visit: visit.scheduled)
        tenths = np.array_split([visit.seconds for visit in visits], WINDOWS)
        return float(np.mean([p99(tenth) for tenth in tenths]))


class Mean(ScheduledP99):
    """The mean of all visits."""

    def reported(self, history):
        return float(np.mean([visit.seconds for visit in history.ok("visit")]))


def the_pause_is_noticed(run):
    """The dashboard shows at least a third of the time for which the engine stood still."""
    if (seconds := run.client.reported(run.history)) < NOTICED_SECONDS:
        hung = max(run.history.ok("visit"), key=lambda visit: visit.end - visit.start)
        took = hung.end - hung.start
        yield hung.says(f"{seconds * 1e3:.1f} ms reported, a visit hung for {took * 1e3:.0f} ms")


@figure("s")
def reported(run):
    """What the dashboard said of this trial."""
    return run.client.reported(run.history)


WRONG = [SentP99, ProbeP99, MeanOfP99s, Mean]


def promises(seconds):
    """A 99th percentile shows a pause only where it hits more than one visit in a hundred."""
    if PAUSE_SECONDS / seconds <= 0.01:
        return [Promise(the_pause_is_noticed, broken_by=[ScheduledP99])]
    caught = WRONG if seconds == 1 else []
    return [Promise(the_pause_is_noticed, kept_by=[ScheduledP99], broken_by=caught)]


LAB = Lab(
    at=("seconds of window", [1, 4, 25]),
    services={"pg": Postgres},
    load=f"""
        CREATE TABLE orders AS SELECT i % {CUSTOMERS} AS customer, i % 10000 AS cents
          FROM generate_series(1, {ORDERS}) i;
        CREATE INDEX orders_customer ON orders (customer) INCLUDE (cents)""",
    roles=[
        Role("visit", clients=CONNECTIONS, rate=VISITS_PER_SECOND, keys=CUSTOMERS),
        Role("probe", keys=CUSTOMERS),
    ],
    variants=lambda seconds: [ScheduledP99, *(WRONG if seconds == 1 else [])],
    promises=promises,
    trials=lambda seconds: [
        Whole(
            seconds,
            faults=[Fault.pause("pg", at=0.4 * seconds, until=0.4 * seconds + PAUSE_SECONDS)],
            figures=[reported],
        )
    ],
    claim=Invariant(the_pause_is_noticed, technique=ScheduledP99),
)
