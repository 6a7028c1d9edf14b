import json
from pathlib import Path

import pytest

from scalebook.services.doctor import _warn, report
from scalebook.services.provide import Provisions


def test_the_report_is_plain_data(provisions: Provisions) -> None:
    seen = report(provisions)
    assert json.loads(json.dumps(seen.to_json()))["cores"] == seen.cores
    assert "postgresql" not in seen.missing
    assert seen.fsync_seconds is not None
    assert seen.fsync_seconds > 0
    assert seen.store.startswith("sqlite:///")


def test_a_run_directory_that_cannot_be_used_is_a_warning(
    provisions: Provisions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("SCALEBOOK_RUN_DIR", str(file / "below"))
    seen = report(provisions)
    assert seen.run_base is None
    assert any("SCALEBOOK_RUN_DIR" in warning for warning in seen.warnings)


def test_passwords_stay_out(provisions: Provisions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBOOK_STORE", "postgresql+psycopg://team:hunter2@db/results")
    assert report(provisions).store == "postgresql+psycopg://team:***@db/results"


@pytest.mark.parametrize(
    ("load", "cores", "free", "fsync", "word"),
    [
        (3.0, 4, 10**11, 0.001, "busy"),
        (0.0, 1, 10**11, 0.001, "one core"),
        (0.0, 4, 10**8, 0.001, "free"),
        (0.0, 4, 10**11, 0.050, "fsync"),
    ],
)
def test_what_spoils_numbers_is_told(
    load: float, cores: int, free: int, fsync: float, word: str
) -> None:
    warnings: list[str] = []
    _warn(warnings, load, cores, free, fsync)
    assert len(warnings) == 1
    assert word in warnings[0]
