"""The strip of an invariant: kept and broken points, as the verdict says them."""

from itertools import product
from typing import Any

import pytest

from scalebook.book.pictures import PictureError, curve, kept_flags, verdict_plate, verdict_text
from scalebook.results import CheckRecord, Result
from scalebook.stats import say_flags, verdict_of_flags


def flagged(draft: Any, flags: list[tuple[Any, bool | None]]) -> Result:
    """A result whose verdict says these flags and whose points do not."""
    stats = verdict_of_flags(flags)
    crossing = stats.crossing and {
        "at": stats.crossing.at,
        "low": stats.crossing.low,
        "high": stats.crossing.high,
    }
    said = draft.verdict(
        stats.state,
        None,
        metric="invariant",
        over=None,
        crossing=crossing,
        reason=say_flags(stats, "Cache", "nothing is lost", "TTLs"),
    )
    check = CheckRecord(
        promise="nothing is lost", variant="Plain", trial="whole", attempts=3, violations=0
    )
    made: Result = draft.make(
        [draft.point(at) for at, _ in flags], said, axis="TTLs", checks=(check,)
    )
    return made


@pytest.mark.parametrize("points", [(0, 0.5, 1.5, 3), ("a", "b", "c")])
def test_flags_are_read_from_the_verdict(draft: Any, points: tuple[Any, ...]) -> None:
    for choice in product((True, False), repeat=len(points)):
        flags: list[tuple[Any, bool | None]] = list(zip(points, choice, strict=True))
        assert kept_flags(flagged(draft, flags)) == flags


def test_sides_come_before_words(draft: Any) -> None:
    result = flagged(draft, [(1, True), (2, True)])
    points = [
        p.model_copy(update={"side": side})
        for p, side in zip(result.points, ("above", "below"), strict=True)
    ]
    assert kept_flags(result.model_copy(update={"points": tuple(points)})) == [
        (1, True),
        (2, False),
    ]


def test_a_verdict_that_says_nothing_is_refused(draft: Any) -> None:
    result = flagged(draft, [(1, True), (2, False)])
    other = result.verdict.model_copy(update={"reason": "Somebody wrote this."})
    with pytest.raises(PictureError, match="does not say"):
        kept_flags(result.model_copy(update={"verdict": other}))


def test_the_strip_shows_signs_and_words(draft: Any, parse: Any) -> None:
    result = flagged(draft, [(0, True), (0.5, True), (1.5, False)])
    root = parse(curve(result, id="s"))
    said = draft.texts(root)
    assert (said.count("kept"), said.count("broken")) == (2, 1)
    marks = [e.get("class") for e in root.iter() if (e.get("class") or "").endswith("-mark")]
    assert marks == ["kept-mark", "kept-mark", "broke-mark"]
    assert "TTLs" in said


def test_its_plate_says_up_to_where(draft: Any, parse: Any) -> None:
    numbers = flagged(draft, [(0, True), (0.5, True), (1.5, False)])
    assert verdict_text(numbers) == "holds up to 0.5"
    said = " ".join(draft.texts(parse(verdict_plate(numbers, "100% accuracy"))))
    assert "looked at 0.5 and 1.5" in said
    labels = flagged(draft, [("weak", False), ("strong", True)])
    assert verdict_text(labels) == "holds from strong"


def test_between_a_kept_and_a_broken_point_nothing_is_known(draft: Any, parse: Any) -> None:
    result = flagged(draft, [(0, True), (1, True), (3, False), (4, False)])
    root = parse(curve(result, id="s"))
    thick = next(e for e in root.iter() if e.get("class") == "regime-true")
    gap = next(e for e in root.iter() if e.get("class") == "regime-open")
    assert thick.get("width") == gap.get("x1") == "26.5%"
    assert gap.get("x2") == "73.5%"
    assert "not looked at" in draft.texts(root)
