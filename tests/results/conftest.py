from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from scalebook.results import (
    CheckRecord,
    Counterexample,
    CrossingRecord,
    Environment,
    Evidence,
    Figure,
    OpFigures,
    PointRecord,
    RatioRecord,
    Result,
    ServiceRecord,
    TrialRecord,
    Validity,
    VariantRecord,
    VerdictRecord,
    new_run_id,
)

MakeResult = Callable[..., Result]


def environment(**changes: Any) -> Environment:
    facts: dict[str, Any] = {
        "cpu": "Model 1",
        "cores": 2,
        "memory_gb": 8,
        "system": "Linux x86_64",
        "kernel": "6.1",
        "python": "CPython 3.11.2",
        "clients": {"redis": "6.0"},
        "load_before": 0.1,
        "fingerprint": "f1",
    }
    return Environment(**{**facts, **changes})


def variant(name: str, trials: int) -> VariantRecord:
    read = OpFigures(count=100, mean=1 / 3, median=0.3, p95=0.5, p99=0.6, max=0.7, throughput=3)
    return VariantRecord(
        trials=tuple(
            TrialRecord(
                seed=1, pair=i, order=0, kind="whole", ops={"read": read}, figures={"memory": 10.5}
            )
            for i in range(trials)
        ),
        statistics={"read median": Figure(value=0.3, low=0.2, high=0.4, n=5, unit="seconds")},
        evidence=Evidence(figures={"memory": Figure.exact(10.5, "bytes")}),
    )


def build(trials: int = 2, **changes: Any) -> Result:
    ratio = RatioRecord(
        op="read",
        statistic="median",
        technique="Cache",
        over="Base",
        kind="application",
        value=30.0,
        low=25.0,
        high=35.0,
        pairs=5,
        claim=True,
    )
    points = tuple(
        PointRecord(
            point=point,
            variants={name: variant(name, trials) for name in ("Base", "Cache")},
            ratios=(ratio,),
        )
        for point in (10, 10_000)
    )
    facts: dict[str, Any] = {
        "run": new_run_id(),
        "unit": "redis/key-value-cache",
        "number": 1,
        "title": "Key-value cache",
        "started": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "finished": datetime(2026, 1, 2, 3, 5, 5, tzinfo=UTC),
        "axis": "reviews",
        "points": points,
        "checks": (
            CheckRecord(promise="fresh", variant="Cache", trial="whole", attempts=9, violations=0),
        ),
        "counterexamples": (
            Counterexample(
                promise="fresh", variant="Old", trial="whole", caught=True, attempts=3, seed=7
            ),
        ),
        "floor": {"redis": Figure(value=6e-5, low=5e-5, high=7e-5, unit="seconds")},
        "verdict": VerdictRecord(
            state="holds-from",
            crossing=CrossingRecord(at=100, low=90, high=110),
            reason="It is so from 100 on.",
            claim="22x faster",
            factor=22,
        ),
        "validity": Validity(valid=True),
        "environment": environment(),
        "services": {
            "redis": ServiceRecord(kind="redis", version="9.1", label="Valkey", source="wheel")
        },
        "digest": "d1",
        "engine_revision": 1,
    }
    return Result(**{**facts, **changes})


@pytest.fixture
def make_result() -> MakeResult:
    """A builder of complete results, with any field changed."""
    return build


@pytest.fixture
def make_environment() -> Callable[..., Environment]:
    """A builder of environments, with any fact changed."""
    return environment
