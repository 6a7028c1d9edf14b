"""The service of the bottleneck lab: three stages with places, and figures of a run from outside.

A place is a row of PostgreSQL that is locked for the time of the service, which is imposed.
"""

from typing import Any

import numpy as np

from scalebook.lab import Run, figure

__all__ = ["FIGURES", "TAKE", "build", "limit", "present"]

NAMES = ("search", "price", "stock")
PLACES_AND_SECONDS = ((16, 0.08), (4, 0.02), (1, 0.01))
TAKE = "UPDATE place SET uses = uses + 1 WHERE stage = %s AND n = %s RETURNING pg_sleep(seconds)"
SCHEMA = """
    CREATE TABLE stage (name text, places int);
    CREATE TABLE place (stage text, n int, seconds float, uses int DEFAULT 0);
    CREATE INDEX place_stage ON place (stage, n)"""


def build(services: Any, _: object) -> None:
    """Make the stages; the seed says which is called what."""
    services.pg.run(SCHEMA)
    names = services.random.sample(NAMES, len(NAMES))
    with services.pg.connect(autocommit=True) as db:
        for name, (places, seconds) in zip(names, PLACES_AND_SECONDS, strict=True):
            db.execute("INSERT INTO stage VALUES (%s, %s)", [name, places])
            for n in range(max(2, places)):  # A single place may be given a second.
                db.execute("INSERT INTO place VALUES (%s, %s, %s)", [name, n, seconds])


def limit(run: Run) -> str:
    """The stage that can serve the fewest pages a second: its places over its time."""
    sql = "SELECT name FROM stage JOIN place ON stage = name ORDER BY places / seconds LIMIT 1"
    return str(_ask(run, sql))


def present(run: Run) -> float:
    """How many clients the dashboard accounts for: throughput times time, by Little's law."""
    told = [run.client.seconds(op.result) for op in run.history.ok("page")]
    return float(throughput(run) * np.mean(told))


@figure("pages/s")
def throughput(run: Run) -> float:
    """Pages of all clients, each over the time for which that client was at work."""
    return len(run.history.ok("page")) / _span(run)


@figure("s")
def page_time(run: Run) -> float:
    """The mean time of a page."""
    return float(np.mean([op.end - op.start for op in run.history.ok("page")]))


@figure("of the time")
def busy_single(run: Run) -> float:
    """For how much of the time the stage with the single place was taken."""
    return _busy(run, "min")


@figure("of the time")
def busy_slowest(run: Run) -> float:
    """For how much of the time the places of the slowest stage were taken."""
    return _busy(run, "max")


def _busy(run: Run, which: str) -> float:
    """By the uses that the rows themselves have counted."""
    sql = f"""SELECT sum(uses * seconds) / max(places) FROM place JOIN stage ON stage = name
              WHERE places = (SELECT {which}(places) FROM stage)"""
    return float(_ask(run, sql)) / _span(run)


def _span(run: Run) -> float:
    """For how long a client was at work (s), the mean of all."""
    sessions = [session.ok("page") for session in run.history.sessions()]
    return float(np.mean([ops[-1].end - ops[0].start for ops in sessions if ops]))


def _ask(run: Run, sql: str) -> Any:
    with run.services.pg.connect(autocommit=True) as db:
        return db.execute(sql).fetchone()[0]


FIGURES = [throughput, page_time, busy_single, busy_slowest]
