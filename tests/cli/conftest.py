"""A small book, a store and a cache of their own, and complete results to print."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scalebook.results import (
    CapacityRecord,
    CheckRecord,
    Counterexample,
    CrossingRecord,
    Environment,
    Evidence,
    Figure,
    PointRecord,
    RatioRecord,
    Result,
    ServiceRecord,
    Validity,
    VariantRecord,
    VerdictRecord,
    new_run_id,
)

LAB = '"""How fast is it?\n\nIn words.\n"""\n\nSIZE = 3\n'
BROKEN = '"""Q?"""\n\ndef f(:\n    pass\n'
TRAP = '"""Is it imported?"""\n\nopen({!r}, "w").close()\n'


@pytest.fixture
def chapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of chapters instead of the book, with a cache and a store of its own."""
    root = tmp_path / "chapters"
    root.mkdir()
    (tmp_path / "book").mkdir()
    monkeypatch.setattr("scalebook.book.units.BOOK", tmp_path / "book")
    monkeypatch.setenv("SCALEBOOK_CHAPTERS", str(root))
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SCALEBOOK_STORE", f"sqlite:///{tmp_path / 'results.db'}")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("SCALEBOOK_DEBUG", raising=False)
    return root


@pytest.fixture
def add(chapters: Path) -> Callable[..., Path]:
    """Write the lab of a unit and return its folder."""

    def write(unit: str, text: str = LAB) -> Path:
        folder = chapters / unit.replace("-", "_")
        folder.mkdir(parents=True)
        (folder / "lab.py").write_text(text)
        return folder

    return write


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def scalebook(chapters: Path) -> Command:
    """Run the program as a user does, in a process of its own."""

    def call(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        code = "import sys; from scalebook.cli import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, **env},
            check=False,
        )

    return call


def ratio(kind: str, value: float | None, **changes: Any) -> RatioRecord:
    facts: dict[str, Any] = {
        "op": "read",
        "statistic": "median",
        "technique": "CacheAside",
        "over": "DatabaseOnly",
        "kind": kind,
        "value": value,
        "low": value and value * 0.9,
        "high": value and value * 1.1,
        "pairs": 10,
        "resolvable": value is not None,
    }
    return RatioRecord(**{**facts, **changes})


def variant(seconds: float, **changes: Any) -> VariantRecord:
    figure = Figure(value=seconds, low=seconds, high=seconds, n=10, unit="s")
    plan: Any = {"Plan": {"Node Type": "Index Only Scan", "Index Name": "review_product"}}
    evidence = Evidence(
        plans={"read": plan},
        counters={"read: redis get": Figure(value=1.0, unit="per operation")},
        figures={"memory": Figure.exact(12_345, "bytes")},
    )
    return VariantRecord(statistics={"read median": figure}, evidence=evidence, **changes)


def point(at: int | str, value: float, variants: Sequence[str] = ()) -> PointRecord:
    names = variants or ("DatabaseOnly", "CacheAside", "CacheForever")
    return PointRecord(
        point=at,
        variants={name: variant(0.0003 / (place + 1)) for place, name in enumerate(names)},
        ratios=(
            ratio("application", value, claim=True),
            ratio("floor-corrected", None),
            ratio("engine", value * 2, statistic="throughput"),
            ratio("application", 1.02, technique="CacheForever"),
            ratio("application", 0.99, technique="CacheForever", over="CacheAside"),
            ratio("application", 1.4, op="write"),
        ),
        side="above" if value > 22 else "below",
    )


ENVIRONMENT = Environment(
    cpu="AMD EPYC 9R14 96-Core Processor with a rather long name",
    cores=2,
    memory_gb=8,
    system="Linux x86_64",
    kernel="6.1.0-18-cloud-amd64",
    python="CPython 3.11.7",
    clients={"psycopg": "3.2.3", "redis": "6.0.0"},
    load_before=0.1,
    load_after=1.9,
    fsync_seconds=0.0012,
    fingerprint="f1",
)
WITNESS = ("showed a price 3.1 s after it changed", "0.0 ms  worker 0: write(3) -> 7, 0.4 ms")


def make(**changes: Any) -> Result:
    facts: dict[str, Any] = {
        "run": new_run_id(),
        "unit": "redis/key-value-cache",
        "number": 1,
        "title": "Key-value cache",
        "question": "How much faster is a product page from Redis, and how old may its price be?",
        "started": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "finished": datetime(2026, 1, 2, 3, 5, 5, tzinfo=UTC),
        "settings": {"seed": 7},
        "axis": "reviews per product",
        "points": (point(10, 1.6), point(10_000, 60.0)),
        "checks": (
            CheckRecord(
                promise="no price older than ttl",
                variant="CacheAside",
                trial="whole",
                attempts=400,
                violations=0,
            ),
        ),
        "counterexamples": (
            Counterexample(
                promise="no price older than ttl",
                variant="CacheForever",
                trial="whole",
                caught=True,
                attempts=3,
                seed=17,
                witness=WITNESS,
                replay="scalebook run redis/key-value-cache --seed 17",
            ),
        ),
        "floor": {"pg": Figure(value=6e-5, unit="s"), "redis": Figure(value=5.1e-5, unit="s")},
        "verdict": VerdictRecord(
            state="holds-from",
            crossing=CrossingRecord(at=312, low=210, high=480),
            reason="CacheAside is 22x faster than DatabaseOnly from about 310 reviews per product"
            " on (between 210 and 480); at 10 it is 1.6x.",
            claim="22x faster",
            factor=22,
            metric="speedup",
            technique="CacheAside",
            over="DatabaseOnly",
        ),
        "validity": Validity(valid=True),
        "environment": ENVIRONMENT,
        "services": {
            "redis": ServiceRecord(
                kind="redis",
                version="9.1.2",
                label="Valkey 9.1.2 (Redis-compatible)",
                source="wheel",
                capacity=CapacityRecord(slots=1, seconds=0.01),
            )
        },
        "digest": "d1",
        "engine_revision": 1,
    }
    return Result(**{**facts, **changes})


@pytest.fixture
def make_result() -> Callable[..., Result]:
    """A builder of complete results, with any field changed."""
    return make


@pytest.fixture
def make_point() -> Callable[..., PointRecord]:
    """A builder of points with three variants and every kind of ratio."""
    return point
