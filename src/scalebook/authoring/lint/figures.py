"""No unbacked number: a typed figure about performance, scale or cost needs a run or a source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from scalebook.authoring.lint.draft import Draft
from scalebook.authoring.lint.prose import Sentence
from scalebook.authoring.lint.registry import Finding, rule
from scalebook.book.parameters import parameters

__all__ = ["AMOUNT", "unbacked_figure", "value"]

AMOUNT = r"(?:\d{1,3}(?:[,\u00a0\u202f]\d{3})+|\d+)(?:\.\d+)?"
_GAP = r"[ \u00a0\u202f-]?"
_AGAIN = r"(?=\s+(?:as|faster|slower|more|less|fewer|larger|smaller|longer|cheaper|better|the)\b)"
_TIME = r"ns|µs|μs|us|ms|s|min|nanoseconds?|microseconds?|milliseconds?|seconds?|minutes?|hours?"
_SIZE = r"bytes?|[kKMGTP]i?B|[kMG]bit/s|[KMG]bps"
_RATE = (
    r"(?:[A-Za-z]+ ){0,2}[A-Za-z]*/(?:s|sec|min|h|day)|Hz|rps|qps|tps|"
    r"(?:[a-z]+ ){1,3}(?:per|an?) (?:second|minute|hour|day)|(?:per|an?) (?:second|minute)"
)
_PEOPLE = (
    r"(?:[a-z]+ ){0,2}(?:users|visitors|customers|players|viewers|subscribers|accounts|members"
    r"|memberships)"
)
_MANY = r"[kKMB](?![\w-])|thousand|million|billion|trillion"
_UNIT = (
    rf"%|per ?cent|percentage points?|×|x(?![\w-])|[- ]?fold\b|times{_AGAIN}|(?:{_RATE})(?!\w)|"
    rf"(?:{_TIME})(?![\w/-])|(?:{_SIZE})(?!\w)|{_MANY}"
)
_FIGURE = re.compile(
    rf"(?<![\w.,/#-])(?:[$€£]\s?(?P<cost>{AMOUNT})|(?P<amount>{AMOUNT}){_GAP}(?P<unit>{_UNIT}))"
)
_CROWD = re.compile(rf"(?<![\w.,/#-])(?P<amount>{AMOUNT}) (?P<unit>{_PEOPLE})\b")
_WORDS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|forty|fifty|a hundred"
    r"|hundreds of|a thousand|thousands of|hundred|thousand) times "
    r"(?:faster|slower|cheaper|better|as fast|as slow|the throughput)\b",
    re.I,
)
_HINT = re.compile(r"\d|\btimes\b", re.I)
_CONFIDENCE = re.compile(r"\s*%?\s*(?:confidence|intervals?|level)\b")
_NO_FIGURES = {"users", "tab", "ask", "follow_up", "red_flag", "predict"}
"""Places whose figures have a source by their form, set a scene, or are wrong on purpose."""

_UNBINDABLE = {"title", "summary", "takeaway"}
"""Places where no binding can stand; the published figure may."""

CROWD = 100
"""Fewer people than this are an example, not a scale."""

REMEDY = "bind it ({{ratio}}, {{setting}}, {{assume}}, {{model}} ...), or cite a source [@key]"


@rule("page")
def unbacked_figure(page: Draft) -> Iterator[Finding]:
    """A typed figure with a unit of time, size, rate, ratio, share, people or money is bound to
    a run or a model, or its sentence cites a source, because a number that nobody can trace is
    worth nothing. Points of the lab's axis, dates, versions and code are free.
    """
    axes: dict[str, set[Decimal]] | None = None
    claim = page.unit.entry.claim if page.unit.entry else None
    published = {Decimal(str(claim.value))} if claim and claim.value else set()
    for prose in page.prose:
        if prose.place in _NO_FIGURES:
            continue
        free = published if prose.place in _UNBINDABLE else set()
        for sentence in prose.sentences:
            if sentence.cited or not _HINT.search(sentence.masked):
                continue
            axes = _axes(page) if axes is None else axes
            for at, text in _figures(sentence, axes, free):
                yield page.at(sentence.line(at), f"unbacked figure {text!r}", REMEDY)


def _figures(
    sentence: Sentence, axes: dict[str, set[Decimal]], free: set[Decimal]
) -> Iterator[tuple[int, str]]:
    """(offset, text) of every figure that would need backing."""
    masked = sentence.masked
    for found in _FIGURE.finditer(masked):
        amount = value(found["amount"] or found["cost"])
        unit = found["unit"] or "$"
        if amount in free or amount in axes.get(unit, ()):
            continue
        if not _exempt(masked, found, unit, sentence.prose.section):
            yield found.start(), found[0].strip()
    for found in _CROWD.finditer(masked):
        if value(found["amount"]) >= CROWD and value(found["amount"]) not in axes.get("", ()):
            yield found.start(), found[0]
    for found in _WORDS.finditer(masked):
        yield found.start(), found[0]


def _exempt(masked: str, found: re.Match[str], unit: str, section: str) -> bool:
    if unit == "%" and _CONFIDENCE.match(masked, found.end()):
        return True
    if unit == "s" and re.fullmatch(r"\d{4,}s", found[0]):
        return True  # Several errors 40001, not seconds.
    # What to try says for how long and how often; that is an instruction, not a measurement.
    return section == "try" and re.fullmatch(_TIME, unit) is not None


def _axes(page: Draft) -> dict[str, set[Decimal]]:
    """Points of the axes of the labs that the page shows, by the unit that an axis begins with;
    all of them under "". They are settings, which need no backing.
    """
    found: dict[str, set[Decimal]] = {"": set()}
    for folder in page.shown:
        lab = parameters(folder / "lab.py")
        points = {Decimal(str(point)) for point in lab.points if not isinstance(point, str)}
        found.setdefault((lab.axis or "").split(" ")[0], set()).update(points)
        found[""] |= points
    return found


def value(amount: str) -> Decimal:
    """A number as typed, without its separators."""
    return Decimal(re.sub(r"[,\u00a0\u202f]", "", amount))
