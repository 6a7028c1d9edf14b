"""Who keeps and who breaks a promise, on hand-made runs."""

from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from scalebook.engine.events import Event
from scalebook.engine.matrix import Matrix, steps_of, told
from scalebook.errors import LabError
from scalebook.lab import Client, History, Op, Promise, Run, Violation


class Good(Client):
    """Keeps it."""


class Bad(Client):
    """Breaks it."""


class Other(Client):
    """Of whom the promise says nothing."""


def never_nine(run: Run) -> Iterator[Violation]:
    nines = [op for op in run.history if op.result == 9]
    for op in nines:
        yield op.says("a nine")
    if len(nines) > 1:
        yield Violation("nines", tuple(nines))


def raising(run: Run) -> list[str]:
    raise KeyError("gone")


PROMISE = Promise(never_nine, kept_by=[Good], broken_by=[Bad])


def a_run(variant: type[Client], *results: int, trial: str = "whole", at: int = 1) -> Run:
    ops = [Op("read", i, "k", float(i), i + 0.5, result=r) for i, r in enumerate(results)]
    settle = lambda seconds: nullcontext()  # noqa: E731
    return Run(History(ops), at, variant.__name__, trial, None, settle)


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def matrix(events: list[Event]) -> Matrix:
    return Matrix("redis/counters", events.append)


def test_as_the_lab_says_there_is_no_problem(matrix: Matrix, events: list[Event]) -> None:
    assert not matrix.judge([PROMISE], Good, a_run(Good, 1, 2), 5)
    assert matrix.judge([PROMISE], Bad, a_run(Bad, 1, 9), 6)

    assert matrix.problems([PROMISE]) == []
    (check,) = matrix.checks()
    assert (check.promise, check.variant, check.attempts, check.violations) == (
        "never nine",
        "Good",
        1,
        0,
    )
    (found,) = matrix.counterexamples("scalebook run x --seed 5")
    assert (found.variant, found.caught, found.seed, found.point) == ("Bad", True, 6, 1)
    assert found.replay == "scalebook run x --seed 5"
    assert [event["event"] for event in events] == ["caught"]
    assert matrix.flags == {(never_nine, 1, "Good"): True, (never_nine, 1, "Bad"): False}


def test_a_broken_promise_of_a_keeper_is_a_problem(matrix: Matrix) -> None:
    matrix.judge([PROMISE], Good, a_run(Good, 9, at=4), 5)
    matrix.judge([PROMISE], Bad, a_run(Bad, 9), 5)

    (problem,) = matrix.problems([PROMISE])
    assert problem == "Good should keep 'never nine', but broke it in whole at 4: a nine"


def test_a_breaker_that_is_not_caught_is_a_problem(matrix: Matrix) -> None:
    matrix.judge([PROMISE], Good, a_run(Good, 1), 5)
    for seed in range(3):
        matrix.judge([PROMISE], Bad, a_run(Bad, 1), seed)

    (problem,) = matrix.problems([PROMISE])
    assert problem == "Bad should break 'never nine', but 3 attempts did not catch it"
    (found,) = matrix.counterexamples("again")
    assert (found.caught, found.attempts, found.replay, found.seed) == (False, 3, None, None)


def test_a_promise_that_nobody_tried_is_a_problem(matrix: Matrix) -> None:
    assert matrix.problems([PROMISE]) == [
        "Good should keep 'never nine', but no trial tried it",
        "Bad should break 'never nine', but 0 attempts did not catch it",
    ]


def test_a_promise_under_a_trial_is_tried_there_only(matrix: Matrix) -> None:
    under = Promise(never_nine, kept_by=[Good], broken_by=[Bad], under="kill")
    assert not matrix.judge([under], Bad, a_run(Bad, 9), 1)
    assert matrix.judge([under], Bad, a_run(Bad, 9, trial="kill"), 1)

    assert matrix.wants(under, Bad, "kill")
    assert not matrix.wants(under, Bad, "whole")
    assert not matrix.wants(under, Other, "kill")
    (found,) = matrix.counterexamples("again")
    assert (found.trial, found.under, found.attempts) == ("kill", "kill", 1)


def test_of_others_only_the_flag_is_kept(matrix: Matrix) -> None:
    assert not matrix.judge([PROMISE], Other, a_run(Other, 9), 1)

    assert matrix.cells == {}
    assert matrix.flags == {(never_nine, 1, "Other"): False}


def test_a_flag_once_lowered_stays_so(matrix: Matrix) -> None:
    for result in (1, 9, 1):
        matrix.judge([PROMISE], Good, a_run(Good, result), 1)
    assert matrix.flags[never_nine, 1, "Good"] is False


def test_the_smallest_history_is_kept(matrix: Matrix) -> None:
    matrix.judge([PROMISE], Bad, a_run(Bad, 9, 9, 1), 1)
    matrix.judge([PROMISE], Bad, a_run(Bad, 9), 2)

    (found,) = matrix.counterexamples("again")
    assert found.witness[0] == "a nine"
    assert len(found.witness) == 2
    assert matrix.was_caught(PROMISE, Bad)
    assert not matrix.was_caught(PROMISE, Good)


def test_a_check_that_raises_names_itself_and_the_variant(matrix: Matrix) -> None:
    with pytest.raises(LabError, match="the check 'raising' failed on Bad at 1: KeyError: 'gone'"):
        matrix.judge([Promise(raising, broken_by=[Bad])], Bad, a_run(Bad, 1), 1)


def test_a_witness_reads_in_the_order_of_time() -> None:
    run = a_run(Bad, 9, 9)
    run = Run(
        run.history, 1, "Bad", "kill", None, run.settle, windows=(("kill", "redis", 0.5, 0.6),)
    )
    lines = told(Violation("both", tuple(reversed(list(run.history)))), run)

    assert lines[0] == "both"
    assert [line.split("ms  ")[1] for line in lines[1:]] == [
        "worker 0: read('k') -> 9, 500.0 ms",
        "kill redis",
        "worker 1: read('k') -> 9, 500.0 ms",
    ]


def test_a_short_interleaved_run_is_told_whole() -> None:
    run = a_run(Bad, 1, 9, 2, trial="interleaved")
    assert len(told(Violation("a nine"), run)) == 4


def test_the_steps_of_a_witness_count_from_the_first() -> None:
    run = a_run(Bad, 1, 9)
    (violation,) = never_nine(run)
    (step,) = steps_of(violation, run)
    assert (step.who, step.what, step.answer) == ("worker 1", "read('k')", "9")
    assert (step.start, step.end) == (0.0, 0.5)
    assert step.guilty


def test_of_a_short_race_every_step_is_shown() -> None:
    run = a_run(Bad, 1, 9, trial="interleaved")
    (violation,) = never_nine(run)
    assert [(s.who, s.start, s.guilty) for s in steps_of(violation, run)] == [
        ("worker 0", 0.0, False),
        ("worker 1", 1.0, True),
    ]
