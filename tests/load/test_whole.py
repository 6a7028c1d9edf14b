import collections
import itertools
import os
import time

import pytest

from scalebook.errors import HarnessError, LabError
from scalebook.lab import OpenLoop, Role, Workload
from scalebook.load.openloop import percentile
from scalebook.load.whole import Drive
from scalebook.services.redis import RedisAccess
from scalebook.services.rundir import RunDirectory

from .conftest import Cook

OPEN = Workload(mix={"get": 1}, keys=5, arrivals=OpenLoop(100))
NEWS = [Role("publish", clients=2, rate=60), Role("follow", clients=3, listens=True)]


def test_an_open_loop_counts_from_the_schedule_even_when_the_engine_stands_still(
    cook: Cook, cache: RedisAccess, run: RunDirectory
) -> None:
    with Drive(cook("Counter"), OPEN, [], 3.0, run, trial_seed=1) as drive:
        t0 = drive.start()
        time.sleep(max(t0 + 1.0 - time.perf_counter(), 0))
        cache.pause()
        time.sleep(0.5)
        cache.resume()
        report = drive.finish()
    assert all(op.scheduled is not None for op in report.ops)
    assert percentile([op.seconds for op in report.ops], 0.95) >= 0.3
    assert max(report.lateness_seconds) >= 0.2  # All workers were waiting for the engine,
    assert max(report.wake_lateness_seconds) < 0.5  # which is not the harness's own lateness.
    assert report.offered_rate == pytest.approx(len(report.ops) / 3.0)
    assert report.backlog_at_end == 0


def test_an_engine_that_stands_still_to_the_end_leaves_a_backlog_and_unknown_outcomes(
    cook: Cook, cache: RedisAccess, run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scalebook.load.whole.HANG_SECONDS", 0.2)
    workload = Workload(mix={"get": 1}, arrivals=OpenLoop(50, workers=2, even=True))
    with Drive(cook("Counter"), workload, [], 0.5, run, 1) as drive:
        cache.pause()
        try:
            drive.start()
            report = drive.finish()
        finally:
            cache.resume()
    assert [op.outcome for op in report.ops] == ["unknown", "unknown"]
    assert report.backlog_at_end == 25 - 2


@pytest.mark.parametrize("processes", [0, 2])
def test_a_closed_loop_works_for_its_seconds(cook: Cook, run: RunDirectory, processes: int) -> None:
    workload = Workload(mix={"incr": 1}, keys=1, clients=4, processes=processes)
    recipe = cook("Counter")
    with Drive(recipe, workload, [], 0.3, run, 1) as drive:
        t0 = drive.start()
        report = drive.finish()
    assert {op.session for op in report.ops} == {0, 1, 2, 3}
    assert min(op.start for op in report.ops) >= t0
    assert max(op.end for op in report.ops) >= t0 + 0.3
    assert recipe.services.redis.connect().get("count:0") == str(len(report.ops))
    assert (report.offered_rate, report.held) == (0.0, True)
    assert report.achieved_rate > 0


@pytest.mark.parametrize("variant, many", [("Queue", 64), ("PubSub", 64), ("PubSub", 2)])
def test_each_delivery_pairs_with_its_publish(
    cook: Cook, run: RunDirectory, monkeypatch: pytest.MonkeyPatch, variant: str, many: int
) -> None:
    monkeypatch.setattr("scalebook.load.whole.MANY_LISTENERS", many)
    with Drive(cook(variant), None, NEWS, 1.0, run, 1) as drive:
        drive.start()
        report = drive.finish()
    published = [op for op in report.ops if op.name == "publish"]
    arrived = [op for op in report.ops if op.name == "delivery"]
    assert report.listeners == 3
    assert {op.role for op in arrived} == {"follow"}
    assert len({op.key for op in published}) == len(published) > 0
    counts = collections.Counter((op.key, op.session) for op in arrived)
    assert counts == {(op.key, s): 1 for op in published for s in range(3)}
    for op in arrived:
        assert op.cause is not None
        assert op.cause.name == "publish"
        assert op.cause.key == op.key
        assert op.seconds > 0


def test_listeners_of_other_processes_have_time_for_what_is_under_way(
    cook: Cook, run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scalebook.load.whole.MANY_LISTENERS", 2)
    with Drive(cook("Late"), None, NEWS, 0.2, run, 1) as drive:
        drive.start()
        report = drive.finish()
    published = [op for op in report.ops if op.name == "publish"]
    arrived = {(op.key, op.session) for op in report.ops if op.name == "delivery"}
    assert published
    assert arrived == {(op.key, s) for op in published for s in range(3)}


def test_a_killed_listener_loses_what_it_did_not_get_and_nothing_that_it_got(
    cook: Cook, run: RunDirectory
) -> None:
    with Drive(cook("PubSub"), None, NEWS, 2.5, run, 1, own_process=["follow"]) as drive:
        t0 = drive.start()
        time.sleep(max(t0 + 0.5 - time.perf_counter(), 0))
        drive.kill("follow")
        killed = time.perf_counter()
        time.sleep(0.3)
        drive.revive("follow")
        report = drive.finish()
    published = [op for op in report.ops if op.name == "publish" and op.outcome == "ok"]
    arrived = {(op.key, op.session) for op in report.ops if op.name == "delivery"}
    missed = [op for op in published if not all((op.key, s) in arrived for s in range(3))]
    assert missed
    assert all(op.end > killed - 0.1 for op in missed)
    assert any(op.end < killed for op in report.ops if op.name == "delivery")
    assert any(op.start > killed for op in report.ops if op.name == "delivery")


def test_a_killed_publisher_loses_no_acknowledged_message(
    cook: Cook, cache: RedisAccess, run: RunDirectory
) -> None:
    with Drive(
        cook("Queue"), None, [Role("publish", clients=3)], 2.0, run, 1, ["publish"]
    ) as drive:
        t0 = drive.start()
        time.sleep(max(t0 + 0.4 - time.perf_counter(), 0))
        drive.kill("publish")
        drive.revive("publish")
        report = drive.finish()
    outcomes = collections.Counter(op.outcome for op in report.ops)
    stored = cache.connect().lrange("news", 0, -1)
    keys = [op.key for op in report.ops]
    assert len(set(keys)) == len(keys)
    assert len(set(stored)) == len(stored)
    assert {op.key for op in report.ops if op.outcome == "ok"} <= set(stored) <= set(keys)
    assert outcomes["unknown"] <= 3


def test_a_role_apart_works_in_a_process_of_its_own(cook: Cook, run: RunDirectory) -> None:
    roles = [Role("process", keys=1, rate=50, apart=apart) for apart in (False, True)]
    with Drive(cook("Whoami"), None, roles[:1], 0.3, run, 1) as drive:
        drive.start()
        here = {op.result for op in drive.finish().ops}
    with Drive(cook("Whoami"), None, roles[1:], 0.3, run, 1) as drive:
        drive.start()
        apart = {op.result for op in drive.finish().ops}
    assert here == {os.getpid()}
    assert len(apart) == 1
    assert not here & apart


def test_a_paused_role_goes_on_where_it_was(cook: Cook, run: RunDirectory) -> None:
    roles = [Role("incr", clients=1, keys=1)]
    with Drive(cook("Counter"), None, roles, 1.0, run, 1, ["incr"]) as drive:
        t0 = drive.start()
        time.sleep(max(t0 + 0.2 - time.perf_counter(), 0))
        drive.pause("incr")
        time.sleep(0.5)
        drive.resume("incr")
        report = drive.finish()
        with pytest.raises(HarnessError, match="role 'nobody'"):
            drive.pause("nobody")
    ends = sorted(op.end for op in report.ops)
    assert max(b - a for a, b in itertools.pairwise(ends)) >= 0.4


@pytest.mark.parametrize("own", [[], ["misspelt", "follow"]])
@pytest.mark.parametrize(
    "variant, role", [("Counter", Role("misspelt")), ("Deaf", Role("follow", listens=True))]
)
def test_a_fault_of_the_lab_stops_the_trial_at_once(
    cook: Cook, run: RunDirectory, variant: str, role: Role, own: list[str]
) -> None:
    def drive() -> None:
        with Drive(cook(variant), None, [role], 30.0, run, 1, own) as drive:
            drive.start()
            drive.finish()

    begin = time.perf_counter()
    with pytest.raises(LabError, match=r"shop\.py:\d+"):
        drive()
    assert time.perf_counter() - begin < 25


def test_clients_that_do_not_open_are_reported(cook: Cook, run: RunDirectory) -> None:
    with pytest.raises(LabError, match=r"BadOpen\.open failed"):
        Drive(cook("BadOpen"), OPEN, [], 1.0, run, 1)


def test_a_listener_comes_back_after_the_engine_did(
    cook: Cook, cache: RedisAccess, run: RunDirectory
) -> None:
    with Drive(cook("PubSub"), None, NEWS, 1.5, run, 1) as drive:
        drive.start()
        time.sleep(0.6)
        cache.kill()
        cache.restart()
        restarted = time.perf_counter()
        report = drive.finish()
    names = collections.Counter(op.name for op in report.ops if op.start > restarted)
    assert names["delivery"] > 0
    assert any(op.name == "follow" and op.outcome == "unknown" for op in report.ops)
