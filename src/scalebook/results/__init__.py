"""Results: the immutable record of a run, its environment, digest, reference.

The records are loaded when they are first asked for, and `Store` and `export` are imported from
their own modules: a short command should not have to load pydantic or a database library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from scalebook.results.digest import ENGINE_REVISION, digest

if TYPE_CHECKING:
    from scalebook.results.environment import Environment, comparable, noisy, observe
    from scalebook.results.figures import (
        AxisValue,
        Evidence,
        Figure,
        Gate,
        OpFigures,
        PointRecord,
        RatioRecord,
        TrialRecord,
        VariantRecord,
    )
    from scalebook.results.record import (
        CapacityRecord,
        CheckRecord,
        Counterexample,
        CrossingRecord,
        Result,
        ServiceRecord,
        Validity,
        VerdictRecord,
        new_run_id,
        now,
    )
    from scalebook.results.reference import compare, read_reference, write_reference
    from scalebook.results.timelines import Bucket, TimelineRecord, Window, WitnessStep

__all__ = [
    "ENGINE_REVISION",
    "AxisValue",
    "Bucket",
    "CapacityRecord",
    "CheckRecord",
    "Counterexample",
    "CrossingRecord",
    "Environment",
    "Evidence",
    "Figure",
    "Gate",
    "OpFigures",
    "PointRecord",
    "RatioRecord",
    "Result",
    "ServiceRecord",
    "TimelineRecord",
    "TrialRecord",
    "Validity",
    "VariantRecord",
    "VerdictRecord",
    "Window",
    "WitnessStep",
    "comparable",
    "compare",
    "digest",
    "new_run_id",
    "noisy",
    "now",
    "observe",
    "read_reference",
    "write_reference",
]

_HOMES = {
    "environment": ("Environment", "comparable", "noisy", "observe"),
    "figures": (
        "AxisValue",
        "Evidence",
        "Figure",
        "Gate",
        "OpFigures",
        "PointRecord",
        "RatioRecord",
        "TrialRecord",
        "VariantRecord",
    ),
    "record": (
        "CapacityRecord",
        "CheckRecord",
        "Counterexample",
        "CrossingRecord",
        "Result",
        "ServiceRecord",
        "Validity",
        "VerdictRecord",
        "new_run_id",
        "now",
    ),
    "reference": ("compare", "read_reference", "write_reference"),
    "timelines": ("Bucket", "TimelineRecord", "Window", "WitnessStep"),
}


def __getattr__(name: str) -> Any:
    """Load the module in which `name` is at home."""
    for home, names in _HOMES.items():
        if name in names:
            found = getattr(importlib.import_module(f"{__name__}.{home}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
