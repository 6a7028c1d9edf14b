"""Where a page stands: what to read first on the left, what it opens on the right."""

# ruff: noqa: A002  (an id is called so in HTML)
from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from html import escape

from scalebook.book.pictures.svg import PictureError, cut, el, frame, pct, stretched

__all__ = ["chapter_map"]

ROW = 46
WIDE, SMALL = 27, 15
"""Characters of a line at the two widths; a title has two lines at most."""


def chapter_map(
    before: Sequence[tuple[str, str]],
    this: str,
    after: Sequence[tuple[str, str]],
    link: Callable[[str], str | None],
    *,
    id: str = "",
) -> str:
    """Pages as (unit id, title), linked by `link`; where it gives None the page is planned.

    PictureError if there is neither a page before nor one after.
    """
    if not before and not after:
        raise PictureError("a map without neighbours", "name prerequisites or related pages")
    rows = max(len(before), len(after), 1)
    height = float(ROW * rows)
    middle = height / 2
    left, right = _places(len(before), height), _places(len(after), height)
    edges = [f"M34 {y:g} C37 {y:g} 37 {middle:g} 40 {middle:g}" for y in left]
    edges += [f"M60 {middle:g} C63 {middle:g} 63 {y:g} 66 {y:g}" for y in right]
    parts = [stretched(height, *(el("path", class_="edge", d=d) for d in edges))]
    parts += [_entry(page, y, 33, "end", link) for page, y in zip(before, left, strict=True)]
    parts += [_entry(page, y, 67, "start", link) for page, y in zip(after, right, strict=True)]
    parts.append(
        el("rect", class_="box here", x="40%", y=middle - 21, width="20%", height=42, rx=3)
    )
    parts.append(_words(this, 50, middle, "middle", "i hd", 14, 9))
    title = f"Before this page: {_listed(before)}. After it: {_listed(after)}."
    return el("div", frame(height, title, *parts, id=id, class_="map"), class_="chapter-map")


def _places(n: int, height: float) -> list[float]:
    return [height * (i + 0.5) / n for i in range(n)]


def _listed(pages: Sequence[tuple[str, str]]) -> str:
    return ", ".join(title for _, title in pages) or "nothing"


def _entry(
    page: tuple[str, str], y: float, x: float, align: str, link: Callable[[str], str | None]
) -> str:
    """A title as a link; of a planned page its title with the word."""
    unit, title = page
    href = link(unit)
    if href is None:
        return _words(f"{title} (planned)", x, y, align, None, WIDE, SMALL)
    return el("a", _words(title, x, y, align, "i", WIDE, SMALL), href=href)


def _words(
    words: str, x: float, y: float, align: str, class_: str | None, wide: int, narrow: int
) -> str:
    """Words in one or two lines around `y`, broken for both widths."""
    long, short = _lines(words, wide), _lines(words, narrow)
    if long == short:
        return _written(long, x, y, align, class_)
    named = f"{class_} " if class_ else ""
    return _written(long, x, y, align, f"{named}roomy") + _written(
        short, x, y, align, f"{named}narrow"
    )


def _written(lines: Sequence[str], x: float, y: float, align: str, class_: str | None) -> str:
    top = y + 4.5 - 8 * (len(lines) - 1)
    spans = (
        el("tspan", escape(said, quote=False), x=pct(x), y=top + 16 * i)
        for i, said in enumerate(lines)
    )
    return el("text", *spans, text_anchor=align, class_=class_)


def _lines(words: str, most: int) -> list[str]:
    found = textwrap.wrap(words, most, break_long_words=False)
    return [cut(part, most) for part in [*found[:1], *([" ".join(found[1:])] if found[1:] else [])]]
