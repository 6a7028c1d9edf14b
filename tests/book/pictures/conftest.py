"""Results made up for pictures, and what every picture must keep."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from scalebook.results import (
    Environment,
    Evidence,
    Figure,
    OpFigures,
    PointRecord,
    RatioRecord,
    Result,
    TrialRecord,
    Validity,
    VariantRecord,
    VerdictRecord,
)
from scalebook.stats import State

Parse = Callable[[str], ElementTree.Element]


def environment() -> Environment:
    return Environment(
        cpu="test",
        cores=2,
        memory_gb=4,
        system="Linux x86_64",
        kernel="6",
        python="CPython 3.11",
        clients={},
        load_before=0,
        load_after=0,
        fsync_seconds=0.001,
        fingerprint="x",
    )


def make(points: Sequence[PointRecord], verdict: VerdictRecord, **more: Any) -> Result:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    given = {
        "run": "0123456789ab",
        "unit": "redis/made-up",
        "number": 1,
        "title": "Made up",
        "started": moment,
        "finished": moment,
        "axis": "rows",
        "points": tuple(points),
        "verdict": verdict,
        "validity": Validity(valid=True),
        "environment": environment(),
        "digest": "d",
        "engine_revision": 1,
    }
    return Result.model_validate({**given, **more})


def verdict(state: State = "never", factor: float | None = 22.0, **more: Any) -> VerdictRecord:
    given = {
        "state": state,
        "crossing": None,
        "reason": "Cache is 22x faster than Plain, somewhere.",
        "claim": "22x faster",
        "factor": factor,
        "metric": "speedup",
        "technique": "Cache",
        "over": "Plain",
    }
    return VerdictRecord.model_validate({**given, **more})


def ratio(value: float | None, low: float | None, high: float | None, **more: Any) -> RatioRecord:
    given = {
        "op": "read",
        "statistic": "median",
        "technique": "Cache",
        "over": "Plain",
        "kind": "application",
        "claim": True,
        "value": value,
        "low": low,
        "high": high,
        "resolvable": value is not None,
    }
    return RatioRecord.model_validate({**given, **more})


def variant(median: float, low: float, high: float) -> VariantRecord:
    names = {"median": 1.0, "p95": 3.0, "p99": 8.0}
    statistics = {
        f"read {name}": Figure(value=median * k, low=low * k, high=high * k, unit="s", n=9)
        for name, k in names.items()
    }
    trial = TrialRecord(
        seed=1,
        pair=0,
        order=0,
        kind="slices",
        ops={"read": OpFigures(count=9, median=median, max=median * 20)},
    )
    counted = {"read: pages": Figure(value=12.5, low=12, high=13, unit="per operation")}
    held = Evidence(counters=counted, figures={"memory": Figure.exact(12_400, "bytes")})
    return VariantRecord(trials=(trial,), statistics=statistics, evidence=held)


def point(at: float | str, *ratios: RatioRecord, side: str | None = None) -> PointRecord:
    return PointRecord.model_validate(
        {
            "point": at,
            "variants": {
                "Plain": variant(0.004, 0.0038, 0.0042),
                "Cache": variant(0.001, 0.0009, 0.0011),
            },
            "ratios": ratios,
            "side": side,
        }
    )


@pytest.fixture
def curved() -> Result:
    """Four points over three decades, the claim of 22 crossed at 2,630."""
    values = ((10, 1.6, 1.5, 1.7), (100, 2.4, 2.2, 2.5), (1000, 9.4, 8.9, 9.9), (10000, 71, 67, 75))
    points = [
        point(
            at,
            ratio(v, low, high),
            ratio(3 * v, 2 * v, 4 * v, kind="engine", claim=False),
            side="above" if low > 22 else "below",
        )
        for at, v, low, high in values
    ]
    crossing = {"at": 2630, "low": 2480, "high": 2810}
    return make(points, verdict("holds-from", crossing=crossing))


@pytest.fixture
def parse() -> Parse:
    """The markup as a tree, if it is XML and keeps the content policy."""

    def tree(markup: str) -> ElementTree.Element:
        check(markup)
        return ElementTree.fromstring(f"<r>{markup}</r>")

    return tree


def check(markup: str) -> None:
    """Every picture: XML, no style, no script, images with names, ids once and all referred to."""
    root = ElementTree.fromstring(f"<r>{markup}</r>")
    ids = [found for element in root.iter() if (found := element.get("id"))]
    assert len(ids) == len(set(ids)), "an id is there twice"
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        assert tag not in ("style", "script", "foreignObject"), tag
        forbidden = [name for name in element.attrib if name == "style" or name.startswith("on")]
        assert not forbidden, f"{tag} has {forbidden}"
        if element.get("role") == "img":
            title = element.find("{http://www.w3.org/2000/svg}title")
            assert element.get("aria-label") or (title is not None and title.text), "no title"
        for name in (element.get("aria-labelledby") or "").split():
            assert name in ids, f"nothing has the id {name}"
    numbers = re.findall(r'(?:x|y|x1|x2|y1|y2|cx|cy|width|height|points|d)="([^"]*)"', markup)
    assert not any("nan" in value or "inf" in value for value in numbers), "a place is no number"


def texts(root: ElementTree.Element) -> list[str]:
    """The words of all texts and cells."""
    named = ("text", "td", "th", "b", "span", "output", "small")
    return [
        "".join(element.itertext())
        for element in root.iter()
        if element.tag.rpartition("}")[2] in named
    ]


class Draft:
    """The parts of results, and what reads pictures, for the tests of this folder."""

    make = staticmethod(make)
    verdict = staticmethod(verdict)
    ratio = staticmethod(ratio)
    variant = staticmethod(variant)
    point = staticmethod(point)
    check = staticmethod(check)
    texts = staticmethod(texts)


@pytest.fixture
def draft() -> type[Draft]:
    return Draft
