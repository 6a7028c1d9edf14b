"""Which engines an arm starts for a trial with steps: those that somebody asks for."""

from collections.abc import Callable
from typing import Any

from scalebook.engine import Workbench
from scalebook.engine.arm import LabFile
from scalebook.engine.comparison import disturbed_arm
from scalebook.lab import Whole
from scalebook.labfile import import_lab

LAB = """
LAB = Lab(**{**GOOD, "load": None, "services": {"redis": Redis, "other": Redis(appendonly="no")},
             "trials": [Slices(), Whole(0.2, steps=[Step(0.1, "read_again")])]})
"""


def test_a_stepped_service_starts_when_it_is_asked_for(
    own_bench: Workbench, write: Callable[[str], Any]
) -> None:
    steps = "\nOld.read_again = Old.read\n"
    unit = write(steps + LAB)
    lab = import_lab(unit.folder / "lab.py").resolved(1)
    file = LabFile(unit.folder / "lab.py", {})
    trial = next(trial for trial in lab.trials if isinstance(trial, Whole))
    with disturbed_arm(own_bench, file, lab, lab.variants[1], trial) as arm:
        assert arm.accesses == {}
        arm.observer()
        assert list(arm.accesses) == ["redis"]
        assert arm.private == {"redis", "other"}
        served = arm.deployments["redis"].services[0]
    assert not served.alive
