"""The plate: the published claim beside our verdict."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from scalebook.book.pictures.reading import Ratio, claim_ratios, claimed
from scalebook.book.pictures.svg import PictureError, el, verdict_word
from scalebook.book.pictures.words import count, interval, short

if TYPE_CHECKING:
    from scalebook.results import Result

__all__ = ["VERDICTS", "verdict_plate", "verdict_text"]

VERDICTS = {
    "holds": "holds",
    "holds-from": "holds from",
    "holds-up-to": "holds up to",
    "never": "never",
    "unresolved": "unresolved",
    "not-tested": "not tested",
}
"""The word of each verdict, always beside its sign."""


def verdict_text(result: Result) -> str:
    """The verdict in a few words: "holds from 2,630", "never", "holds from 'serializable'"."""
    verdict = result.verdict
    word = VERDICTS[verdict.state]
    if verdict.state not in ("holds-from", "holds-up-to"):
        return word
    if verdict.crossing is not None:
        at, low, high = verdict.crossing.at, verdict.crossing.low, verdict.crossing.high
        return f"{word} {count(at) if at in (low, high) else short(at, low, high)}"
    return f"{word} {_edge(result)}"


def _edge(result: Result) -> str:
    """Of a labelled axis: the first or the last label at which the claim is true."""
    from scalebook.book.pictures.flags import kept_flags

    if result.verdict.factor is None:
        true = [point for point, kept in kept_flags(result) if kept]
    else:
        true = [record.point for record in result.points if record.side == "above"]
    if not true:
        raise PictureError(
            f"the verdict of {result.unit} is {result.verdict.state}, but no point is on its side",
            f"measure it again: scalebook run {result.unit}",
        )
    return count(true[0] if result.verdict.state == "holds-from" else true[-1])


def verdict_plate(result: Result, claim_text: str) -> str:
    """`claim_text` as published, in ochre, and the verdict with its crossing's interval."""
    if not claim_text.strip():
        raise PictureError(f"{result.unit} has no published claim", "give its text as published")
    verdict = result.verdict
    claim = el("span", escape(claim_text, quote=False), class_="claimed")
    left = el("div", "published claim", el("b", claim), escape(_under_test(result), quote=False))
    word = verdict_word(verdict.state, verdict_text(result))
    right = el("div", "our verdict", el("b", word), _detail(result))
    return el("div", left, right, class_="plate")


def _under_test(result: Result) -> str:
    """What of the claim was tested: "22×, CacheAside over DatabaseOnly"."""
    verdict = result.verdict
    if verdict.factor is None:
        return f"tested as a promise of {verdict.technique}"
    return f"tested as {claimed(result)}, {verdict.technique} over {verdict.over}"


def _detail(result: Result) -> str:
    """Unit and interval of the crossing, or how near the claim came."""
    verdict = result.verdict
    axis = escape(result.axis or "", quote=False)
    if verdict.crossing is not None:
        at, end = verdict.crossing.low, verdict.crossing.high
        low, high = short(at, at, end), short(end, at, end)
        bounds = f"[{low}, {high}]"
        if verdict.factor is None:
            bounds = f"looked at {count(at)} and {count(end)}"
        return f"{axis} {el('span', bounds, class_='ci')}"
    ratios = claim_ratios(result) if verdict.factor is not None else []
    if not ratios:
        return axis
    lead, shown = _telling(verdict.state, ratios)
    bounds = interval(shown.value, shown.low, shown.high)
    tail = f" {el('span', bounds, class_='ci')}" if bounds else ""
    return f"{lead}{shown.says()}{tail} at {escape(count(shown.point), quote=False)} {axis}"


def _telling(state: str, ratios: Sequence[Ratio]) -> tuple[str, Ratio]:
    """The ratio that tells most: the least of a claim that holds, the open one, the greatest."""
    if state == "unresolved":
        opened = [ratio for ratio in ratios if ratio.side not in ("above", "below")]
        return "", (opened or list(ratios))[-1]
    pick = min if state == "holds" else max
    return f"at {'least' if state == 'holds' else 'most'} ", pick(ratios, key=lambda r: r.value)
