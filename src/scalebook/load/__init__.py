"""Load: closed and open loops, the scheduler that finds races, native generators."""

from scalebook.load.closed import ClosedLoop
from scalebook.load.native import NativeReport, measure, pgbench, redis_benchmark
from scalebook.load.scheduler import Scheduler
from scalebook.load.session import Recipe, Session, close_client, new_session, open_client
from scalebook.load.whole import Drive, WholeReport

__all__ = [
    "ClosedLoop",
    "Drive",
    "NativeReport",
    "Recipe",
    "Scheduler",
    "Session",
    "WholeReport",
    "close_client",
    "measure",
    "new_session",
    "open_client",
    "pgbench",
    "redis_benchmark",
]
