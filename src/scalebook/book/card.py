"""The social card of a page: its title, its takeaway and its verdict as a picture of 1200 x 630."""

from __future__ import annotations

import hashlib
import textwrap
from contextlib import suppress
from dataclasses import dataclass
from html import escape

from scalebook.book.remembered import cache_folder
from scalebook.errors import ScalebookError
from scalebook.files import write_whole

__all__ = ["HEIGHT", "WIDTH", "Card", "CardError", "card_png", "card_svg", "draw_card"]

WIDTH, HEIGHT = 1200, 630
SERIF = "Charter, 'Noto Serif', 'Liberation Serif', 'DejaVu Serif', serif"
SANS = "Inter, 'Noto Sans', 'Liberation Sans', 'DejaVu Sans', Arial, sans-serif"
PAPER, INK, SECOND, EDGE = "#fbfbf8", "#191b1d", "#55595d", "#85888a"
MEASURED, CLAIMED, BROKEN = "#0c5aa6", "#8a5700", "#b42318"
COLOURS = {
    "holds": MEASURED,
    "holds-from": MEASURED,
    "holds-up-to": MEASURED,
    "never": BROKEN,
    "unresolved": SECOND,
}
RING = '<circle cx="8" cy="8" r="6.5" fill="none" stroke="{0}" stroke-width="1.5"/>'
GLYPHS = {
    "holds": '<circle cx="8" cy="8" r="7.2" fill="{0}"/>',
    "holds-from": f'<path d="M8 1.5a6.5 6.5 0 0 1 0 13z" fill="{{0}}"/>{RING}',
    "holds-up-to": f'<path d="M8 1.5a6.5 6.5 0 0 0 0 13z" fill="{{0}}"/>{RING}',
    "never": f'{RING}<path d="M5.2 5.2l5.6 5.6m0-5.6l-5.6 5.6" stroke="{{0}}" stroke-width="1.5"/>',
    "unresolved": '<circle cx="8" cy="8" r="6.5" fill="none" stroke="{0}" stroke-width="1.5" '
    'stroke-dasharray="2.6 2.5"/>',
}
LEFT, TITLE_TOP = 80, 186
TITLE_SIZE, TITLE_SMALL, TAKEAWAY_SIZE = 80, 60, 34
NAME_WIDTH, CLAIM_LETTER = 160, 21.0
LETTER = 0.56
"""Width of a wide serif's letter over its size: what fits at that fits in every font."""


class CardError(ScalebookError):
    """A card cannot be drawn; the text says which part is at fault (exit status 1)."""

    exit_status = 1


@dataclass(frozen=True)
class Card:
    """What a card says; `state` and `verdict` ("holds from 2,630") are None without a lab."""

    title: str
    takeaway: str
    chapter: str = ""
    claim: str | None = None
    state: str | None = None
    verdict: str | None = None


def draw_card(card: Card) -> bytes:
    """The card as a PNG; where the machine has no fonts, words are left out, but it is drawn.

    CardError for a card without a title or with a state that no verdict has.
    """
    import resvg_py

    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=card_svg(card), width=WIDTH, height=HEIGHT))
    except ValueError as error:
        raise CardError(f"the card of '{card.title}' cannot be drawn: {error}") from error


def card_png(
    title: str,
    takeaway: str,
    chapter: str = "",
    *,
    claim: str | None = None,
    state: str | None = None,
    verdict: str | None = None,
) -> bytes:
    """`draw_card`, kept by its content in the user's cache: a warm one costs a read."""
    import resvg_py

    card = Card(title, takeaway, chapter, claim, state, verdict)
    stamp = f"{resvg_py.__version__}\n{card_svg(card)}"
    name = hashlib.sha256(stamp.encode()).hexdigest()[:32]
    file = cache_folder() / "cards" / f"{name}.png"
    # A cache that cannot be read or written only has to be filled again.
    with suppress(OSError):
        found = file.read_bytes()
        if found.startswith(b"\x89PNG"):
            return found
    drawn = draw_card(card)
    with suppress(OSError):
        write_whole(file, drawn)
    return drawn


def card_svg(card: Card) -> str:
    """The card as a standalone SVG with its colours in it, for a page nobody themes."""
    if not card.title.strip():
        raise CardError("a card without a title", remedy="give the page a title")
    if card.state is not None and card.state not in GLYPHS:
        raise CardError(f"no verdict {card.state!r}", remedy=f"use one of {', '.join(GLYPHS)}")
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        _words(LEFT, 84, card.chapter, 30, SECOND, SANS),
    ]
    size = TITLE_SIZE if len(_lines(card.title, TITLE_SIZE)) == 1 else TITLE_SMALL
    title = _lines(card.title, size, 2)
    parts += [
        _words(LEFT, TITLE_TOP + i * size * 1.1, s, size, INK, SERIF) for i, s in enumerate(title)
    ]
    top = TITLE_TOP + len(title) * size * 1.1 - 6
    takeaway = _lines(card.takeaway, TAKEAWAY_SIZE, 3)
    parts += [
        _words(LEFT, top + i * TAKEAWAY_SIZE * 1.36, s, TAKEAWAY_SIZE, SECOND, SERIF)
        for i, s in enumerate(takeaway)
    ]
    parts.append(_plate(card))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
    )


def _lines(words: str, size: float, most: int = 9) -> list[str]:
    """At most so many lines that fit in whatever font the machine has, the rest an ellipsis."""
    wide = int((WIDTH - 2 * LEFT) / (size * LETTER))
    return textwrap.wrap(words, wide, max_lines=most, placeholder="…") or [""]


def _words(
    x: float,
    y: float,
    words: str,
    size: float,
    colour: str,
    family: str,
    anchor: str = "start",
    width: float | None = None,
) -> str:
    """Words at a place; with `width` set to exactly that many pixels, whatever the font."""
    fixed = f'textLength="{width:g}" lengthAdjust="spacingAndGlyphs" ' if width else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-family="{family}" font-size="{size:g}" fill="{colour}" '
        f'{fixed}text-anchor="{anchor}">{escape(words, quote=False)}</text>'
    )


def _plate(card: Card) -> str:
    """Claim and verdict side by side below a rule, and the book's name at the right."""
    rule = f'<rect x="{LEFT}" y="470" width="{WIDTH - 2 * LEFT}" height="3" fill="{INK}"/>'
    parts = [
        rule,
        _words(WIDTH - LEFT, 84, "Scalebook", 34, INK, SERIF, "end", NAME_WIDTH),
        _whisker(),
    ]
    if card.state is None or card.verdict is None:
        said = "A system-design book that runs"
        return "".join(parts) + _words(LEFT, 540, said, 34, SECOND, SERIF)
    colour = COLOURS[card.state]
    if card.claim:
        claim = textwrap.shorten(card.claim, 26, placeholder="…")
        parts.append(_words(LEFT, 514, "published claim", 24, SECOND, SANS))
        wide = len(claim) * CLAIM_LETTER
        parts.append(_words(LEFT, 562, claim, 42, CLAIMED, SERIF, width=wide))
        parts.append(
            f'<path d="M{LEFT} 578h{wide:g}" stroke="{CLAIMED}" stroke-width="2" '
            'stroke-dasharray="8 6"/>'
        )
    x = 640 if card.claim else LEFT
    parts.append(_words(x, 514, "our verdict", 24, SECOND, SANS))
    glyph = GLYPHS[card.state].format(colour)
    parts.append(f'<g transform="translate({x} 528) scale(2.6)">{glyph}</g>')
    parts.append(
        _words(x + 56, 562, textwrap.shorten(card.verdict, 26, placeholder="…"), 42, colour, SERIF)
    )
    return "".join(parts)


def _whisker() -> str:
    """The mark of a measured number, under the book's name."""
    right, left = WIDTH - LEFT, WIDTH - LEFT - NAME_WIDTH
    return (
        f'<path d="M{left} 92v10M{right} 92v10M{left} 97H{right}" stroke="{INK}" stroke-width="2"/>'
    )
