"""Results: the immutable record of a run, its store, environment, digest, export, reference."""

from scalebook.results.digest import ENGINE_REVISION, digest
from scalebook.results.environment import Environment, comparable, noisy, observe
from scalebook.results.export import export
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
from scalebook.results.store import RunRow, Store, StoredHistory

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
    "RunRow",
    "ServiceRecord",
    "Store",
    "StoredHistory",
    "TrialRecord",
    "Validity",
    "VariantRecord",
    "VerdictRecord",
    "comparable",
    "compare",
    "digest",
    "export",
    "new_run_id",
    "noisy",
    "now",
    "observe",
    "read_reference",
    "write_reference",
]
