"""The pen of all pictures: elements, frames, glyphs. No inline style, no script, XML throughout.

An SVG is as wide as its box, x in percent and y in pixels, so that type keeps its size at every
width; colours are classes of the stylesheets, so that dark mode needs no second picture.
"""

# ruff: noqa: A002  (an id is called so in HTML)
from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from scalebook.errors import ScalebookError

__all__ = [
    "SVG",
    "PictureError",
    "breakable",
    "circle",
    "cut",
    "el",
    "frame",
    "glyph",
    "line",
    "pct",
    "pixels",
    "polyline",
    "stretched",
    "text",
    "tspan",
    "verdict_word",
    "whisker",
]

SVG = "http://www.w3.org/2000/svg"


class PictureError(ScalebookError):
    """A picture cannot be drawn from this result; `remedy` says what would do (exit status 1)."""

    exit_status = 1

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy=remedy)


def el(name: str, *children: str, **attributes: object) -> str:
    """An element: `class_` is class, `_` in a name is a hyphen, None leaves an attribute out.

    Attribute values are escaped here, children are markup already.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(children)
    return f"<{name}{said}>{inside}</{name}>" if inside else f"<{name}{said}/>"


def _value(value: object) -> str:
    return pixels(value) if isinstance(value, float) else str(value)


def pixels(value: float) -> str:
    """A length with at most two decimals: 12.5, 3."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def pct(value: float) -> str:
    """A place across the picture: 12.5%."""
    return f"{pixels(value)}%"


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str | None = None,
    dx: float | None = None,
    **more: object,
) -> str:
    """Words at x percent, y pixels; `words` is markup (escape what is not yours)."""
    return el("text", words, x=pct(x), y=y, dx=dx, text_anchor=anchor, **more)


def tspan(words: str, **more: object) -> str:
    """A part of a text with a class of its own; `words` is plain text."""
    return el("tspan", escape(words, quote=False), **more)


def line(x1: float, y1: float, x2: float, y2: float, class_: str, **more: object) -> str:
    """A line from and to x in percent, y in pixels."""
    return el("line", class_=class_, x1=pct(x1), y1=y1, x2=pct(x2), y2=y2, **more)


def circle(x: float, y: float, r: float, class_: str) -> str:
    """A disc at x percent, y pixels."""
    return el("circle", class_=class_, cx=pct(x), cy=y, r=r)


def polyline(corners: Iterable[tuple[float, float]], class_: str) -> str:
    """A line through corners, for use inside `stretched`."""
    points = " ".join(f"{pixels(x)},{pixels(y)}" for x, y in corners)
    return el("polyline", class_=class_, points=points)


def whisker(
    low: float, high: float, y: float, class_: str = "whisk", cap: float = 5, *, ends: bool = True
) -> str:
    """A lying interval from `low` to `high` percent at `y` pixels, with caps."""
    caps = (low, high) if ends else ()
    return line(low, y, high, y, class_) + "".join(
        line(x, y - cap, x, y + cap, class_) for x in caps
    )


def stretched(height: float, *children: str) -> str:
    """Polylines and bands whose x runs from 0 to 100 across the whole picture."""
    return el(
        "svg",
        *children,
        width="100%",
        height=height,
        viewBox=f"0 0 100 {pixels(height)}",
        preserveAspectRatio="none",
        overflow="visible",
    )


def frame(
    height: float, title: str, *body: str, id: str = "", described: str = "", class_: str = ""
) -> str:
    """The outer SVG: an image whose title states the finding; `id` prefixes the ids inside."""
    if not title.strip():
        raise PictureError("a picture needs a title", "say in one sentence what it shows")
    names = [f"{id}-t", *([f"{id}-d"] if described else [])] if id else []
    heads = el("title", escape(title, quote=False), id=names[0] if names else None)
    if described:
        heads += el("desc", escape(described, quote=False), id=names[1] if names else None)
    return el(
        "svg",
        heads,
        *body,
        xmlns=SVG,
        class_=class_ or None,
        width="100%",
        height=height,
        role="img",
        aria_labelledby=" ".join(names) or None,
    )


def glyph(name: str) -> str:
    """A sign of the page's sprite: holds, never, kept, broke ..."""
    return el(
        "svg",
        el("use", href=f"#{name}"),
        xmlns=SVG,
        class_="g",
        aria_hidden="true",
        viewBox="0 0 16 16",
    )


def verdict_word(state: str, words: str, class_: str = "") -> str:
    """A glyph with its word: never one without the other."""
    return el("span", glyph(state), escape(words, quote=False), class_=f"verdict {class_ or state}")


def breakable(name: str) -> str:
    """A name as markup that may break between its humps: Durable|Incr."""
    humps = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "\0", name)
    return el("wbr").join(escape(part, quote=False) for part in humps.split("\0"))


def cut(words: str, most: int) -> str:
    """Words in at most `most` characters, the end replaced by an ellipsis."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"
