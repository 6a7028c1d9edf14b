"""verify on small labs: what agrees passes, what does not is told and fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scalebook.authoring.new import new_unit
from scalebook.authoring.verify import agreement_of, verify
from scalebook.book import find
from scalebook.book.units import BOOK
from scalebook.cli import main
from scalebook.engine import Workbench, run_unit
from scalebook.results import Result, read_reference, write_reference

UNIT = "systems/audio-streaming"


@pytest.fixture
def quoted(chapters: Path, bench: Workbench) -> Path:
    """The result.json of an exact lab, just measured."""
    file = new_unit("lab", UNIT).folder / "result.json"
    points = [100, 1_000, 10_000]
    write_reference(run_unit(bench, find(UNIT), budget="quick", points=points).result, file)
    return file


def alter(file: Path, **changes: Any) -> None:
    """Write the record with other parts: verdict={"state": ...}."""
    record = json.loads(file.read_text())
    for name, values in changes.items():
        record[name] |= values
    file.write_text(json.dumps(record))


def test_a_quoted_result_that_is_reproduced_passes(quoted: Path, run_directory: Path) -> None:
    found = verify(find(UNIT), quick=True)
    assert (found.passed, found.agreement, found.problems) == (True, "agrees", ())
    assert len({result.run for result in found.starts}) == 2
    assert [len(result.points) for result in found.starts] == [3, 3]


def test_a_quoted_result_that_disagrees_fails(
    quoted: Path, run_directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alter(quoted, verdict={"state": "never", "crossing": None})
    assert main(["verify", "--quick", "--no-exercise", UNIT]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert f"{UNIT}: FAILED" in said
    assert "NOT agree: The verdict is 'holds-from', the reference's 'never'" in said


def test_a_promise_that_nobody_breaks_fails(
    chapters: Path, run_directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = new_unit("lab", "messaging/rabbitmq-acks").folder / "lab.py"
    text = lab.read_text()
    lab.write_text(text.replace("self.redis.set(key, self.total(key) + 1)", "self.redis.incr(key)"))
    assert lab.read_text() != text
    assert main(["verify", "--quick", "rabbitmq-acks", "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["passed"], row["agreement"]) == (False, "nothing")
    assert "did not catch it" in row["problems"][0]
    assert [start["valid"] for start in row["starts"]] == [False, False]
    assert row["exercise"] == [], "a lab that is not valid judges nobody"


def test_wrong_units_are_told_and_the_others_verified(
    chapters: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify"]) == 2
    assert main(["verify", "redis/counter", "--json"]) == 2
    (row,) = json.loads(capsys.readouterr().out)
    assert row["error"]["exit"] == 2


@pytest.fixture
def reference() -> Result:
    found = read_reference(BOOK / "redis" / "hyperloglog" / "result.json")
    assert found is not None
    return found


def judged(run: Result, **verdict: Any) -> Result:
    return run.model_copy(update={"verdict": run.verdict.model_copy(update=verdict)})


def test_agreement_is_the_state_and_a_crossing_within_a_factor_of_two(reference: Result) -> None:
    crossing = reference.verdict.crossing
    assert crossing is not None

    def at(factor: float) -> Result:
        moved = {name: value * factor for name, value in crossing.model_dump().items()}
        return judged(reference, crossing=type(crossing)(**moved))

    assert agreement_of(reference, None)[0] == "nothing"
    assert agreement_of(at(1.9), reference)[0] == "agrees"
    assert agreement_of(at(2.1), reference)[0] == "disagrees"
    assert agreement_of(judged(reference, state="never"), reference)[0] == "disagrees"
    assert agreement_of(judged(reference, state="unresolved"), reference)[0] == "undecided"
    edited = reference.model_copy(update={"digest": "0" * 16})
    assert agreement_of(reference, edited)[0] == "disagrees"


def test_another_machine_is_said_and_not_failed(reference: Result) -> None:
    environment = reference.environment.model_copy(update={"fingerprint": "x", "cores": 64})
    there = judged(reference, state="never").model_copy(update={"environment": environment})
    agreement, reason = agreement_of(reference, there)
    assert agreement == "elsewhere"
    assert "cores: " in reason
    assert "'holds-from' here, 'never' there; nothing was compared" in reason
