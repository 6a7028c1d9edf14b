"""The hard cases that the vocabulary must be able to say, as small labs in tests/sketches."""

from pathlib import Path

import pytest

from scalebook.lab import Exact, Fault, Lab, Latency, Step, Whole
from scalebook.labfile import import_lab
from scalebook.services import Capacity, Postgres

SKETCHES = Path(__file__).parents[1] / "sketches"
NAMES = sorted(path.parent.name for path in SKETCHES.glob("*/lab.py"))


def lab(name: str) -> Lab:
    return import_lab(SKETCHES / name / "lab.py")


def whole(name: str, trial: str) -> Whole:
    made = lab(name)
    (found,) = [t for t in made.resolved(made.points[0]).trials if t.name == trial]
    assert isinstance(found, Whole)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_sketch_can_be_said_and_is_short(name: str) -> None:
    made = lab(name)

    for point in made.points:
        assert made.resolved(point).variants
    lines = (SKETCHES / name / "lab.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150


def test_there_is_one_for_each_hard_case() -> None:
    assert {*NAMES} >= {
        "migration",
        "price_cache",
        "pubsub",
        "read_replicas",
        "saga",
        "unique_count",
    }


def test_an_exact_lab_has_no_workload() -> None:
    made = lab("unique_count")
    assert made.workload is None
    assert made.resolved(1_000).trials == [Exact("fill", seeds=2)]


def test_replicas_and_capacity_follow_from_the_point() -> None:
    spec = lab("read_replicas").resolved(3).services["pg"]
    assert isinstance(spec, Postgres)
    assert spec.replicas == 3
    assert spec.capacity == Capacity(slots=2, seconds=0.002)


def test_roles_listen_are_killed_and_are_measured_by_delivery() -> None:
    made = lab("pubsub")
    publisher, follower = made.resolved(5).roles
    assert (publisher.rate, follower.clients, follower.listens) == (50, 5, True)
    assert whole("pubsub", "kill").faults == [Fault.kill("follow", at=0.5, back=1.0)]
    assert isinstance(made.claim, Latency)
    assert made.claim.of == "delivery"


def test_steps_happen_on_a_timeline() -> None:
    found = whole("migration", "report-migrate")
    assert found.steps == [Step(0.1, "report"), Step(0.6, "migrate")]


def test_a_variant_replaces_one_program_of_another() -> None:
    careful, forgetful = lab("saga").resolved(0.7).variants
    assert careful.programs["orders"] is forgetful.programs["orders"]
    assert careful.programs["payment"] is not forgetful.programs["payment"]
    assert whole("saga", "kill").faults[0].target == "payment"
