from collections.abc import Callable
from pathlib import Path

import pytest

from scalebook.errors import HarnessError, UsageError
from scalebook.results import (
    CrossingRecord,
    Environment,
    Result,
    Validity,
    VerdictRecord,
    compare,
    read_reference,
    write_reference,
)
from scalebook.results.reference import BULK_BYTES

MakeResult = Callable[..., Result]
MakeEnvironment = Callable[..., Environment]


def verdict(state: str, at: float | None = None) -> VerdictRecord:
    crossing = None if at is None else CrossingRecord(at=at, low=at * 0.9, high=at * 1.1)
    return VerdictRecord.model_validate(
        {"state": state, "crossing": crossing, "reason": "", "claim": "22x"}
    )


def test_a_reference_is_read_back(make_result: MakeResult, tmp_path: Path) -> None:
    result = make_result()
    write_reference(result, tmp_path / "result.json")
    assert read_reference(tmp_path / "result.json") == result
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


def test_a_bulky_reference_is_rounded(make_result: MakeResult, tmp_path: Path) -> None:
    result = make_result(trials=500)
    assert len(result.model_dump_json()) > BULK_BYTES
    write_reference(result, tmp_path / "result.json")
    again = read_reference(tmp_path / "result.json")
    assert again is not None
    assert again.points[0].variants["Base"].trials[0].ops["read"].mean == 0.33333
    assert again.points[0].variants["Base"].statistics == (
        result.points[0].variants["Base"].statistics
    )


def test_no_reference_and_a_damaged_one(make_result: MakeResult, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    assert read_reference(path) is None
    path.write_text('{"unit": 1}')
    with pytest.raises(UsageError, match=r"result\.json:1: not a result"):
        read_reference(path)
    with pytest.raises(HarnessError, match="cannot be written"):
        write_reference(make_result(), path / "result.json")


@pytest.mark.parametrize(
    "ours, theirs, outcome",
    [
        (verdict("holds"), verdict("holds"), "reproduced"),
        (verdict("holds"), verdict("never"), "contradicted"),
        (verdict("unresolved"), verdict("holds"), "weaker"),
        (verdict("holds"), verdict("unresolved"), "weaker"),
        (verdict("unresolved"), verdict("unresolved"), "reproduced"),
        (verdict("holds-from", 190), verdict("holds-from", 100), "reproduced"),
        (verdict("holds-from", 250), verdict("holds-from", 100), "weaker"),
        (verdict("holds-from", 100), verdict("holds-up-to", 100), "contradicted"),
    ],
)
def test_the_rule(
    make_result: MakeResult, ours: VerdictRecord, theirs: VerdictRecord, outcome: str
) -> None:
    found = compare(make_result(verdict=ours), make_result(verdict=theirs))
    assert found.outcome == outcome
    assert found.reason.endswith(".")


def test_another_machine_is_named_not_compared(
    make_result: MakeResult, make_environment: MakeEnvironment
) -> None:
    other = make_environment(cores=8, fingerprint="f2")
    found = compare(make_result(environment=other), make_result(verdict=verdict("never")))
    assert found.outcome == "other environment"
    assert "cores: 8 and 2" in found.reason


def test_another_lab_and_an_invalid_run(make_result: MakeResult) -> None:
    reference = make_result()
    assert compare(make_result(digest="d2"), reference).outcome == "other lab"
    invalid = Validity(valid=False, problems=("the index was not used",))
    found = compare(make_result(validity=invalid), reference)
    assert (found.outcome, "the index was not used" in found.reason) == ("contradicted", True)
