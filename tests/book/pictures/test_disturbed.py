"""Percentiles and the timeline of a fault."""

import math
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from scalebook.book.pictures import PictureError, percentiles, timeline
from scalebook.book.pictures.disturbed import disturbances
from scalebook.results import Bucket, Result, TimelineRecord, Window

SVG = "{http://www.w3.org/2000/svg}"


def record(variant: str, *, fails: bool = False, trial: str = "pause") -> TimelineRecord:
    buckets = tuple(
        Bucket(at=i + 0.5, ok=3, failed=2 if fails and 4 <= i < 6 else 0, worst=0.001 * (i + 1))
        for i in range(10)
    )
    windows = (
        Window(kind="pause", target="redis", start=4.0, end=4.01),
        Window(kind="end of pause", target="redis", start=6.0, end=6.0),
        Window(kind="add_column", target="step", start=7.0, end=8.0),
    )
    return TimelineRecord(
        variant=variant,
        trial=trial,
        point=1,
        seed=1,
        seconds=10.0,
        windows=windows,
        buckets={"read": buckets},
        percentiles={"read": {"50": 0.001, "99": 0.01, "99.9": 0.02, "100": 0.1}},
    )


@pytest.fixture
def disturbed(curved: Result) -> Result:
    return curved.model_copy(update={"timelines": (record("Plain"), record("Cache", fails=True))})


def classed(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [e for e in root.iter() if name in (e.get("class") or "").split()]


def test_a_fault_lasts_until_its_end() -> None:
    pause, step = disturbances(record("Plain"))
    assert (pause.said, pause.start, pause.end) == ("redis paused", 4.0, 6.0)
    assert (step.said, step.start, step.end) == ("add column", 7.0, 8.0)


def test_a_fault_without_an_end_lasts_until_the_trial_s() -> None:
    kill = Window(kind="kill", target="pg", start=3.0, end=3.1)
    restart = Window(kind="restart", target="pg", start=5.0, end=5.5)
    found = disturbances(record("Plain").model_copy(update={"windows": (kill, restart)}))
    assert [(d.said, d.end) for d in found] == [("pg killed", 10.0), ("pg restarted", 5.5)]


def test_the_window_is_shaded_where_it_was(disturbed: Result, parse: Any, draft: Any) -> None:
    root = parse(timeline(disturbed, trial="pause", op="read", id="t"))
    window = classed(root, "window")[0]
    assert (window.get("x"), window.get("width")) == ("40%", "20%")
    said = draft.texts(root)
    assert "redis paused, 2\u00a0s" in said
    assert any("30 ok, 4 failed" in words for words in said)


def test_slices_are_as_high_as_their_latency(disturbed: Result, parse: Any) -> None:
    root = parse(timeline(disturbed, trial="pause", op="read", variants=["Plain"]))
    heights = [float(e.get("height") or "") for e in classed(root, "slice")]
    assert len(heights) == 10
    steps = [b - a for a, b in pairwise(heights)]
    assert steps[1] / steps[0] == pytest.approx(math.log(3 / 2) / math.log(2), rel=0.05)


def test_failures_are_crossed_and_can_be_counted(disturbed: Result, parse: Any) -> None:
    assert len(classed(parse(timeline(disturbed, trial="pause", op="read")), "bad")) == 2
    root = parse(timeline(disturbed, trial="pause", op="read", show="failures"))
    assert len(classed(root, "bad-slice")) == 2


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        ({"trial": "kill"}, "pause"),
        ({"op": "write"}, "read"),
        ({"variants": ["Nobody"]}, "Plain, Cache"),
        ({"point": 3}, "1"),
    ],
)
def test_what_is_not_there_is_refused(disturbed: Result, asked: Any, remedy: str) -> None:
    with pytest.raises(PictureError) as caught:
        timeline(disturbed, **{"trial": "pause", "op": "read", **asked})
    assert remedy in (caught.value.remedy or "")


def test_a_lab_without_faults_has_no_timeline(curved: Result) -> None:
    with pytest.raises(PictureError, match="no timeline"):
        timeline(curved, trial="whole", op="read")


def test_several_points_want_one_named(disturbed: Result) -> None:
    other = record("Plain").model_copy(update={"point": 2})
    result = disturbed.model_copy(update={"timelines": (*disturbed.timelines, other)})
    with pytest.raises(PictureError, match="several points"):
        timeline(result, trial="pause", op="read")
    timeline(result, trial="pause", op="read", point=2)


def test_nothing_that_succeeded_is_said(disturbed: Result) -> None:
    dead = record("Plain").model_copy(update={"buckets": {"read": (Bucket(at=5.0, failed=3),)}})
    result = disturbed.model_copy(update={"timelines": (dead,)})
    with pytest.raises(PictureError, match="succeeded"):
        timeline(result, trial="pause", op="read")
    timeline(result, trial="pause", op="read", show="failures")


def test_percentiles_stand_on_one_log_scale(curved: Result, parse: Any, draft: Any) -> None:
    root = parse(percentiles(curved, 10, "read", id="p"))
    dots = [float((e.get("cx") or "").removesuffix("%")) for e in classed(root, "dot")]
    strokes = [float((e.get("x1") or "").removesuffix("%")) for e in classed(root, "stroke")]
    p95, p99 = strokes[:2]
    assert (p99 - dots[0]) / (p95 - dots[0]) == pytest.approx(math.log(8) / math.log(3), rel=0.01)
    said = draft.texts(root)
    assert "median 4\u00a0ms" in said
    assert "longest 80\u00a0ms" in said


def test_the_whole_curve_of_a_disturbed_trial(disturbed: Result, parse: Any, draft: Any) -> None:
    root = parse(percentiles(disturbed, 1, "read", "pause", id="p"))
    assert {"p50", "p99", "p99.9", "longest", "Plain", "Cache"} <= set(draft.texts(root))
    lines = list(root.iter(f"{SVG}polyline"))
    assert [e.get("class") for e in lines] == ["line-ink n0", "line"]
    xs = [float(pair.split(",")[0]) for pair in (lines[0].get("points") or "").split()]
    assert (xs[0], xs[-1]) == (0, 100)
    assert xs[2] - xs[1] == pytest.approx((xs[1] - xs[0]) / (2 - math.log10(2)), abs=0.05)


def test_percentiles_that_are_not_there_are_refused(disturbed: Result) -> None:
    with pytest.raises(PictureError, match="no variant has percentiles of 'write'"):
        percentiles(disturbed, 10, "write")
    with pytest.raises(PictureError, match="no percentiles of 'write'"):
        percentiles(disturbed, 1, "write", "pause")
    lone = record("Plain").model_copy(update={"percentiles": {"read": {"100": 1.0}}})
    with pytest.raises(PictureError):
        percentiles(disturbed.model_copy(update={"timelines": (lone,)}), 1, "read", "pause")
