"""What a run counts and shows beside its ratios: counters, witnesses, brackets, pairs to quote."""

from collections.abc import Callable

import pytest

from scalebook.engine import Outcome

Measure = Callable[..., Outcome]
LAB = "LAB = Lab(**GOOD)"


CACHED = """
    class New(Old):
        "Fills a copy on the first call."
        def read(self, key):
            found = self.redis.get("copy")
            if found is None:
                found = super().read(key)
                self.redis.set("copy", found)
            return found
    LAB = Lab(**GOOD | dict(variants=[Old, New], claim=Speedup(2, "read", New, Old)))
"""


def test_a_call_that_sends_no_command_counts_as_none(measure: Measure) -> None:
    result = measure(CACHED, points=[1]).result

    counters = result.points[0].variants["New"].evidence.counters
    sets, gets = counters["read: redis set"], counters["read: redis get"]
    assert sets.value == pytest.approx(1 / 5)
    assert sets.n == 5
    assert gets.value == pytest.approx(6 / 5)


RACING = """
    @figure("calls")
    def calls(run):
        return len(run.history)

    def nobody_reads_nine(run):
        yield from (op.says("a nine") for op in run.history.ok("read") if op.result == "9")

    class Nine(Old):
        "Answers nine, whatever is asked."
        def read(self, key):
            return "9"

    def promises(rows):
        return [Promise(nobody_reads_nine, kept_by=[Old], broken_by=[Nine])]

    LAB = Lab(**GOOD | dict(
        variants=[Old, Nine],
        promises=promises,
        agree={"read": anything},
        trials=[Whole(seconds=0.1, figures=[calls])],
        claim=Invariant(nobody_reads_nine, technique=Nine),
    ))
"""


def test_whoever_is_caught_is_shown_at_every_point(measure: Measure) -> None:
    result = measure(RACING).result

    assert result.validity.problems == ()
    assert [(c.variant, c.point, c.caught) for c in result.counterexamples] == [
        ("Nine", 1, True),
        ("Nine", 2, True),
    ]
    assert all(c.steps and c.witness for c in result.counterexamples)
    assert [(c.variant, c.violations) for c in result.checks] == [("Old", 0)]


@pytest.mark.parametrize("budget, bounded", [("quick", False), ("default", True)])
def test_a_figure_of_one_whole_run_has_no_interval(
    measure: Measure, budget: str, bounded: bool
) -> None:
    result = measure(RACING, points=[1], budget=budget).result

    calls = result.points[0].variants["Old"].evidence.figures["whole: calls"]
    assert calls.unit == "calls"
    assert (calls.low is not None) == bounded
    assert calls.n == (2 if bounded else 1)


STEP = """
    class Old(Client):
        "Grows with what it holds."
        def fill(self, key=None): ...
        def open(self, services): ...
        @figure("bytes")
        def memory(self):
            return 1_000_000

    class New(Old):
        "A tenth of it, once there are 700."
        @figure("bytes")
        def memory(self):
            return 100_000 if self.at >= 700 else 900_000

    LAB = Lab(
        at=("members", [100, 10_000]),
        services={"redis": Redis},
        variants=[Old, New],
        trials=[Exact("fill", seeds=2)],
        claim=Saving(0.5, of="memory", technique=New, over=Old),
    )
"""


def test_an_exact_crossing_is_bracketed_by_points_ten_percent_apart(measure: Measure) -> None:
    result = measure(STEP, budget="default").result

    crossing = result.verdict.crossing
    assert result.verdict.state == "holds-from"
    assert crossing is not None
    assert crossing.low < 700 <= crossing.high <= crossing.low * 1.1
    around = [point.point for point in result.points]
    assert crossing.low in around
    assert crossing.high in around


def test_a_quick_run_does_not_look_between_its_points(measure: Measure) -> None:
    result = measure(STEP).result

    assert [point.point for point in result.points] == [100, 10_000]
    crossing = result.verdict.crossing
    assert crossing is not None
    assert (crossing.low, crossing.high) == (100, 10_000)


def test_points_that_the_user_named_stay_the_only_ones(measure: Measure) -> None:
    result = measure(STEP, budget="default", points=[100, 10_000]).result

    assert [point.point for point in result.points] == [100, 10_000]


@pytest.mark.parametrize("purpose, least", [("run", 5), ("reference", 20)])
def test_a_run_that_is_quoted_takes_more_pairs_where_the_side_is_clear(
    measure: Measure, purpose: str, least: int
) -> None:
    far = LAB.replace(
        "GOOD", "GOOD | dict(claim=Speedup(1_000, of='read', technique=New, over=Old))"
    )
    result = measure(far, points=[1], budget="default", purpose=purpose).result

    assert result.points[0].side == "below"
    assert len(result.points[0].variants["New"].trials) == least
