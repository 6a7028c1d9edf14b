"""The social card: a picture of the right size, whatever its words and the machine's fonts."""

import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scalebook.book import card
from scalebook.book.card import Card, CardError, card_png, card_svg, draw_card

FULL = Card(
    title="Key-value cache",
    takeaway="A cache repays the work it skips. Skip little work and it repays little.",
    chapter="Redis",
    claim="22× faster",
    state="holds-from",
    verdict="holds from 2,630",
)


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_a_card_is_1200_by_630_and_small() -> None:
    png = draw_card(FULL)
    assert size(png) == (1200, 630)
    assert len(png) < 70_000


def test_it_says_title_takeaway_claim_and_verdict() -> None:
    said = " ".join(ElementTree.fromstring(card_svg(FULL)).itertext())
    for words in ("Key-value cache", "Skip little work", "Redis", "22× faster", "holds from 2,630"):
        assert words in said


@pytest.mark.parametrize("state", ["holds", "holds-from", "holds-up-to", "never", "unresolved"])
def test_every_verdict_has_its_sign(state: str) -> None:
    ElementTree.fromstring(card_svg(Card("A", "B", state=state, verdict=state)))


def test_a_page_without_a_lab_has_no_verdict() -> None:
    said = " ".join(ElementTree.fromstring(card_svg(Card("A", "B"))).itertext())
    assert "our verdict" not in said


def test_long_words_end_in_an_ellipsis_and_markup_is_escaped() -> None:
    long = Card("word " * 40, "x & <y> " * 40, claim="c" * 80, state="never", verdict="never")
    root = ElementTree.fromstring(card_svg(long))
    lines = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert sum(line.endswith("…") for line in lines) == 3
    assert size(draw_card(long)) == (1200, 630)


@pytest.mark.parametrize(("title", "state"), [(" ", None), ("A", "great")])
def test_what_cannot_be_said_is_refused(title: str, state: str | None) -> None:
    with pytest.raises(CardError):
        draw_card(Card(title, "B", state=state))


def test_without_fonts_a_card_is_drawn_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import resvg_py

    drawn = resvg_py.svg_to_bytes

    def bare(**given: object) -> bytes:
        return bytes(drawn(**given, skip_system_fonts=True))  # type: ignore[arg-type]

    monkeypatch.setattr(resvg_py, "svg_to_bytes", bare)
    assert size(draw_card(FULL)) == (1200, 630)


def test_a_kept_card_is_not_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path))
    first = card_png("A", "B", "Redis")

    def never(_: Card) -> bytes:
        raise AssertionError("drawn again")

    monkeypatch.setattr(card, "draw_card", never)
    assert card_png("A", "B", "Redis") == first
    with pytest.raises(AssertionError, match="drawn again"):
        card_png("A", "C", "Redis")
    for file in (tmp_path / "cards").iterdir():
        file.write_bytes(b"damaged")
    with pytest.raises(AssertionError, match="drawn again"):
        card_png("A", "B", "Redis")
