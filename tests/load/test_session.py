import pickle

import pytest

from scalebook.errors import HarnessError, LabError
from scalebook.lab import Client
from scalebook.load.session import (
    Recipe,
    Session,
    close_client,
    connections_of,
    new_session,
    open_client,
)
from scalebook.services import Redis
from scalebook.services.namespace import Services
from scalebook.services.provide import Provisions
from scalebook.services.rundir import RunDirectory

from .conftest import SHOP, Cook


def test_an_operation_is_timed_and_its_result_kept(cook: Cook) -> None:
    session = new_session(cook("Counter"), 3, trial_seed=1)
    op = session.call("incr", 5)
    assert (op.name, op.session, op.key, op.outcome, op.result) == ("incr", 3, 5, "ok", 1)
    assert op.start < op.end
    assert op.error is None
    session.record("get", 5, scheduled=op.start)
    (kept,) = session.take()
    assert (kept.name, kept.result, kept.scheduled) == ("get", "1", op.start)
    assert session.take() == []


def test_an_error_of_the_engine_is_counted_with_its_text(cook: Cook) -> None:
    op = new_session(cook("Counter"), 0, 1).call("wrong", 5)
    assert op.outcome == "failed"
    assert op.error is not None
    assert "unknown command" in op.error


def test_a_programming_fault_of_the_lab_surfaces_with_its_line(cook: Cook) -> None:
    line = next(i for i, text in enumerate(SHOP.read_text().splitlines(), 1) if "rediss" in text)
    with pytest.raises(LabError, match=rf"shop\.py:{line}: Counter\.misspelt failed: Attribute"):
        new_session(cook("Counter"), 0, 1).call("misspelt", 5)


def test_an_operation_still_to_be_written_is_no_failure_of_the_engine(cook: Cook) -> None:
    with pytest.raises(LabError, match=r"Counter\.unwritten failed: NotImplementedError"):
        new_session(cook("Counter"), 0, 1).call("unwritten", 5)


def test_a_type_error_after_a_success_is_a_failure(cook: Cook) -> None:
    session = new_session(cook("Counter"), 0, 1)
    session.record("sometimes", 1)
    session.record("sometimes", "a")
    assert [op.outcome for op in session.take()] == ["ok", "failed"]
    with pytest.raises(LabError):
        new_session(cook("Counter"), 0, 1).call("sometimes", "a")


def test_random_choices_depend_on_seed_role_and_worker(cook: Cook) -> None:
    def draws(worker: int, seed: int, role: str) -> object:
        client = open_client(cook("Counter"), worker, seed, role)
        return Session(client).call("chosen", 0).result

    assert draws(1, 7, "a") == draws(1, 7, "a")
    assert len({draws(1, 7, "a"), draws(2, 7, "a"), draws(1, 8, "a"), draws(1, 7, "b")}) == 4


def test_a_recipe_crosses_processes(cook: Cook) -> None:
    recipe: Recipe = pickle.loads(pickle.dumps(cook("Counter")))
    client = open_client(recipe, 0, 1)
    assert client.at == 10
    assert Session(client).call("incr", 1).outcome == "ok"
    assert recipe.variant_class() is type(client)


def test_a_client_that_does_not_open_is_the_lab_s_fault(cook: Cook) -> None:
    with pytest.raises(LabError, match=r"shop\.py:\d+: BadOpen\.open failed"):
        open_client(cook("BadOpen"), 0, 1)
    with pytest.raises(LabError, match="no client is called 'Nobody'"):
        open_client(cook("Nobody"), 0, 1)


def test_a_closed_client_has_let_go_of_its_connections(cook: Cook) -> None:
    session = new_session(cook("Counter"), 0, 1)
    watcher = cook("Counter").services.redis.connect()
    before = len(watcher.client_list())
    close_client(session.client)
    assert len(watcher.client_list()) == before - 1


def test_a_lost_answer_is_unknown_and_the_client_comes_back(
    run: RunDirectory, provisions: Provisions
) -> None:
    with Redis(appendonly="always").start("victim", run, provisions) as deployment:
        access = deployment.access("test")
        recipe = Recipe(SHOP, {}, "Counter", 1, Services({"redis": access}), seed=1)
        session = new_session(recipe, 0, 1)
        assert session.call("incr", 1).outcome == "ok"
        access.kill()
        lost, refused = session.call("incr", 1), session.call("incr", 1)
        assert lost.outcome == "unknown"
        assert session.broken
        assert refused.outcome == "failed"  # Nothing was sent: it could not even connect.
        assert refused.error is not None
        assert refused.error.startswith("cannot reconnect")
        with pytest.raises(HarnessError, match="cannot connect"):
            open_client(recipe, 1, 1)
        access.restart()
        again = session.call("incr", 1)
        assert (again.outcome, again.result) == ("ok", 2)
        assert not session.broken


def test_a_client_may_keep_its_services() -> None:
    services = Services({})
    client = Client()
    vars(client)["services"] = services

    assert list(connections_of(client)) == []
    with pytest.raises(LabError, match="no service or program is called 'pg'"):
        _ = services.pg
