"""The witness: lanes, boxes from start to end, the moment of the fault."""

from typing import Any
from xml.etree import ElementTree

import pytest

from scalebook.book.pictures import PictureError, witness
from scalebook.results import Counterexample, WitnessStep

SVG = "{http://www.w3.org/2000/svg}"


def example(*steps: WitnessStep, lines: tuple[str, ...] = ("the value is 2",)) -> Counterexample:
    return Counterexample(
        promise="nothing is lost",
        variant="Cache",
        trial="whole",
        caught=True,
        attempts=1,
        witness=lines,
        steps=steps,
    )


def step(who: str, start: float, end: float, answer: str = "1") -> WitnessStep:
    return WitnessStep(who=who, what="read(7)", answer=answer, start=start, end=end)


def boxes(root: ElementTree.Element) -> list[tuple[str, float, float]]:
    return [
        (e.get("x1") or "", float(e.get("y1") or ""), float(e.get("y2") or ""))
        for e in root.iter(f"{SVG}line")
        if "op-box" in (e.get("class") or "")
    ]


def test_boxes_run_from_start_to_end_in_their_lanes(parse: Any, draft: Any) -> None:
    root = parse(
        witness(
            example(
                step("reader", 0, 0.005), step("writer", 0.001, 0.002), step("reader", 0.006, 0.007)
            ),
            id="w",
        )
    )
    first, second, third = boxes(root)
    assert first[0] == third[0] != second[0]
    assert first[1] < second[1] < second[2] < first[2] < third[1] < third[2]
    said = draft.texts(root)
    assert {"reader", "writer", "read 7", "→ 1", "ms", "✕ the value is 2"} <= set(said)


def test_moments_that_differ_are_written_differently(parse: Any, draft: Any) -> None:
    root = parse(witness(example(step("a", 0, 0.00011), step("b", 0.00014, 0.0012))))
    said = draft.texts(root)
    assert "0.14" in said
    assert "1.20" in said


def test_a_planted_wrong_order_is_seen(parse: Any) -> None:
    right = boxes(parse(witness(example(step("a", 0, 0.001), step("b", 0.002, 0.003)))))
    wrong = boxes(parse(witness(example(step("a", 0.002, 0.003), step("b", 0, 0.001)))))
    assert right[0][1] < right[1][1]
    assert wrong[0][0] == right[0][0]  # Lanes are in the order of their first operation.
    assert wrong[0][1] < wrong[1][1]
    assert right != wrong or right[0][0] == "2%"


def test_long_silences_are_squeezed(parse: Any) -> None:
    (_, _, first_end), (_, second_start, _) = boxes(
        parse(witness(example(step("a", 0, 0.001), step("b", 100.0, 100.001))))
    )
    assert 0 < second_start - first_end < 150


def test_long_answers_are_cut_at_both_widths(parse: Any, draft: Any) -> None:
    steps = [step(who, 0, 1, "x" * 80) for who in ("a", "b", "c")]
    said = [words for words in draft.texts(parse(witness(example(*steps)))) if "xx" in words]
    assert all(words.endswith("…") for words in said)
    assert len({len(words) for words in said}) == 2


def test_no_steps_are_refused_and_no_sentence_is_made_good(parse: Any, draft: Any) -> None:
    with pytest.raises(PictureError, match="no witness"):
        witness(example())
    said = draft.texts(parse(witness(example(step("a", 0, 0), lines=()))))
    assert "✕ Cache broke 'nothing is lost'" in said


def test_the_accused_is_red_and_nobody_else(parse: Any) -> None:
    accused = step("b", 0.001, 0.003).model_copy(update={"guilty": True})
    root = parse(witness(example(step("a", 0, 0.002), accused, step("c", 0.002, 0.004))))
    red = [e for e in root.iter() if (e.get("class") or "") == "op-box guilty"]
    assert len(red) == 1
    assert red[0].get("x1") == boxes(root)[1][0]
    assert len([e for e in root.iter() if e.get("class") == "bad"]) == 1
    bare = parse(witness(example(step("a", 0, 0.002))))
    assert not [e for e in bare.iter() if "guilty" in (e.get("class") or "")]
