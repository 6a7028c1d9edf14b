"""The smallest witness as a space-time diagram: time runs down, one lane per session."""

# ruff: noqa: A002  (an id is called so in HTML)
from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from scalebook.book.pictures.svg import PictureError, cut, el, frame, line, pct, text

if TYPE_CHECKING:
    from scalebook.results import CheckRecord, Counterexample, WitnessStep

__all__ = ["witness"]

TOP, GAP, LEAST, FOOT = 34.0, 40.0, 10.0, 16.0
"""Pixels above the first moment, between two things said in a lane, of a box, below the last."""
SQUEEZED = 60.0
"""The longest stretch in pixels that a time without any event may take."""


def witness(found: Counterexample | CheckRecord, *, id: str = "") -> str:
    """The operations of a counterexample, each a box from its start to its end.

    The operation that the check accuses is red and ends in a cross; where the record names none
    (the fault lies in the state that is left), only the sentence below is. Time is not to scale
    where nothing happens; the moments stand at the left. PictureError if the run kept no steps.
    """
    steps = sorted(found.steps, key=lambda step: (step.start, step.end))
    if not steps:
        raise PictureError(
            f"no witness of '{found.promise}' by {found.variant} was kept",
            "run the lab again, or take a promise that was caught: see `promises`",
        )
    lanes = list(dict.fromkeys(step.who for step in steps))
    down = _Down(steps)
    left = {who: 2 + 98 * i / len(lanes) for i, who in enumerate(lanes)}
    said = found.witness[0] if found.witness else f"{found.variant} broke '{found.promise}'"
    parts = [_lane(who, left[who], down.bottom) for who in lanes]
    parts += _clock(down)
    parts += [_step(step, left[step.who], down, len(lanes)) for step in steps]
    parts.append(_verdict(said, down.bottom + 26))
    told = "; ".join(f"{s.who}: {s.what}, answer {s.answer}" for s in steps)
    svg = frame(down.bottom + 40, said, *parts, id=id, described=told)
    return el("div", svg, class_="lanes witness-lanes")


class _Down:
    """From moments to pixels: as long as words need, and no longer."""

    def __init__(self, steps: Sequence[WitnessStep]) -> None:
        moments = sorted({moment for step in steps for moment in (step.start, step.end)})
        span = (moments[-1] - moments[0]) or 1.0
        starts = {step.start for step in steps}
        scale = max(GAP * 1.6 * len(steps), 150.0) / span
        self.places: dict[float, float] = {}
        y = TOP
        for i, moment in enumerate(moments):
            if i:
                free = (moment - moments[i - 1]) * scale
                least = GAP if moment in starts or moments[i - 1] in starts else LEAST
                y += min(max(free, least), SQUEEZED + least)
            self.places[moment] = y
        self.moments = moments
        self.bottom = y + FOOT

    def y(self, moment: float) -> float:
        return self.places[moment]


def _lane(who: str, x: float, bottom: float) -> str:
    name = text(x, 12, escape(who, quote=False), dx=-5, class_="hd i")
    return name + line(x, 24, x, bottom, "grid")


def _clock(down: _Down) -> list[str]:
    """Moments in milliseconds at the left; those too near to the one before are left out."""
    for digits in range(4):
        said = [f"{1000 * moment:,.{digits}f}" for moment in down.moments]
        if len(set(said)) == len(said):
            break
    parts = [text(0, 12, "ms", anchor="end", dx=-10)]
    last = -100.0
    for moment, words in zip(down.moments, said, strict=True):
        y = down.y(moment)
        if y - last >= 15:
            parts.append(text(0, y + 4, words, anchor="end", dx=-10))
            last = y
    return parts


def _step(step: WitnessStep, x: float, down: _Down, lanes: int) -> str:
    guilty = step.guilty
    top, bottom = down.y(step.start), down.y(step.end)
    bar = line(x, top, x, max(bottom, top + LEAST), "op-box guilty" if guilty else "op-box")
    class_ = "x hd" if guilty else "i"
    wide, narrow = int(90 / lanes), int(36 / lanes) + 4
    what, answer = _said(step.what), f"→ {step.answer}"
    if guilty:
        bar += el(
            "svg",
            el("path", d="M-5-5L5 5M5-5L-5 5", class_="bad"),
            x=pct(x),
            y=bottom + 9,
            overflow="visible",
        )
    return (
        bar
        + _words(what, x, top + 9, f"{class_} mono lbl", wide, narrow)
        + _words(answer, x, top + 25, "x lbl" if guilty else "lbl", wide, narrow)
    )


def _said(what: str) -> str:
    return what.replace("(", " ", 1).removesuffix(")") if what.endswith(")") else what


def _words(words: str, x: float, y: float, class_: str, wide: int, narrow: int) -> str:
    """Words beside a box, shortened to the lane at each width."""
    long, short = (escape(cut(words, most), quote=False) for most in (wide, narrow))
    if long == short:
        return text(x, y, long, dx=11, class_=class_)
    return text(x, y, long, dx=11, class_=f"{class_} roomy") + text(
        x, y, short, dx=11, class_=f"{class_} narrow"
    )


def _verdict(said: str, y: float) -> str:
    words = escape(f"✕ {said}", quote=False)
    brief = escape(f"✕ {cut(said, 44)}", quote=False)
    if words == brief:
        return text(0, y, words, class_="x hd lbl")
    return text(0, y, words, class_="x hd lbl roomy") + text(0, y, brief, class_="x hd lbl narrow")
