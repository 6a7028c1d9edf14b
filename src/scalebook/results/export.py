"""Results as one long tidy table: a row per run, point, variant, trial, operation, statistic."""

import csv
import importlib
import io
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args

from scalebook.errors import UsageError
from scalebook.files import write_whole
from scalebook.results.figures import AxisValue, TrialRecord, VariantRecord
from scalebook.results.record import Result

__all__ = ["COLUMNS", "Format", "export", "rows"]

Format = Literal["json", "csv", "parquet"]

COLUMNS = (
    "run",
    "unit",
    "number",
    "started",
    "budget",
    "digest",
    "fingerprint",
    "axis",
    "point",
    "point_value",
    "variant",
    "trial",
    "kind",
    "pair",
    "order",
    "seed",
    "op",
    "statistic",
    "value",
    "unit_of_value",
)
"""`point` is text, `point_value` its number where it is one; `trial` counts from 0."""

_UNITS = {"throughput": "1/s", "count": "", "failed": "", "unknown": ""}


def rows(results: Iterable[Result]) -> Iterator[dict[str, object]]:
    """Rows of the table with the keys COLUMNS; statistics that are unknown have no row."""
    for result in results:
        run = {
            "run": result.run,
            "unit": result.unit,
            "number": result.number,
            "started": result.started.isoformat(),
            "budget": result.budget,
            "digest": result.digest,
            "fingerprint": result.environment.fingerprint,
            "axis": result.axis,
        }
        for point in result.points:
            for name, variant in point.variants.items():
                where = {**run, **_point(point.point), "variant": name}
                for index, trial in enumerate(variant.trials):
                    for figures in _trial(trial, variant):
                        yield {**where, "trial": index, **figures}


def _point(point: AxisValue) -> dict[str, object]:
    """A point as text and, where it is one, as a number."""
    number = None if isinstance(point, str) else float(point)
    return {"point": str(point), "point_value": number}


def _trial(trial: TrialRecord, variant: VariantRecord) -> Iterator[dict[str, object]]:
    """Statistics of each operation in a trial, then the figures of the trial itself."""
    head = {"kind": trial.kind, "pair": trial.pair, "order": trial.order, "seed": trial.seed}
    for op, figures in trial.ops.items():
        for statistic, value in figures.model_dump(exclude_none=True).items():
            unit = _UNITS.get(statistic, "seconds")
            yield {**head, **_cell(op, statistic, value, unit)}
    for name, value in trial.figures.items():
        known = variant.evidence.figures.get(name)
        yield {**head, **_cell("", name, value, known.unit if known else "")}
    if trial.lateness is not None:
        yield {**head, **_cell("", "lateness", trial.lateness, "seconds")}
    if trial.backlog is not None:
        yield {**head, **_cell("", "backlog", trial.backlog, "")}


def _cell(op: str, statistic: str, value: float, unit: str) -> dict[str, object]:
    return {"op": op, "statistic": statistic, "value": float(value), "unit_of_value": unit}


def export(results: Iterable[Result], form: str, target: Path | None = None) -> int:
    """Write the table to `target` (None: standard output) and return the number of rows.

    A file appears whole or not at all. UsageError for an unknown form or a missing pyarrow,
    HarnessError where the file cannot be written.
    """
    if form not in get_args(Format):
        raise UsageError(
            f"there is no export format {form!r}",
            remedy=f"Choose one of {', '.join(get_args(Format))}.",
        )
    table = list(rows(results))
    data = {"json": _json, "csv": _csv, "parquet": _parquet}[form](table)
    if target is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return len(table)
    write_whole(target, data, remedy="Free space there or name another file.")
    return len(table)


def _json(table: list[dict[str, object]]) -> bytes:
    return (json.dumps(table, indent=1) + "\n").encode()


def _csv(table: list[dict[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue().encode()


def _parquet(table: list[dict[str, object]]) -> bytes:
    """Parquet bytes with a fixed schema, so that files of several exports can be joined."""
    try:
        arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise UsageError(
            "an export as parquet needs pyarrow, which is not installed",
            remedy="Install it with `pip install 'scalebook[parquet]'`, or export as csv.",
        ) from error
    integers, floats = {"number", "trial", "pair", "order", "seed"}, {"point_value", "value"}
    schema = arrow.schema(
        [
            (
                name,
                arrow.int64()
                if name in integers
                else arrow.float64()
                if name in floats
                else arrow.string(),
            )
            for name in COLUMNS
        ]
    )
    sink = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist(table, schema=schema), sink)
    return sink.getvalue()
