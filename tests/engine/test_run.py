"""Options of a run, its record, interruptions, and the faults of labs and engines."""

import os
import re
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from scalebook.engine import Event, Outcome, Workbench, run_unit
from scalebook.errors import HarnessError, LabError, UsageError

Measure = Callable[..., Outcome]
LAB = "LAB = Lab(**GOOD)"


def test_the_record_names_what_was_run(measure: Measure, events: list[Event]) -> None:
    result = measure(LAB, purpose="test").result

    assert (result.unit, result.purpose, result.budget) == ("tests/small", "test", "quick")
    assert result.axis == "rows"
    assert [point.point for point in result.points] == [1, 2]
    assert result.verdict.claim == "2x faster"
    assert result.services["redis"].kind == "redis"
    assert result.settings == {"seed": 7}
    for point in result.points:
        for variant in point.variants.values():
            assert [trial.kind for trial in variant.trials] == ["slices"]
    names = [event["event"] for event in events]
    assert names[0] == "run-started"
    assert names[-2:] == ["verdict", "run-finished"]


def test_a_test_takes_one_pair_and_a_quick_run_five(measure: Measure) -> None:
    pairs = [
        {
            len(variant.trials)
            for variant in measure(LAB, **options).result.points[0].variants.values()
        }
        for options in ({"purpose": "test"}, {})
    ]
    assert pairs == [{1}, {5}]


@pytest.mark.parametrize("points, measured", [([2], [2]), (["1"], [1]), ([2, "5", 1], [1, 2, 5])])
def test_points_are_those_of_the_axis_or_other_numbers(
    measure: Measure, points: list[Any], measured: list[int]
) -> None:
    result = measure(LAB, points=points).result

    assert [point.point for point in result.points] == measured


def test_a_point_that_is_no_number_is_refused(measure: Measure) -> None:
    with pytest.raises(UsageError, match="'many' is no point of 'rows'") as caught:
        measure(LAB, points=["many"])
    assert caught.value.remedy == "try 1, 2"


def test_settings_reach_the_lab_and_the_record(measure: Measure) -> None:
    text = """
        class New(Old):
            "Answers the constant."
            def read(self, key):
                return str(ANSWER)
        LAB = Lab(**GOOD | dict(variants=[Old, New], claim=Speedup(2, "read", New, Old)))
    """
    result = measure(text, points=[1], settings={"ANSWER": 42}).result

    assert result.validity.valid, result.validity.problems
    assert result.settings["ANSWER"] == 42


def test_an_unknown_setting_or_budget_is_refused(measure: Measure) -> None:
    with pytest.raises(UsageError, match="no parameter 'QUESTION'"):
        measure(LAB, settings={"QUESTION": 1})
    with pytest.raises(UsageError, match="no budget 'tiny'"):
        measure(LAB, budget="tiny")


def test_a_seed_decides_the_order_of_the_trials(measure: Measure) -> None:
    def orders(seed: int) -> list[tuple[int, int]]:
        (point,) = measure(LAB, points=[1], seed=seed).result.points
        return [(trial.seed, trial.order) for trial in point.variants["Old"].trials]

    assert orders(3) == orders(3)
    assert orders(3) != orders(4)


def test_without_a_seed_one_is_drawn_and_kept(measure: Measure) -> None:
    result = measure(LAB, points=[1], seed=None).result
    assert isinstance(result.settings["seed"], int)


@pytest.mark.parametrize(
    "when", [("point-started", "point", 1), ("ratio", "pairs", 3), ("point-started", "point", 2)]
)
def test_an_interrupted_run_keeps_what_was_measured(
    bench: Workbench, measure: Measure, monkeypatch: pytest.MonkeyPatch, when: tuple[str, str, int]
) -> None:
    name, fact, value = when
    pressed: list[Event] = []

    def press(event: Event) -> None:
        if event["event"] == name and event.get(fact) == value and not pressed:
            pressed.append(event)
            raise KeyboardInterrupt

    monkeypatch.setattr(bench, "reporter", press)
    result = measure(LAB).result

    assert pressed
    assert result.interrupted
    assert result.validity.problems == ("interrupted before the end",)
    trials = {p.point: len(p.variants["Old"].trials) for p in result.points}
    assert (
        trials
        == {
            ("point-started", 1): {},
            ("ratio", 3): {1: 3},
            ("point-started", 2): {1: 5},
        }[name, value]
    )
    again = measure(LAB, points=[1]).result
    assert not again.interrupted
    assert again.validity.valid


def test_a_signal_in_the_middle_of_a_trial_ends_it(
    bench: Workbench, measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed: list[Event] = []

    def press_soon(event: Event) -> None:
        if event["event"] == "ratio" and event["pairs"] == 1 and not pressed:
            pressed.append(event)
            threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()

    monkeypatch.setattr(bench, "reporter", press_soon)
    fault = 'Fault.pause("redis", at=0.1, until=1.0)'
    text = f"""
        LAB = Lab(**GOOD | dict(
            trials=[Whole(seconds=1.5), Whole(seconds=1.0, faults=[{fault}])]))
    """
    result = measure(text, points=[1]).result

    assert result.interrupted
    (point,) = result.points
    assert [len(variant.trials) for variant in point.variants.values()] in ([1, 1], [1, 2], [2, 1])
    assert measure(LAB, points=[1]).result.validity.valid


SIZES = """
        class Big(Client):
            "Needs a hundred."
            def fill(self, items):
                self.members = list(items)
            def count(self):
                return len(self.members)
            @figure("bytes")
            def size(self):
                return 100.0

        class Small(Big):
            "Needs less the larger the point is."
            @figure("bytes")
            def size(self):
                return 100.0 / self.at

        LAB = Lab(**GOOD | dict(
            at=("rows", [2, 4, 8, 16]),
            workload=None,
            variants=[Big, Small],
            trials=[Exact("fill", seeds=2)],
            agree={"count": same},
            claim=Saving(FRACTION, of="size", technique=Small, over=Big),
        ))
"""


@pytest.mark.parametrize(
    "fraction, state", [("0.4", "holds"), ("0.99", "never"), ("0.8", "holds-from")]
)
def test_a_factor_is_judged_along_the_axis(measure: Measure, fraction: str, state: str) -> None:
    points = [2, 4, 8, 16]
    verdict = measure(SIZES.replace("FRACTION", fraction), points=points).result.verdict

    assert verdict.state == state, verdict
    assert (verdict.technique, verdict.over, verdict.metric) == ("Small", "Big", "saving")
    if state == "holds-from":
        assert verdict.crossing is not None
        assert 4 <= verdict.crossing.low <= verdict.crossing.at <= verdict.crossing.high <= 8


def test_an_exact_lab_has_no_noise(measure: Measure) -> None:
    result = measure(SIZES.replace("FRACTION", "0.4"), points=[4]).result

    assert result.validity.valid, result.validity.problems
    (ratio,) = result.points[0].ratios
    assert (ratio.kind, ratio.value, ratio.low, ratio.high) == ("exact", 4.0, 4.0, 4.0)


INVARIANT = """
        class Liar(Old):
            "Lies from the point on that the test says."
            def read(self, key):
                return "9" if self.at >= WORST else "7"

        class AlwaysLiar(Old):
            "Lies everywhere."
            def read(self, key):
                return "9"

        def nobody_lies(run):
            for op in run.history.ok("read"):
                if op.result == "9":
                    yield op.says("a lie")

        def promises(rows):
            lies = rows >= WORST
            return [Promise(nobody_lies, kept_by=[] if lies else [Liar],
                            broken_by=[AlwaysLiar, *([Liar] if lies else [])])]

        LAB = Lab(**GOOD | dict(
            variants=[Liar, AlwaysLiar],
            promises=promises,
            claim=Invariant(nobody_lies, technique=Liar),
            agree={"read": anything},
        ))
"""


@pytest.mark.parametrize("worst, state", [(9, "holds"), (1, "never"), (2, "holds-up-to")])
def test_an_invariant_is_judged_along_the_axis(measure: Measure, worst: int, state: str) -> None:
    result = measure(INVARIANT.replace("WORST", str(worst)), points=[1, 2]).result

    assert result.validity.valid, result.validity.problems
    assert result.verdict.state == state
    assert result.verdict.metric == "invariant"


FAULTS = {
    "kill": ('Fault.kill("redis", at=0.2, back=0.4)', "lost"),
    "kill for good": ('Fault.kill("redis", at=0.2)', "lost"),
    "restart": ('Fault.restart("redis", at=0.2)', "lost"),
    "cut": ('Fault.cut("redis", at=0.2, until=0.4)', "lost"),
    "pause": ('Fault.pause("redis", at=0.2, until=0.6)', "slow"),
    "delay": ('Fault.delay("redis", at=0.2, until=0.8, seconds=0.3)', "slow"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_felt_told_and_healed(measure: Measure, case: str) -> None:
    fault, effect = FAULTS[case]
    text = f"""
        def untouched(run):
            with run.settled() as services:
                assert services.redis.connect().ping()
            lost = any(op.outcome != "ok" for op in run.history)
            slow = max(op.seconds for op in run.history) > 0.25
            kinds = [kind for kind, _, begin, end in run.windows]
            yield Violation(f"lost={{lost}} slow={{slow}} {{kinds}}", tuple(run.history)[:1])

        LAB = Lab(**GOOD | dict(
            variants=[Old],
            trials=[Whole(seconds=0.9, faults=[{fault}])],
            promises=[Promise(untouched, broken_by=[Old])],
            claim=Invariant(untouched, technique=Old),
        ))
    """
    result = measure(text, points=[1]).result

    assert result.validity.valid, result.validity.problems
    (found,) = result.counterexamples
    kind = case.split()[0]
    assert f"{effect}=True" in found.witness[0]
    assert f"'{kind}'" in found.witness[0]
    assert any(line.endswith(f"{kind} redis") for line in found.witness)
    ends = kind != "restart" and case != "kill for good"
    assert any(line.endswith(f"end of {kind} redis") for line in found.witness) is ends


def test_an_engine_that_dies_in_mid_run_is_named(own_bench: Workbench, write: Any) -> None:
    def murder(event: Event) -> None:
        if event["event"] == "ratio" and event["pairs"] == 2:
            for deployment in own_bench.deployments():
                for service in deployment.services:
                    service.kill()

    own_bench.reporter = murder
    with pytest.raises(HarnessError, match="redis died while a lab was using it"):
        run_unit(own_bench, write(LAB), budget="quick", points=[1], seed=7)


FAULTY = {
    "SQL": """
        class Db(Client):
            "Reads."
            def open(self, services):
                self.db = services.pg.connect(autocommit=True)
            def read(self, key):
                return 1
        LAB = Lab(**GOOD | dict(services={"pg": Postgres}, load="CREATE TABEL x ()", variants=[Db],
            claim=Throughput(1, of="read", technique=Db)))
    """,
    "command": """
        def load(services, point):
            services.redis.connect().execute_command("NONSENSE")
        LAB = Lab(**GOOD | dict(load=load))
    """,
    "Python": """
        def load(services, point):
            return 1 / 0
        LAB = Lab(**GOOD | dict(load=load))
    """,
    "prepare": """
        class New(Old):
            "Prepares wrongly."
            def prepare(self, services):
                services.postgres.run("")
        LAB = Lab(**GOOD | dict(variants=[Old, New], claim=Speedup(2, "read", New, Old)))
    """,
    "open": """
        class New(Old):
            "Opens wrongly."
            def open(self, services):
                self.redis = services.redis.konnect()
        LAB = Lab(**GOOD | dict(variants=[Old, New], claim=Speedup(2, "read", New, Old)))
    """,
    "operation": """
        class New(Old):
            "Misspells."
            def read(self, key):
                return self.reddis.get("answer")
        LAB = Lab(**GOOD | dict(variants=[Old, New], claim=Speedup(2, "read", New, Old)))
    """,
    "figure": """
        class New(Old):
            "Cannot be measured."
            @figure("bytes")
            def size(self):
                return 1 / 0
        LAB = Lab(**GOOD | dict(variants=[Old, New], claim=Speedup(2, "read", New, Old)))
    """,
    "figure of a trial": """
        @figure("seconds")
        def longest(run):
            return max(op.seconds for op in run.history.ok("nothing"))
        LAB = Lab(**GOOD | dict(trials=[Whole(seconds=0.1, figures=[longest])]))
    """,
    "step": """
        class Stepping(Old):
            "Takes a step."
            def step(self, services):
                services.redis.connect().execute_command("NONSENSE")
        LAB = Lab(**GOOD | dict(variants=[Stepping],
            trials=[Whole(seconds=0.1), Whole(seconds=0.3, steps=[Step(0.1, "step")],
                    figures=[figure("x")(lambda run: 1)])],
            claim=Throughput(1, of="read", technique=Stepping)))
    """,
}


@pytest.mark.parametrize("part", FAULTY)
def test_a_faulty_part_of_a_lab_is_named_with_its_file(
    measure: Measure, write: Any, part: str
) -> None:
    with pytest.raises(LabError) as caught:
        measure(FAULTY[part], points=[1])

    assert re.search(r"lab\.py(:\d+)?: ", caught.value.what)
    assert caught.value.remedy
