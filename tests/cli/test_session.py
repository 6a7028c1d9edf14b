import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from scalebook.book import find
from scalebook.cli import main
from scalebook.cli.session import Order, Session
from scalebook.engine import Outcome
from scalebook.practice.progress import Progress
from scalebook.results import Result, Validity
from scalebook.results.store import Store

Add = Callable[..., Path]
Make = Callable[..., Result]


@pytest.fixture
def told(add: Add) -> Callable[..., int]:
    """Tell and store a result as if it had just been measured."""
    add("redis/key-value-cache")

    def tell(result: Result, **order: object) -> int:
        session = Session(Order(**order))  # type: ignore[arg-type]
        return session._told(find("1"), Outcome(result, []))

    return tell


def test_a_result_is_shown_and_stored(
    told: Callable[..., int], make_result: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    result = make_result()
    assert told(result) == 0
    said = capsys.readouterr().out
    assert "HOLDS FROM" in said
    assert "Stored in " in said
    assert Store().load(result.run) == result


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"validity": Validity(valid=False, problems=("x",))}, 1),
        ({"interrupted": True, "validity": Validity(valid=False, problems=("x",))}, 130),
    ],
)
def test_failing_and_interrupted_runs_are_stored_too(
    told: Callable[..., int], make_result: Make, changes: dict[str, object], status: int
) -> None:
    result = make_result(**changes)
    assert told(result) == status
    assert Store().load(result.run).run == result.run


def test_a_full_store_loses_nothing(
    told: Callable[..., int],
    make_result: Make,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SCALEBOOK_STORE", f"sqlite:///{tmp_path / 'file' / 'below' / 'x.db'}")
    monkeypatch.chdir(tmp_path)
    result = make_result()
    assert told(result) == 4
    output = capsys.readouterr()
    aside = tmp_path / f"scalebook-{result.run}.json"
    assert "HOLDS FROM" in output.out
    assert str(aside) in output.err
    assert Result.model_validate_json(aside.read_text()) == result


def test_a_reference_is_written_only_if_it_may_be_quoted(
    told: Callable[..., int], make_result: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    path = find_folder() / "result.json"
    told(make_result(validity=Validity(valid=False, problems=("x",))), reference=True)
    assert not path.exists()
    assert "No reference was written" in capsys.readouterr().out
    result = make_result(purpose="reference")
    told(result, reference=True)
    assert json.loads(path.read_text())["run"] == result.run


def find_folder() -> Path:
    return find("1").folder


def test_events_end_with_where_the_run_is(
    told: Callable[..., int], make_result: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    result = make_result()
    told(result, form="events")
    (event,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (event["event"], event["run"]) == ("stored", result.run)


def test_stored_runs_are_listed_shown_and_exported(
    told: Callable[..., int],
    make_result: Make,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    result = make_result()
    told(result)
    capsys.readouterr()
    assert main(["results"]) == 0
    assert f"{result.run}  2026-01-02T03:04  redis/key-value-cache" in capsys.readouterr().out
    assert main(["results", "--unit", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["id"] == result.run
    assert main(["results", "show", result.run[:6]]) == 0
    assert "HOLDS FROM" in capsys.readouterr().out
    assert main(["results", "show", result.run, "--json"]) == 0
    assert Result.model_validate(json.loads(capsys.readouterr().out)) == result
    assert main(["show", "1"]) == 0
    assert (
        f"Last run (2026-01-02, run {result.run}, of code that has changed since): HOLDS FROM"
        in (" ".join(capsys.readouterr().out.split()))
    )
    out = tmp_path / "runs.csv"
    assert main(["export", "--out", str(out)]) == 0
    assert out.read_text().startswith("run,unit,")
    assert main(["export", "--format", "json"]) == 0


def test_an_empty_store_is_no_error(add: Add, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["results"]) == 0
    assert "no runs in" in capsys.readouterr().out
    assert main(["results", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_the_schema_is_a_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "result"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Result"


def test_doctor_as_json(capsys: pytest.CaptureFixture[str], add: Add) -> None:
    assert main(["doctor", "--json"]) in (0, 3)
    found = json.loads(capsys.readouterr().out)
    assert {engine["engine"] for engine in found["engines"]} >= {"postgresql", "redis"}
    assert main(["doctor"]) in (0, 3)
    assert "machine" in capsys.readouterr().out
    assert os.environ["SCALEBOOK_STORE"] in found["store"]


def test_a_run_is_noted_in_the_progress(
    told: Callable[..., int], make_result: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = make_result()
    told(result)
    told(make_result(interrupted=True, validity=Validity(valid=False, problems=("x",))))
    (event,) = Progress().events()
    assert (event.kind, event.unit, event.facts["run"]) == ("ran", result.unit, result.run)


def test_a_progress_file_that_fails_does_not_fail_the_run(
    told: Callable[..., int],
    make_result: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SCALEBOOK_PROGRESS", str(tmp_path / "file" / "progress.db"))
    result = make_result()
    assert told(result) == 0
    assert "not noted in your progress" in capsys.readouterr().err
    assert Store().load(result.run) == result
