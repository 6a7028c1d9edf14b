"""Results: the immutable record of a run, its environment, digest, reference.

`Store` (scalebook.results.store) and `export` (scalebook.results.export) are imported from their
own modules, because a short command should not have to load a database library.
"""

from scalebook.results.digest import ENGINE_REVISION, digest
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

__all__ = [
    "ENGINE_REVISION",
    "AxisValue",
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
    "TrialRecord",
    "Validity",
    "VariantRecord",
    "VerdictRecord",
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
