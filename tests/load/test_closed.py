import collections
import gc
import itertools
import time
from dataclasses import replace

import pytest

from scalebook.errors import LabError
from scalebook.lab import Workload
from scalebook.load import closed
from scalebook.load.closed import ClosedLoop
from scalebook.services.redis import RedisAccess
from scalebook.services.rundir import RunDirectory

from .conftest import Cook

MIX = Workload(mix={"get": 99.9, "incr": 0.1}, keys=5)


@pytest.mark.parametrize("clients, processes", [(1, 0), (4, 0), (4, 2)])
def test_a_slice_holds_each_kind_and_every_operation_was_really_done(
    cook: Cook, cache: RedisAccess, run: RunDirectory, clients: int, processes: int
) -> None:
    workload = replace(MIX, clients=clients, processes=processes)
    before = cache.counters()
    counts: collections.Counter[str] = collections.Counter()
    with ClosedLoop(cook("Counter"), workload, run, trial_seed=1) as loop:
        for _ in range(3):
            ops = loop.slice(0.0)
            assert {op.name for op in ops} == {"get", "incr"}
            assert {op.session for op in ops} == set(range(clients))
            assert {op.outcome for op in ops} == {"ok"}
            counts.update(op.name for op in ops)
    after = cache.counters()
    for name, command in (("get", "get"), ("incr", "incrby")):
        assert after[command] - before.get(command, 0) == counts[name]


def test_every_client_works_until_the_time_is_over(cook: Cook, run: RunDirectory) -> None:
    with ClosedLoop(cook("Counter"), replace(MIX, clients=3), run, 1) as loop:
        begin = time.perf_counter()
        ops = loop.slice(0.1)
    assert all(begin <= op.start <= op.end for op in ops)
    for session in range(3):
        mine = [op for op in ops if op.session == session]
        assert max(op.end for op in mine) >= begin + 0.1
        assert all(a.end <= b.start for a, b in itertools.pairwise(mine))
    assert gc.isenabled()


def test_the_same_seed_asks_for_the_same(cook: Cook, run: RunDirectory) -> None:
    def asked(seed: int) -> list[tuple[str, object]]:
        with ClosedLoop(cook("Counter"), replace(MIX, keys=1000), run, seed) as loop:
            ops = [op for _ in range(5) for op in loop.slice(0.0)]
        return [(op.name, op.key) for op in ops]

    assert asked(1) == asked(1)
    assert asked(1) != asked(2)


@pytest.mark.parametrize("processes", [0, 1])
def test_a_fault_of_the_lab_stops_the_slice(cook: Cook, run: RunDirectory, processes: int) -> None:
    workload = Workload(mix={"misspelt": 1}, processes=processes)
    loop = ClosedLoop(cook("Counter"), workload, run, 1)
    with loop, pytest.raises(LabError, match=r"shop\.py:\d+"):
        loop.slice(0.01)
    with pytest.raises(LabError, match=r"BadOpen\.open failed"):
        ClosedLoop(cook("BadOpen"), workload, run, 1)


def test_errors_do_not_stop_the_loop(cook: Cook, run: RunDirectory) -> None:
    with ClosedLoop(cook("Counter"), Workload(mix={"wrong": 1}), run, 1) as loop:
        assert {op.outcome for op in loop.slice(0.01)} == {"failed"}
        assert len(loop.slice(0.0)) == 1


def test_what_a_process_prints_or_cannot_pickle_does_no_harm(cook: Cook, run: RunDirectory) -> None:
    workload = Workload(mix={"prints": 1, "unpicklable": 1}, processes=1)
    with ClosedLoop(cook("Counter"), workload, run, 1) as loop:
        ops = loop.slice(0.0)
    assert {op.name for op in ops} == {"prints", "unpicklable"}
    assert any("function" in str(op.result) for op in ops)


def test_a_client_that_hangs_is_cut_off_and_its_operation_unknown(
    cook: Cook, cache: RedisAccess, run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed, "HANG_SECONDS", 0.3)
    with ClosedLoop(cook("Counter"), replace(MIX, clients=2), run, 1) as loop:
        assert loop.slice(0.0)
        cache.pause()
        try:
            ops = loop.slice(0.05)
        finally:
            cache.resume()
        assert [op.outcome for op in ops] == ["unknown"] * len(ops)
        assert {op.session for op in ops} == {0, 1}
        monkeypatch.undo()
        assert {op.outcome for op in loop.slice(0.05)} == {"ok"}
