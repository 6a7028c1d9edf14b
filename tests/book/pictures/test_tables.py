"""Tables, marks, the ledger's pictures, the map, the comparison."""

import math
from typing import Any

import pytest

from scalebook.book.pictures import (
    PictureError,
    chapter_map,
    counters,
    dumbbell,
    forest_axis,
    forest_row,
    legend_marks,
    mark,
    marks_row,
    number_card,
    spark,
    table,
)
from scalebook.results import Result

SVG = "{http://www.w3.org/2000/svg}"


def test_a_table_of_statistics(curved: Result, parse: Any) -> None:
    root = parse(table(curved, op="read", stat="median"))
    rows = [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]
    assert rows[0] == ["rows", "Plain", "Cache"]
    assert rows[1][0] == "10"
    assert rows[1][1].startswith("4\u00a0ms[")
    assert len(rows) == 5


def test_a_table_of_exact_figures(curved: Result, parse: Any) -> None:
    root = parse(table(curved, figure="memory"))
    assert "".join(next(root.iter("td")).itertext()) == "12.4\u00a0KB"


def test_a_variant_that_is_not_everywhere_has_a_dash(curved: Result, parse: Any) -> None:
    record = curved.points[0]
    less = record.model_copy(update={"variants": {"Plain": record.variants["Plain"]}})
    root = parse(table(curved.model_copy(update={"points": (less, *curved.points[1:])}), op="read"))
    assert [td.text for td in root.iter("td")][1] == "–"


def test_a_table_of_nothing_is_refused(curved: Result, draft: Any) -> None:
    with pytest.raises(PictureError, match="no 'write median'"):
        table(curved, op="write")
    with pytest.raises(PictureError, match="holds no points"):
        table(draft.make([], draft.verdict()), op="read")


def test_counters(curved: Result, parse: Any, draft: Any) -> None:
    said = draft.texts(parse(counters(curved, 10)))
    assert "read · pagesper operation" in said
    assert "12.5" in said
    record = curved.points[0]
    bare = {
        name: held.model_copy(update={"evidence": type(held.evidence)()})
        for name, held in record.variants.items()
    }
    result = curved.model_copy(update={"points": (record.model_copy(update={"variants": bare}),)})
    with pytest.raises(PictureError, match="no engine counter"):
        counters(result, None)


def test_one_mark_per_unit(parse: Any) -> None:
    root = parse(
        marks_row(
            [("article", "planned"), ("lab", "fault"), ("lab", "passes"), ("system", "exists")]
        )
    )
    row = root[0]
    assert row.get("aria-label") == "1 of 4 units pass"
    shapes = [next(iter(m)).tag.removeprefix(SVG) for m in row.iter(f"{SVG}svg")]
    assert shapes == ["rect", "rect", "path", "circle"]
    assert [len(list(m)) for m in row.iter(f"{SVG}svg")] == [1, 2, 1, 1]  # The fault is crossed.
    assert len(legend_marks()) == 7


@pytest.mark.parametrize(("shape", "standing"), [("house", "passes"), ("lab", "great")])
def test_unknown_marks_are_refused(shape: str, standing: str) -> None:
    with pytest.raises(PictureError):
        mark(shape, standing)


def test_the_forest_has_one_axis(parse: Any) -> None:
    def place(markup: str) -> float:
        dot = next(parse(markup).iter(f"{SVG}circle"))
        return float((dot.get("cx") or "").removesuffix("%"))

    claim = 100 * math.log(1 / 0.001) / math.log(20 / 0.001)
    assert place(forest_row(1.0)) == pytest.approx(claim, abs=0.01)
    assert claim == pytest.approx(69.77, abs=0.03)  # Where the stylesheet draws the claim.
    assert place(forest_row(0.1)) < place(forest_row(0.5, 0.4, 0.6, (0.1, 2.0))) < claim
    assert place(forest_row(1e9)) == 100
    assert "claim" in "".join(parse(forest_axis()).itertext())
    with pytest.raises(PictureError):
        forest_row(0)


def test_a_reach_is_thick_beyond_the_claim_only() -> None:
    assert "reach-true" in forest_row(0.5, None, None, (0.1, 2.0))
    assert "reach-true" not in forest_row(0.5, None, None, (0.1, 0.9))


def test_the_spark_is_blue_above_the_claim(parse: Any) -> None:
    root = parse(spark([(10, 0.1), (100, 0.5), (1000, 4.0)], 300))
    true = next(e for e in root.iter() if e.get("class") == "spark-true")
    claim = next(e for e in root.iter() if "claim-line" in (e.get("class") or ""))
    first = (true.get("points") or "").split()[0]
    assert float(first.split(",")[1]) == pytest.approx(float(claim.get("y1") or ""), abs=0.02)
    assert "spark-true" not in spark([(10, 0.1), (100, 0.5)])
    parse(spark([("a", 0.5)]))
    with pytest.raises(PictureError):
        spark([(1, None), (2, 0.0)])


def test_the_card_s_whisker(parse: Any) -> None:
    root = parse(number_card(9.4, 8.9, 9.9))
    dot = next(root.iter(f"{SVG}circle"))
    caps = [e for e in root.iter(f"{SVG}line") if e.get("class") == "whisk"]
    place = [
        float((x or "").removesuffix("%"))
        for x in (caps[0].get("x1"), dot.get("cx"), caps[0].get("x2"))
    ]
    assert place == sorted(place)
    for nothing in ((1.0, None, None), (2.0, 2.0, 2.0), (0.1, -1.0, 1.0)):
        assert number_card(*nothing) == ""


def test_a_comparison_shows_both_intervals(parse: Any, draft: Any) -> None:
    said = draft.texts(parse(dumbbell((8.9, 9.4, 9.9), (4.3, 4.6, 5.0), 22)))
    assert {"reference", "yours", "22×"} <= set(said)
    assert "4.6×[4.3, 5]" in said
    with pytest.raises(PictureError):
        dumbbell((0, 1, 2), (1, 2, 3), None)


def test_the_map_links_what_is_there(parse: Any, draft: Any) -> None:
    def link(unit: str) -> str | None:
        return None if unit == "a/planned" else f"../{unit}.html"

    before = [("a/b", "Percentiles"), ("a/planned", "Sessions")]
    root = parse(
        chapter_map(
            before, "This & that", [("c/d", "A title that is longer than a line")], link, id="m"
        )
    )
    hrefs = [a.get("href") for a in root.iter() if a.tag.endswith("a") and a.get("href")]
    assert hrefs == ["../a/b.html", "../c/d.html"]
    assert "Sessions (planned)" in draft.texts(root)
    title = next(root.iter(f"{SVG}title")).text
    assert title == (
        "Before this page: Percentiles, Sessions. After it: A title that is longer than a line."
    )


def test_a_map_without_neighbours_is_refused() -> None:
    with pytest.raises(PictureError):
        chapter_map([], "Alone", [], lambda unit: unit)
