"""What a reader's run says of the reference, and where its ratios stand on the axis."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

from scalebook.book import find
from scalebook.results import Result, read_reference
from scalebook.site.serve.fragments import outcome_html
from scalebook.site.serve.outcome import claim_ratio, outcome

NAMES = frozenset({"SPREAD"})


@pytest.fixture(scope="module")
def reference() -> Result:
    found = read_reference(find("redis/counter").folder / "result.json")
    assert found is not None
    return found


def own(reference: Result, **changes: Any) -> Result:
    return reference.model_copy(update={"run": "0123456789ab", "purpose": "run", **changes})


def test_the_same_again_is_reproduced(reference: Result) -> None:
    found = outcome(own(reference), reference, NAMES)
    assert (found.word, found.glyph, found.tone) == ("reproduced", "reproduced", "kept")
    assert found.plot is not None
    assert [row.name for row in found.plot.rows] == ["reference", "yours"]


def test_words_follow_the_comparison(reference: Result) -> None:
    environment = reference.environment.model_copy(update={"fingerprint": "other", "cores": 64})
    invalid = reference.validity.model_copy(update={"valid": False, "problems": ("it broke",)})
    verdict = reference.verdict.model_copy(update={"state": "unresolved"})
    said = {
        "other environment": own(reference, environment=environment),
        "other lab": own(reference, digest="other"),
        "contradicted": own(reference, validity=invalid),
        "weaker": own(reference, verdict=verdict),
    }
    for word, run in said.items():
        assert outcome(run, reference, NAMES).word == word


def test_places_are_in_order_and_inside(reference: Result) -> None:
    plot = outcome(own(reference), reference, NAMES).plot
    assert plot is not None
    assert plot.claim is not None
    for row in plot.rows:
        assert 0 <= row.low <= row.middle <= row.high <= 100
    places = [place for _, place in plot.ticks]
    assert places == sorted(places)
    assert 0 < len(places) <= 4
    # Ratios are plotted on a logarithm: equal factors are equal lengths.
    ratio = claim_ratio(reference, reference.points[-1].point)
    assert ratio is not None
    assert plot.rows[0].middle < plot.claim[1]


def test_the_last_common_point_is_compared(reference: Result) -> None:
    short = own(reference, points=reference.points[:2])
    plot = outcome(short, reference, NAMES).plot
    assert plot is not None
    assert plot.point == str(reference.points[1].point)


def test_without_a_reference_there_is_only_ones_own(reference: Result) -> None:
    found = outcome(own(reference), None, NAMES)
    assert found.word == "no reference"
    assert found.plot is not None
    assert [row.name for row in found.plot.rows] == ["yours"]


def test_without_a_ratio_there_is_no_plot(reference: Result) -> None:
    bare = tuple(point.model_copy(update={"ratios": ()}) for point in reference.points)
    found = outcome(own(reference, points=bare), reference, NAMES)
    assert found.plot is None
    assert "<svg width" not in outcome_html(found)


def test_the_fragment_is_text_and_drawing_only(reference: Result) -> None:
    verdict = reference.verdict.model_copy(update={"reason": "<script>alert(1)</script>"})
    changed = own(reference, verdict=verdict, settings={"seed": 1, "SPREAD": 3}, noisy=True)
    html = outcome_html(outcome(changed, reference, NAMES))
    assert "<script" not in html
    assert "&lt;script" in html
    assert "SPREAD=3" in html
    assert "seed" not in html
    assert "noisy machine" in html
    assert not re.search(r"\sstyle=|\son\w+=", html)


def test_the_server_does_not_import_the_engine() -> None:
    code = "import sys, scalebook.site.serve.server; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[1] for name in done.stdout.split() if name.startswith("scalebook.")}
    assert loaded & {"engine", "load", "lab", "labfile", "chapters", "services"} == set()
