"""The claim's curve: numbers where they belong, and the axis as the verdict."""

import json
import math
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from scalebook.book.pictures import PictureError, curve
from scalebook.results import Result

SVG = "{http://www.w3.org/2000/svg}"


def classed(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [e for e in root.iter() if name in (e.get("class") or "").split()]


def percent(element: ElementTree.Element, name: str) -> float:
    return float((element.get(name) or "").removesuffix("%"))


def data_of(root: ElementTree.Element) -> dict[str, Any]:
    found = json.loads(classed(root, "scrub")[0].get("data-curve") or "")
    assert isinstance(found, dict)
    return found


def holds_its_numbers(root: ElementTree.Element, result: Result) -> None:
    """Every point stands where axis and height say, read from the picture's own scales."""
    data = data_of(root)
    (x0, x1), (y0, y1), h = data["x"], data["y"], data["h"]
    ratios = [r for p in result.points for r in p.ratios if r.claim and r.value]
    dots = [d for d in classed(root, "dot") if d.tag == f"{SVG}circle"]
    assert len(dots) == len(ratios)
    for dot, record, ratio in zip(dots, result.points, ratios, strict=True):
        x = 100 * math.log(float(record.point) / x0) / math.log(x1 / x0)
        y = h * (1 - math.log((ratio.value or 1) / y0) / math.log(y1 / y0))
        assert percent(dot, "cx") == pytest.approx(x, abs=0.05)
        assert float(dot.get("cy") or "") == pytest.approx(y, abs=0.2)


def test_points_stand_where_they_belong(curved: Result, parse: Any) -> None:
    holds_its_numbers(parse(curve(curved, id="k")), curved)


@pytest.mark.parametrize("attribute", ["cx", "cy"])
def test_a_planted_wrong_place_is_noticed(curved: Result, parse: Any, attribute: str) -> None:
    root = parse(curve(curved, id="k"))
    dot = classed(root, "dot")[1]
    place = dot.get(attribute) or ""
    dot.set(attribute, re.sub(r"^[\d.]+", lambda found: str(float(found[0]) + 2), place))
    with pytest.raises(AssertionError):
        holds_its_numbers(root, curved)


def test_a_planted_wrong_value_moves_its_point(curved: Result, parse: Any, draft: Any) -> None:
    wrong = curved.points[1].model_copy(
        update={"ratios": (draft.ratio(9.9, 9.7, 10.1),), "side": "below"}
    )
    points = (curved.points[0], wrong, *curved.points[2:])
    root = parse(curve(curved.model_copy(update={"points": points}), id="k"))
    with pytest.raises(AssertionError):
        holds_its_numbers(root, curved)


def test_the_crossing_lies_on_the_claim_line_and_splits_the_axis(
    curved: Result, parse: Any
) -> None:
    root = parse(curve(curved, id="k"))
    claim = classed(root, "claim-line")[0]
    ring = next(e for e in classed(root, "ring") if "thin" not in (e.get("class") or ""))
    assert float(ring.get("cy") or "") == pytest.approx(float(claim.get("y1") or ""))
    regime = classed(root, "regime-true")[0]
    assert percent(regime, "x") == pytest.approx(percent(ring, "cx"), abs=0.02)
    assert percent(regime, "x") + percent(regime, "width") == pytest.approx(100, abs=0.02)
    (x0, x1) = data_of(root)["x"]
    assert percent(ring, "cx") == pytest.approx(
        100 * math.log(2630 / x0) / math.log(x1 / x0), abs=0.05
    )


def test_what_it_says(curved: Result, parse: Any, draft: Any) -> None:
    said = draft.texts(parse(curve(curved, id="k")))
    for words in ("1.6×", "2.4×", "9.4×", "71×", "claimed: 22×", "2,600", "the engine alone"):
        assert words in said, words
    assert {"claim true", "claim false", "rows", "times faster"} <= set(said)


def test_the_title_states_the_finding(curved: Result, parse: Any) -> None:
    root = parse(curve(curved, id="k"))
    assert next(root.iter(f"{SVG}title")).text == curved.verdict.reason


@pytest.mark.parametrize(("state", "bars"), [("holds", 1), ("never", 0)])
def test_a_verdict_without_a_crossing_has_one_regime(
    curved: Result, parse: Any, draft: Any, state: Any, bars: int
) -> None:
    result = curved.model_copy(update={"verdict": draft.verdict(state)})
    regimes = classed(parse(curve(result, id="k")), "regime-true")
    assert [percent(r, "width") for r in regimes] == [100] * bars


def test_what_is_open_is_neither_thin_nor_thick(curved: Result, parse: Any, draft: Any) -> None:
    points = tuple(
        p.model_copy(update={"side": "undecided" if i == 3 else p.side})
        for i, p in enumerate(curved.points)
    )
    result = curved.model_copy(update={"verdict": draft.verdict("unresolved"), "points": points})
    root = parse(curve(result, id="k"))
    assert classed(root, "regime-open")
    assert not classed(root, "regime-true")


def test_the_handle_holds_what_the_script_needs(curved: Result, parse: Any) -> None:
    root = parse(curve(curved, id="k"))
    data = data_of(root)
    assert data["points"][2] == [1000, 8.9, 9.4, 9.9]
    assert (data["claim"], data["scale"], data["axis"]) == (22, "log", "rows")
    put = next(root.iter("input"))
    assert put.get("id") == "k-r"
    output = "".join(next(root.iter("output")).itertext())
    assert output.startswith("With 100 rows Cache is 2.4× [2.2, 2.5] faster than Plain: ")
    assert output.endswith("the claim is false here.")


def test_exact_points_have_no_whiskers(parse: Any, draft: Any) -> None:
    points = [
        draft.point(at, draft.ratio(v, v, v, kind="exact"), side="below")
        for at, v in ((1, 2.0), (1000, 5.0))
    ]
    root = parse(curve(draft.make(points, draft.verdict("never")), id="k"))
    assert not classed(root, "caps")
    assert data_of(root)["points"] == [[1, None, 2.0, None], [1000, None, 5.0, None]]


def test_a_labelled_axis_draws_points_without_a_line(parse: Any, draft: Any) -> None:
    points = [
        draft.point(at, draft.ratio(v, v * 0.9, v * 1.1), side=side)
        for at, v, side in (("slow", 2.0, "below"), ("fast", 40.0, "above"))
    ]
    result = draft.make(points, draft.verdict("holds-from"), axis="mode")
    root = parse(curve(result, id="k"))
    assert not list(root.iter(f"{SVG}polyline"))
    assert {"slow", "fast", "mode"} <= set(draft.texts(root))
    assert [percent(r, "x") for r in classed(root, "regime-true")] == [50]


def test_one_point_has_no_handle(parse: Any, draft: Any) -> None:
    result = draft.make([draft.point(5, draft.ratio(2, 1.9, 2.1), side="below")], draft.verdict())
    assert not classed(parse(curve(result, id="k")), "scrub")


def test_points_without_a_ratio_are_left_out(curved: Result, parse: Any, draft: Any) -> None:
    points = (draft.point(1, draft.ratio(None, None, None)), *curved.points)
    root = parse(curve(curved.model_copy(update={"points": points}), id="k"))
    assert len(data_of(root)["points"]) == 4


def test_unbounded_and_wild_intervals_are_drawn(parse: Any, draft: Any) -> None:
    points = [
        draft.point(1, draft.ratio(3, None, None), side="undecided"),
        draft.point(1000, draft.ratio(5, 1e-9, 1e12), side="undecided"),
    ]
    parse(curve(draft.make(points, draft.verdict("unresolved")), id="k"))


def test_a_saving_is_said_as_a_share(parse: Any, draft: Any) -> None:
    points = [draft.point(at, draft.ratio(v, v, v), side="below") for at, v in ((1, 2), (99, 9))]
    saving = draft.verdict("never", 250.0, metric="saving")
    said = draft.texts(parse(curve(draft.make(points, saving), id="k")))
    assert "claimed: 99.6\u00a0% saved" in said


def test_no_ratio_is_refused_with_a_remedy(draft: Any) -> None:
    result = draft.make([draft.point(1)], draft.verdict())
    with pytest.raises(PictureError) as caught:
        curve(result, id="k")
    assert caught.value.remedy == "scalebook run redis/made-up"
    with pytest.raises(PictureError):
        curve(draft.make([], draft.verdict()), id="k")


def test_the_client_s_share_is_taken_off_where_asked(
    curved: Result, parse: Any, draft: Any
) -> None:
    points = tuple(
        p.model_copy(
            update={
                "ratios": (*p.ratios, draft.ratio(5, 4, 6, kind="floor-corrected", claim=False))
            }
        )
        for p in curved.points
    )
    result = curved.model_copy(update={"points": points})
    assert classed(parse(curve(result, id="k", floor=True)), "line-3")
    assert not classed(parse(curve(result, id="k")), "line-3")


def test_crowded_points_do_not_write_over_each_other(parse: Any, draft: Any) -> None:
    ats = [100, 1000, 70000, 72000, 74000, 76000, 78000, 1_000_000]
    points = [
        draft.point(at, draft.ratio(v, v, v), side="above" if v > 22 else "below")
        for at, v in zip(ats, (2, 5, 20.1, 20.5, 21, 21.5, 22.5, 70), strict=True)
    ]
    root = parse(curve(draft.make(points, draft.verdict("holds-from")), id="k"))
    said = [e for e in root.iter(f"{SVG}text") if (e.get("class") or "").startswith("m lbl hd")]
    words = {"".join(e.itertext()) for e in said}
    assert {"2×", "70×"} <= words
    assert 4 < len(words) < 8
    assert len(classed(root, "dot")) == 8


def test_how_the_engine_was_driven_is_said(curved: Result, draft: Any) -> None:
    assert "drawn-note" not in curve(curved, id="k")
    noted = draft.ratio(
        30, 20, 40, kind="engine", claim=False, note="4 clients, pipeline of 1, 4 clients"
    )
    points = tuple(p.model_copy(update={"ratios": (p.ratios[0], noted)}) for p in curved.points)
    drawn = curve(curved.model_copy(update={"points": points}), id="k")
    assert "driven without Python: 4 clients, pipeline of 1." in drawn
