"""The order in which a trial's faults are done and undone, whatever comes late."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from scalebook.engine.timeline import Timeline
from scalebook.lab import Fault, Whole

Action = Callable[[], None]
NOBODY: Any = None


class Slow(Timeline):
    """A fault that takes longer than it should last."""

    def __init__(self, fault: Fault, said: list[str], broken: bool = False) -> None:
        super().__init__(NOBODY, Whole(1.0, faults=[fault]), NOBODY)
        self.said, self.broken = said, broken

    def _pair(self, fault: Fault) -> tuple[Action, Action | None]:
        def do() -> None:
            time.sleep(0.2)
            self.said.append("killed")
            if self.broken:
                raise OSError("no such process")

        return do, lambda: self.said.append("started")


def test_a_fault_that_is_late_is_not_undone_before_it_is_done() -> None:
    said: list[str] = []
    timeline = Slow(Fault.kill("db", at=0, back=0.01), said)
    timeline.start(time.perf_counter())
    timeline.finish()
    assert said == ["killed", "started"]
    assert [kind for kind, *_ in timeline.windows] == ["kill", "end of kill"]


def test_a_fault_that_fails_is_undone_and_told() -> None:
    said: list[str] = []
    timeline = Slow(Fault.kill("db", at=0, back=0.01), said, broken=True)
    timeline.start(time.perf_counter())
    with pytest.raises(OSError, match="no such process"):
        timeline.finish()
    assert said == ["killed", "started"]


def test_abandoned_before_its_fault_nothing_waits() -> None:
    said: list[str] = []
    timeline = Slow(Fault.kill("db", at=60, back=60.5), said)
    timeline.start(time.perf_counter())
    timeline.abandon()
    assert said == []
