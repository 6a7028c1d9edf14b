"""A run is valid only if the gates pass and the promises are kept and broken as the lab says."""

from collections.abc import Callable
from textwrap import dedent

import pytest

from scalebook.engine import Event, Outcome
from scalebook.errors import LabError

Measure = Callable[..., Outcome]

GATES = {
    "nothing is read": (
        """
        class New(Old):
            "Returns nothing."
            def read(self, key):
                return None
        """,
        "data at 1: read of New returns nothing",
    ),
    "answers differ": (
        """
        class New(Old):
            "Answers otherwise."
            def read(self, key):
                return "8"
        """,
        "equal answers at 1: read: Old answers '7', New answers '8'",
    ),
    "a command is never sent": (
        """
        class New(Old):
            "Claims to read a hash."
            uses = {"read": Command("HGET")}
        """,
        "commands at 1: New.read never sent hget",
    ),
    "an operation fails": (
        """
        class New(Old):
            "Fails at once."
            def read(self, key):
                return self.redis.execute_command("NONSENSE")
        """,
        "operations succeed at 1: New.read: ResponseError",
    ),
    "operations fail under the load": (
        """
        class New(Old):
            "Fails after a while."
            calls = 0
            def read(self, key):
                self.calls += 1
                return self.redis.get("answer" if self.calls < 6 else 5 * [1])
        """,
        "operations failed",
    ),
}


@pytest.mark.parametrize("case", GATES)
def test_a_gate_that_does_not_pass_voids_the_run_and_says_why(
    measure: Measure, events: list[Event], case: str
) -> None:
    text, problem = GATES[case]

    end = "LAB = Lab(**GOOD | dict(variants=[Old, New], claim=Speedup(2, 'read', New, Old)))"
    result = measure(dedent(text) + end, points=[1]).result

    assert not result.validity.valid
    assert any(problem in found for found in result.validity.problems), result.validity.problems
    assert any(not gate.passed for point in result.points for gate in point.gates)


def test_a_rate_that_a_variant_cannot_carry_voids_the_run(measure: Measure) -> None:
    text = """
        import time

        class New(Old):
            "Takes far longer than the arrivals leave it."
            def read(self, key):
                time.sleep(0.2)
                return super().read(key)

        LAB = Lab(**GOOD | dict(
            workload=Workload(mix={"read": 1}, arrivals=OpenLoop(100, workers=2)),
            trials=[Whole(0.8)],
            variants=[Old, New],
            claim=Speedup(2, of="read", technique=New, over=Old),
        ))
    """

    problems = measure(dedent(text), points=[1]).result.validity.problems

    assert any("rate carried at 1: New cannot carry" in problem for problem in problems)
    assert not any("rate carried at 1: Old" in problem for problem in problems)


ITEMS = """
        class Scan(Client):
            "No index."
            def open(self, services):
                self.db = services.pg.connect(autocommit=True)
            def read(self, key):
                return self.db.execute("SELECT n FROM item WHERE id = %s", [key]).fetchone()[0]

        class Indexed(Scan):
            "Uses the index, or says so."
            uses = {"read": Plan("Index Scan", on="item")}
            def prepare(self, services):
                INDEX

        LAB = Lab(**GOOD | dict(
            services={"pg": Postgres},
            load="CREATE TABLE item AS SELECT i AS id, i AS n FROM generate_series(0, 5000) i",
            workload=Workload(mix={"read": 1}, keys=5000),
            variants=[Scan, Indexed],
            claim=Speedup(2, of="read", technique=Indexed, over=Scan),
        ))
"""


@pytest.mark.parametrize("there", [True, False])
def test_the_intended_plan_must_really_be_used(measure: Measure, there: bool) -> None:
    index = 'services.pg.run("CREATE INDEX ON item (id)")' if there else "pass"

    result = measure(ITEMS.replace("INDEX", index), points=[1]).result

    assert result.validity.valid is there
    (point,) = result.points
    (gate,) = [gate for gate in point.gates if gate.name == "plan"]
    assert gate.passed is there
    wanted = "Indexed.read uses Index Scan on item" if there else "Indexed.read: Seq Scan on item"
    assert wanted in gate.detail
    assert "read" in point.variants["Indexed"].evidence.plans


PROMISE = """
        class Nine(Old):
            "Answers nine."
            def read(self, key):
                return "9"

        def nobody_reads_nine(run):
            for op in run.history.ok("read"):
                if op.result == "9":
                    yield op.says("read nine")

        LAB = Lab(**GOOD | dict(
            variants=[Old, New, Nine],
            promises=[Promise(nobody_reads_nine, kept_by=[KEPT], broken_by=[BROKEN])],
            agree={"read": anything},
        ))
"""


def promising(kept: str, broken: str) -> str:
    return PROMISE.replace("KEPT", kept).replace("BROKEN", broken)


def test_a_lab_that_is_as_it_says_is_valid(measure: Measure, events: list[Event]) -> None:
    result = measure(promising("Old, New", "Nine"), points=[1]).result

    assert result.validity.valid, result.validity.problems
    assert {(c.variant, c.violations) for c in result.checks} == {("Old", 0), ("New", 0)}
    (found,) = result.counterexamples
    assert (found.variant, found.caught, found.seed) == ("Nine", True, 7)
    assert found.witness[0] == "read nine"
    assert (found.replay or "").startswith("scalebook run tests/small --seed 7")
    (told,) = [event for event in events if event["event"] == "caught"]
    assert told["text"] == "read nine"


def test_a_caught_variant_leaves_its_history(measure: Measure) -> None:
    histories = measure(promising("Old", "Nine"), points=[1]).histories

    ((variant, trial, promise, ops),) = histories
    assert (variant, trial, promise) == ("Nine", "slices", "nobody reads nine")
    assert {op["result"] for op in ops} == {"9"}


def test_who_should_keep_a_promise_and_breaks_it_voids_the_run(measure: Measure) -> None:
    result = measure(promising("Old, Nine", "New"), points=[1]).result

    assert not result.validity.valid
    text = "Nine should keep 'nobody reads nine', but broke it in slices at 1: read nine"
    assert text in result.validity.problems


def test_who_should_break_a_promise_and_is_not_caught_voids_the_run(measure: Measure) -> None:
    result = measure(promising("Old", "New"), points=[1]).result

    assert not result.validity.valid
    (problem,) = result.validity.problems
    assert problem.startswith("New should break 'nobody reads nine', but ")
    assert problem.endswith("attempts did not catch it")


def test_a_check_that_nobody_breaks_is_refused(measure: Measure) -> None:
    with pytest.raises(LabError, match=r"lab\.py:\d+: .* nothing shows that it can fail"):
        measure(promising("Old", ""))


def test_a_check_that_raises_is_the_labs_fault(measure: Measure) -> None:
    text = promising("Old", "Nine").replace('yield op.says("read nine")', "yield op.nothing()")

    with pytest.raises(
        LabError, match=r"lab\.py:\d+: the check 'nobody reads nine' failed on Nine"
    ):
        measure(text, points=[1])


def test_the_scheduler_finds_a_lost_update_and_replays_it(measure: Measure) -> None:
    text = """
        class Incr(Old):
            "One command."
            def add(self, key):
                self.redis.incr(key)
            def total(self, key):
                return int(self.redis.get(key) or 0)

        class GetThenSet(Incr):
            "Reads, adds one, writes."
            def add(self, key):
                self.redis.set(key, self.total(key) + 1)

        every_one_counts = counted(of="add", read="total")
        LAB = Lab(**GOOD | dict(
            workload=Workload(mix={"add": 1}),
            variants=[Incr, GetThenSet],
            trials=[Interleaved(clients=2, runs=60)],
            promises=[Promise(every_one_counts, kept_by=[Incr], broken_by=[GetThenSet])],
            claim=Invariant(every_one_counts, technique=Incr),
        ))
    """
    first, again = (measure(text, points=[1]).result.counterexamples[0] for _ in range(2))

    assert first.caught
    assert first.variant == "GetThenSet"
    assert (first.seed, first.attempts) == (again.seed, again.attempts)
