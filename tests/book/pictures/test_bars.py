"""Bars and ratios: lengths that are proportional, claims through all of them."""

import math
from typing import Any
from xml.etree import ElementTree

import pytest

from scalebook.book.pictures import PictureError, bars, ratios
from scalebook.results import Figure, Result

SVG = "{http://www.w3.org/2000/svg}"


def widths(root: ElementTree.Element) -> list[float]:
    rects = root.iter(f"{SVG}rect")
    return [float((rect.get("width") or "").removesuffix("%")) for rect in rects]


def test_bars_are_as_long_as_their_figures(curved: Result, parse: Any, draft: Any) -> None:
    root = parse(bars(curved, 100, "read", "median", id="b"))
    plain, cache = widths(root)
    assert plain / cache == pytest.approx(4, rel=0.01)
    said = draft.texts(root)
    assert any("4\u00a0ms" in words for words in said)
    assert any(words.startswith("Plain") for words in said)


def test_a_planted_wrong_figure_changes_the_bar(curved: Result, parse: Any, draft: Any) -> None:
    record = curved.points[0]
    wrong = record.model_copy(
        update={"variants": {**record.variants, "Cache": draft.variant(0.002, 0.0019, 0.0021)}}
    )
    result = curved.model_copy(update={"points": (wrong,)})
    plain, cache = widths(parse(bars(result, None, "read", "median", id="b")))
    assert plain / cache == pytest.approx(2, rel=0.01)


def test_far_apart_figures_become_dots_on_a_log_scale(parse: Any, draft: Any) -> None:
    record = draft.point(1)
    far = record.model_copy(
        update={"variants": {**record.variants, "Far": draft.variant(4.0, 3.0, 5.0)}}
    )
    root = parse(bars(draft.make([far], draft.verdict()), None, "read", "median"))
    assert not widths(root)
    dots = list(root.iter(f"{SVG}circle"))
    xs = [float((dot.get("cx") or "").removesuffix("%")) for dot in dots]
    steps = (xs[0] - xs[1], xs[2] - xs[0])
    assert steps[1] / steps[0] == pytest.approx(math.log(1000) / math.log(4), rel=0.01)


def test_a_figure_of_the_lab(curved: Result, draft: Any, parse: Any) -> None:
    said = " ".join(draft.texts(parse(bars(curved, 10, None, "memory"))))
    assert "12.4\u00a0KB" in said
    assert "exact" in said


def test_intervals_below_zero_are_drawn_at_the_edge(parse: Any, draft: Any) -> None:
    record = draft.point(1)
    held = draft.variant(0.004, -0.001, 0.009)
    result = draft.make([record.model_copy(update={"variants": {"Plain": held}})], draft.verdict())
    parse(bars(result, 1, "read", "median"))


def test_all_zero_is_drawn(parse: Any, draft: Any) -> None:
    record = draft.point(1)
    held = draft.variant(1, 1, 1)
    zero = held.model_copy(update={"statistics": {"error": Figure.exact(0, "share")}})
    result = draft.make([record.model_copy(update={"variants": {"A": zero}})], draft.verdict())
    assert widths(parse(bars(result, 1, None, "error"))) == [0]


@pytest.mark.parametrize(
    ("at", "op", "stat", "remedy"),
    [
        (11, "read", "median", "10, 100, 1,000, 10,000"),
        (None, "read", "median", "10, 100"),
        (10, "write", "median", "read median"),
        (10, "read", "mode", "read p99"),
    ],
)
def test_what_is_not_there_is_refused(
    curved: Result, at: Any, op: str, stat: str, remedy: str
) -> None:
    with pytest.raises(PictureError) as caught:
        bars(curved, at, op, stat)
    assert remedy in (caught.value.remedy or "")


def test_ratios_over_the_baseline_with_the_claim(curved: Result, parse: Any, draft: Any) -> None:
    root = parse(ratios(curved, 1000, id="r"))
    said = " ".join(draft.texts(root))
    assert "9.4×" in said
    assert "[8.9, 9.9]" in said
    assert "claimed 22×" in said
    line = next(e for e in root.iter() if e.get("class") == "claim-line")
    claim = float((line.get("x1") or "").removesuffix("%"))
    assert widths(root)[0] / claim == pytest.approx(math.log(9.4) / math.log(22), rel=0.01)


def test_ratios_of_one_technique_over_every_other(parse: Any, draft: Any) -> None:
    rivals = [draft.ratio(4, 3, 5), draft.ratio(0.5, 0.4, 0.6, over="Best", claim=False)]
    result = draft.make([draft.point(1, *rivals)], draft.verdict())
    said = " ".join(draft.texts(parse(ratios(result, 1, technique="Cache"))))
    assert "Best" in said
    assert "0.5×" in said
    with pytest.raises(PictureError, match="no ratio of Nobody"):
        ratios(result, 1, technique="Nobody")


def test_a_point_without_the_claim_s_ratio_is_refused(draft: Any) -> None:
    result = draft.make([draft.point(1, draft.ratio(None, None, None))], draft.verdict())
    with pytest.raises(PictureError, match="could be had"):
        ratios(result, 1)
