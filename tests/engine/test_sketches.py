"""The vocabulary's hard cases run for real: roles, replicas, steps, programs, each with its bug."""

from collections.abc import Callable
from pathlib import Path

from scalebook.engine import Outcome
from scalebook.results.record import Result

SKETCHES = Path(__file__).parent.parent / "sketches"
Measure = Callable[..., Outcome]


def kept(result: Result) -> set[tuple[str, str]]:
    assert all(check.attempts for check in result.checks)
    return {(check.promise, check.variant) for check in result.checks if not check.violations}


def caught(result: Result) -> set[tuple[str, str]]:
    return {(found.promise, found.variant) for found in result.counterexamples if found.caught}


def run(measure: Measure, name: str) -> Result:
    result = measure(SKETCHES / name).result
    assert result.validity.valid, result.validity.problems
    return result


def test_a_killed_subscriber_misses_messages_of_pubsub_and_none_of_a_stream(
    measure: Measure,
) -> None:
    result = run(measure, "pubsub")

    assert ("at least once", "Stream") in kept(result)
    assert caught(result) == {("at least once", "PubSub")}
    assert any("never reached" in line for line in result.counterexamples[0].witness)
    (point,) = result.points
    assert point.variants["PubSub"].statistics["delivery median"].value > 0
    (ratio,) = [ratio for ratio in point.ratios if ratio.claim]
    assert (ratio.op, ratio.statistic) == ("delivery", "median")


def test_a_lagging_replica_hides_a_sessions_own_writes(measure: Measure) -> None:
    result = run(measure, "read_replicas")

    promise = "own writes are seen"
    assert kept(result) == {(promise, "PrimaryOnly"), (promise, "ReadYourWrites")}
    assert caught(result) == {(promise, "RoundRobin")}
    for point in result.points:
        for variant in point.variants.values():
            figure = variant.evidence.figures["failover: downtime"]
            assert figure.unit == "seconds"
            assert 0 < figure.value < 3
    capacity = result.services["pg"].capacity
    assert capacity is not None
    assert capacity.slots == 2


def test_a_naive_migration_fails_requests_and_a_careful_one_none(measure: Measure) -> None:
    result = run(measure, "migration")

    assert kept(result) == {("no request fails", "ExpandThenValidate")}
    assert caught(result) == {("no request fails", "NaiveAlter")}
    assert result.verdict.state == "holds"


def test_a_payment_that_acknowledges_first_loses_an_order_when_killed(measure: Measure) -> None:
    result = run(measure, "saga")

    assert kept(result) == {("each order is paid", "Orchestrated")}
    assert caught(result) == {("each order is paid", "Forgetful")}
    assert result.verdict.state == "holds"
