import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scalebook.errors import HarnessError, UsageError
from scalebook.results import Result
from scalebook.results.export import COLUMNS, export, rows

MakeResult = Callable[..., Result]


def test_a_row_per_trial_and_statistic(make_result: MakeResult) -> None:
    table = list(rows([make_result()]))
    # 2 points x 2 variants x 2 trials x (9 statistics of one operation + 1 figure)
    assert len(table) == 2 * 2 * 2 * 10
    assert all(tuple(sorted(row)) == tuple(sorted(COLUMNS)) for row in table)
    medians = [row for row in table if row["statistic"] == "median"]
    assert {(row["point"], row["point_value"]) for row in medians} == {
        ("10", 10.0),
        ("10000", 10000.0),
    }
    assert {row["unit_of_value"] for row in medians} == {"seconds"}
    memory = next(row for row in table if row["statistic"] == "memory")
    assert (memory["op"], memory["value"], memory["unit_of_value"]) == ("", 10.5, "bytes")


def test_json_and_csv_agree(make_result: MakeResult, tmp_path: Path) -> None:
    result = make_result()
    assert export([result], "json", tmp_path / "a.json") == export(
        [result], "csv", tmp_path / "a.csv"
    )
    from_json = json.loads((tmp_path / "a.json").read_text())
    from_csv = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert [row["value"] for row in from_json] == [float(row["value"]) for row in from_csv]


def test_standard_output(
    make_result: MakeResult, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    export([make_result()], "csv")
    assert capfdbinary.readouterr().out.startswith(b"run,unit,number,")


def test_no_results_are_an_empty_table(tmp_path: Path) -> None:
    assert export([], "csv", tmp_path / "a.csv") == 0
    assert (tmp_path / "a.csv").read_text() == ",".join(COLUMNS) + "\n"


def test_parquet(make_result: MakeResult, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    count = export([make_result()], "parquet", tmp_path / "a.parquet")
    assert parquet.read_table(tmp_path / "a.parquet").num_rows == count


def test_parquet_without_pyarrow(
    make_result: MakeResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"scalebook\[parquet\]"):
        export([make_result()], "parquet", tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


def test_wrong_format_and_wrong_place(make_result: MakeResult, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no export format 'xml'"):
        export([make_result()], "xml", tmp_path / "a.xml")
    (tmp_path / "file").touch()
    with pytest.raises(HarnessError, match="cannot be written"):
        export([make_result()], "csv", tmp_path / "file" / "a.csv")
