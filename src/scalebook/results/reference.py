"""The result that a unit's page quotes: `result.json` in its folder, and how a run compares."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from scalebook.errors import UsageError
from scalebook.files import write_whole
from scalebook.results.environment import comparable, differences
from scalebook.results.record import CrossingRecord, Result
from scalebook.stats.words import count, number

__all__ = ["BULK_BYTES", "Comparison", "Outcome", "compare", "read_reference", "write_reference"]

BULK_BYTES = 300_000
"""A reference above this size keeps five significant digits of its per-trial figures."""

FACTOR = 2.0
"""Crossings within this factor of each other count as the same."""

Outcome = Literal["reproduced", "weaker", "contradicted", "other environment", "other lab"]


@dataclass(frozen=True)
class Comparison:
    """What a run says of the reference, with the reason as a sentence."""

    outcome: Outcome
    reason: str


def write_reference(result: Result, path: Path) -> None:
    """Write the record a page quotes, whole or not at all; HarnessError where it cannot be."""
    text = _text(result.model_dump(mode="json"))
    if len(text) > BULK_BYTES:
        text = _text(_rounded(result.model_dump(mode="json")))
    write_whole(path, text, remedy="Free space there or mend its permissions.")


def read_reference(path: Path) -> Result | None:
    """Read a unit's reference, None where it has none; UsageError for a damaged one."""
    try:
        return Result.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValidationError, OSError) as error:
        detail = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise UsageError(
            f"{path}:1: not a result of this Scalebook: {detail}",
            remedy="Measure it again with `scalebook run --reference`.",
        ) from error


def compare(run: Result, reference: Result) -> Comparison:
    """Say whether a run reproduces the reference.

    Rule, the first that fits: other code -> other lab; another machine -> other environment
    (named, and nothing is compared); an invalid run, or another decided state -> contradicted;
    one of the two unresolved and the other not -> weaker; the same state with crossings within
    a factor of two, or with overlapping intervals, or without any -> reproduced; else weaker.
    """
    if (run.unit, run.digest) != (reference.unit, reference.digest):
        return Comparison("other lab", "The lab's code is not the one that was measured.")
    if not comparable(run.environment, reference.environment):
        named = "; ".join(differences(run.environment, reference.environment))
        return Comparison("other environment", f"Measured on another machine: {named}.")
    if not run.validity.valid:
        return Comparison("contradicted", f"Not valid: {'; '.join(run.validity.problems)}.")
    ours, theirs = run.verdict, reference.verdict
    states = f"The verdict is '{ours.state}', the reference's '{theirs.state}'"
    if ours.state != theirs.state:
        open_ = "unresolved" in (ours.state, theirs.state)
        return Comparison("weaker" if open_ else "contradicted", f"{states}.")
    if ours.crossing is None or theirs.crossing is None:
        return Comparison("reproduced", f"The verdict is '{ours.state}' again.")
    at = f"the crossing is at {count(float(f'{ours.crossing.at:.3g}'))}, the reference's at"
    reason = f"The verdict is '{ours.state}' again; {at} {number(theirs.crossing.at)}."
    near = _near(ours.crossing, theirs.crossing)
    return Comparison("reproduced" if near else "weaker", reason)


def _near(a: CrossingRecord, b: CrossingRecord) -> bool:
    """Say whether two crossings are one within a factor of two or by their intervals."""
    if a.low <= b.high and b.low <= a.high:
        return True
    small, large = sorted((a.at, b.at))
    return small > 0 and large / small <= FACTOR


def _text(data: object) -> str:
    """JSON as it is kept under version control."""
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _rounded(data: dict[str, Any]) -> dict[str, Any]:
    """The record with the figures of its trials rounded to five significant digits."""
    for point in data["points"]:
        for variant in point["variants"].values():
            variant["trials"] = [_five(trial) for trial in variant["trials"]]
    return data


def _five(value: Any) -> Any:
    """Round all floats inside a JSON value."""
    if isinstance(value, dict):
        return {key: _five(item) for key, item in value.items()}
    if isinstance(value, float):
        return float(f"{value:.5g}")
    return value
