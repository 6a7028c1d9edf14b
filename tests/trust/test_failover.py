"""Repeated runs come to one state and leave nothing; `benchmarks.trust.failover` is the table."""

import copy
from typing import Any

import pytest

from benchmarks.trust.failover import Repeated, repeated
from benchmarks.trust.place import Place

RESULT: dict[str, Any] = {
    "verdict": {"state": "holds-from", "crossing": {"at": 10.0}},
    "validity": {"problems": []},
}


def of(*states_and_crossings: tuple[str, float | None], wrong: str = "") -> Repeated:
    found = Repeated("unit", runs=len(states_and_crossings))
    for state, crossing in states_and_crossings:
        result = copy.deepcopy(RESULT)
        result["verdict"]["state"] = state
        result["verdict"]["crossing"] = crossing and {"at": crossing}
        result["validity"]["problems"] = [wrong] if wrong else []
        found.add(result)
    return found


def test_equal_states_and_close_crossings_are_good() -> None:
    assert of(("holds-from", 10.0), ("holds-from", 19.0)).good
    assert of(("never", None), ("never", None)).good
    assert "none found" in of(("never", None)).row()
    assert of(("holds-from", 0.0), ("holds-from", 0.0)).spread == 1


@pytest.mark.parametrize(
    "found",
    [
        of(("holds-from", 10.0), ("never", None)),
        of(("holds-from", 10.0), ("holds-from", 21.0)),
        of(("never", None), wrong="a promise was broken"),
        Repeated("unit", runs=1),
    ],
    ids=["another state", "another crossing", "invalid", "no result"],
)
def test_whatever_differs_is_not(found: Repeated) -> None:
    assert not found.good
    assert found.row().endswith("✗ |")


def test_real_runs_leave_nothing(mine: Place) -> None:
    found = repeated(mine, "trust-held", times=2)
    assert not found.wrong
    assert sum(found.states.values()) == 2  # Alike on a quiet machine; a test may not ask that.


def test_a_run_that_fails_is_told(mine: Place) -> None:
    found = repeated(mine, "no-such-unit", times=1)
    assert not found.good
    assert "exit status 2" in found.wrong[0]


def test_a_process_that_is_left_is_told(mine: Place) -> None:
    found = repeated(mine, "trust-escaping", times=1)
    assert any("was left" in wrong for wrong in found.wrong)
