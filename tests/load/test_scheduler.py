import collections
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from scalebook.errors import HarnessError, LabError
from scalebook.lab import Interleaved, Op, Role, Workload
from scalebook.load import scheduler
from scalebook.load.scheduler import Scheduler
from scalebook.load.session import Recipe
from scalebook.services.postgres_access import PostgresAccess
from scalebook.services.redis import RedisAccess
from scalebook.services.rundir import RunDirectory

from .conftest import Cook

BUY = Workload(mix={"buy": 1})
TRIAL = Interleaved(clients=3)
RACY = ["CheckThenTake", "SelectThenUpdate"]
SOUND = ["Script", "ConditionalUpdate", "SelectForUpdate"]


@contextmanager
def scheduled(recipe: Recipe, run: RunDirectory, trial: Interleaved = TRIAL) -> Iterator[Scheduler]:
    made = Scheduler(recipe, BUY, trial, run)
    try:
        yield made
    finally:
        made.close()


def sold(ops: list[Op]) -> int:
    return sum(op.result is True for op in ops)


@pytest.mark.parametrize("variant", RACY)
def test_a_race_on_the_last_item_is_found_and_replays_from_its_seed(
    cook: Cook, stock: PostgresAccess, run: RunDirectory, variant: str
) -> None:
    with scheduled(cook(variant, pg=stock), run) as made:
        seed = next(seed for seed in range(60) if sold(made.run(seed, seed)) > 2)
        order = list(made.order)
        for again in range(10):
            assert sold(made.run(100 + again, seed)) > 2
            assert made.order == order
    with scheduled(cook(variant, pg=stock), run) as other:
        assert sold(other.run(200, seed)) > 2
        assert other.order == order


@pytest.mark.parametrize("variant", SOUND)
def test_a_sound_variant_is_never_accused(
    cook: Cook, stock: PostgresAccess, run: RunDirectory, variant: str
) -> None:
    with scheduled(cook(variant, pg=stock), run) as made:
        for seed in range(200):
            ops = made.run(seed, seed)
            assert [op.outcome for op in ops] == ["ok"] * 3
            assert sold(ops) == 2
            assert {(op.session, op.key) for op in ops} == {(s, seed) for s in range(3)}


def test_transactions_and_pipelines_are_one_command_each_time_they_wait(
    cook: Cook, stock: PostgresAccess, run: RunDirectory
) -> None:
    commands = {
        "CheckThenTake": 3,  # SET, GET, DECR
        "Pipelined": 1,
        "ConditionalUpdate": 1,
        "SelectThenUpdate": 3,  # BEGIN and SELECT, UPDATE, COMMIT
    }
    for place, (variant, most) in enumerate(commands.items()):
        with scheduled(cook(variant, pg=stock), run) as made:
            for number in range(8):
                made.run(place * 100 + number, number)
                assert max(collections.Counter(made.order).values()) == most, variant


def test_a_client_that_polls_for_a_lock_cannot_keep_its_holder_waiting(
    cook: Cook, run: RunDirectory
) -> None:
    with scheduled(cook("SpinLock"), run) as made:
        for seed in range(20):
            assert sold(made.run(seed, seed)) == 2


def test_serialization_failures_and_deadlocks_are_failures(
    cook: Cook, stock: PostgresAccess, run: RunDirectory
) -> None:
    stock.run("ALTER SYSTEM SET deadlock_timeout = '50ms'")
    stock.run("SELECT pg_reload_conf()")
    for variant, state in (("Serializable", "40001"), ("Deadlock", "40P01")):
        errors = set()
        with scheduled(cook(variant, pg=stock), run) as made:
            for seed in range(40):
                ops = made.run(seed, seed)
                assert sold(ops) <= 3
                errors |= {op.error for op in ops if op.outcome == "failed" and op.error}
        assert errors
        assert all(f"[{state}]" in error for error in errors)


def test_roles_take_the_clients_in_turn_and_operations_repeat(
    cook: Cook, run: RunDirectory
) -> None:
    roles = [Role("incr", clients=2), Role("get"), Role("follow", listens=True)]
    made = Scheduler(cook("Counter"), roles, Interleaved(clients=3, operations=2), run)
    ops = made.run(7, 1)
    made.close()
    kinds = collections.Counter((op.name, op.role, op.session) for op in ops)
    assert kinds == {("incr", "incr", 0): 2, ("incr", "incr", 1): 2, ("get", "get", 2): 2}


def test_a_mix_of_its_own_stands_in_for_the_workload_s(cook: Cook, run: RunDirectory) -> None:
    work = Workload(mix={"get": 1_000_000, "incr": 1})
    trial = Interleaved(clients=2, operations=3, mix={"incr": 1})
    made = Scheduler(cook("Counter"), work, trial, run)
    ops = made.run(7, 1)
    made.close()
    assert [op.name for op in ops] == ["incr"] * 6


def test_the_seed_decides_operations_and_the_client_s_own_choices(
    cook: Cook, run: RunDirectory
) -> None:
    work = Workload(mix={"get": 1, "incr": 1, "chosen": 1})
    made = Scheduler(cook("Counter"), work, Interleaved(clients=2, operations=5), run)

    def did(number: int, seed: int) -> list[tuple[int, str, object]]:
        return [
            (op.session, op.name, op.result if op.name == "chosen" else None)
            for op in made.run(number, seed)
        ]

    assert did(1, 5) == did(2, 5)
    assert did(3, 5) != did(4, 6)
    made.close()


def test_a_run_that_never_ends_is_the_harness_s_error(
    cook: Cook, stock: PostgresAccess, run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "RUN_SECONDS", 0.5)
    begin = time.monotonic()
    match = "client 0 is blocked"
    with (
        scheduled(cook("Forever", pg=stock), run) as made,
        pytest.raises(HarnessError, match=match),
    ):
        made.run(1, 1)
    assert time.monotonic() - begin < 20


def test_faults_of_the_lab_surface(cook: Cook, cache: RedisAccess, run: RunDirectory) -> None:
    made = Scheduler(cook("Counter"), Workload(mix={"misspelt": 1}), TRIAL, run)
    with pytest.raises(LabError, match=r"shop\.py:\d+"):
        made.run(1, 1)
    made.close()
    with pytest.raises(LabError, match=r"BadOpen\.open failed"):
        Scheduler(cook("BadOpen"), BUY, TRIAL, run)
    with pytest.raises(LabError, match="nobody whose commands"):
        Scheduler(cook("Queue"), [Role("follow", listens=True)], TRIAL, run)
