"""The plate: claim and verdict."""

from typing import Any

import pytest

from scalebook.book.pictures import PictureError, verdict_plate, verdict_text
from scalebook.results import Result


def test_claim_and_crossing(curved: Result, parse: Any, draft: Any) -> None:
    said = draft.texts(parse(verdict_plate(curved, "22× faster <really>")))
    assert "22× faster <really>" in said
    assert "holds from 2,600" in said
    assert "[2,500, 2,800]" in said


def test_a_claim_that_is_never_true_shows_how_near_it_came(curved: Result, draft: Any) -> None:
    result = curved.model_copy(update={"verdict": draft.verdict("never")})
    plate = verdict_plate(result, "x")
    assert verdict_text(result) == "never"
    assert "at most 71×" in plate
    assert "[67, 75]" in plate


def test_a_claim_that_holds_shows_its_least(curved: Result, draft: Any) -> None:
    result = curved.model_copy(update={"verdict": draft.verdict("holds")})
    assert "at least 1.6×" in verdict_plate(result, "x")


def test_an_open_claim_shows_the_open_point(curved: Result, draft: Any) -> None:
    opened = curved.points[2].model_copy(update={"side": "undecided"})
    points = (*curved.points[:2], opened, curved.points[3])
    result = curved.model_copy(update={"verdict": draft.verdict("unresolved"), "points": points})
    assert "9.4×" in verdict_plate(result, "x")


def test_a_claim_without_words_is_refused(curved: Result) -> None:
    with pytest.raises(PictureError, match="no published claim"):
        verdict_plate(curved, "")


def test_a_labelled_verdict_needs_a_point_on_its_side(draft: Any) -> None:
    result = draft.make([draft.point("a"), draft.point("b")], draft.verdict("holds-from"))
    with pytest.raises(PictureError, match="no point is on its side"):
        verdict_text(result)
