"""The pen: escaping, names of attributes, frames."""

from typing import Any

import pytest

from scalebook.book.pictures.svg import (
    PictureError,
    breakable,
    cut,
    el,
    frame,
    pct,
    pixels,
    verdict_word,
)


def test_an_element_says_its_attributes_escaped() -> None:
    assert el("a", "x", class_="b", data_at='"<&', id=None) == (
        '<a class="b" data-at="&quot;&lt;&amp;">x</a>'
    )
    assert el("rect", stroke_width=1.50, viewBox="0 0 1 1") == (
        '<rect stroke-width="1.5" viewBox="0 0 1 1"/>'
    )


@pytest.mark.parametrize(("value", "said"), [(0.0, "0"), (12.345, "12.35"), (100.0, "100")])
def test_lengths_are_short(value: float, said: str) -> None:
    assert pixels(value) == said
    assert pct(value) == f"{said}%"


def test_a_frame_has_a_title_that_names_it(parse: Any) -> None:
    root = parse(frame(10, "It <holds>", el("g"), id="p1", described="more"))
    assert root[0].get("aria-labelledby") == "p1-t p1-d"
    assert root[0][0].text == "It <holds>"


def test_a_frame_without_a_title_is_refused() -> None:
    with pytest.raises(PictureError, match="title"):
        frame(10, " ")


def test_the_check_of_pictures_sees_what_is_forbidden(draft: Any) -> None:
    for bad in (
        '<svg style="x"/>',
        "<style>x</style>",
        "<script/>",
        '<g onclick="x"/>',
        '<g id="a"/><g id="a"/>',
        '<svg role="img"/>',
        '<svg aria-labelledby="nobody"/>',
        '<line x1="nan"/>',
    ):
        with pytest.raises(AssertionError):
            draft.check(bad)


def test_a_sign_never_stands_without_its_word() -> None:
    assert "never" in verdict_word("never", "never").split("</svg>")[1]


def test_words_are_cut_and_names_may_break() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"
    assert breakable("DurableIncr") == "Durable<wbr/>Incr"
    assert breakable("A<b") == "A&lt;b"
