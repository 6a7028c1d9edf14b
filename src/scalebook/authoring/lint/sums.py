"""Sums in prose add up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scalebook.authoring.lint.draft import Draft
from scalebook.authoring.lint.figures import AMOUNT
from scalebook.authoring.lint.registry import Finding, rule

__all__ = ["sum_in_prose"]

_SCALES = {
    unit: scale
    for units, scale in [
        ("ns", 1e-9),
        ("µs μs us", 1e-6),
        ("ms", 1e-3),
        ("s second seconds /s bytes B", 1.0),
        ("min minute minutes", 60.0),
        ("h hour hours", 3600.0),
        ("day days", 86400.0),
        ("KB kB k K thousand", 1e3),
        ("MB M million", 1e6),
        ("GB billion", 1e9),
        ("TB", 1e12),
        ("%", 1e-2),
    ]
    for unit in units.split()
}
_SCALED = "|".join(sorted(map(re.escape, _SCALES), key=len, reverse=True))
_TERM = rf"[$€£]?{AMOUNT}(?!\d|[.,]\d)(?:\s?(?:{_SCALED})(?![A-Za-z]))?(?: [a-z]+(?:/s)?){{0,3}}?"
_ABOUT = r"(?:about |roughly |nearly |some |almost )?"
_SUM = re.compile(
    rf"(?P<left>{_TERM}(?:\s*[+×·÷*−]\s*{_TERM}|\s+[x/-]\s+{_TERM})+)\s*"
    rf"(?:=|≈|\bis\b|\bmakes\b|\bgives\b|\bare\b)\s*(?P<about>{_ABOUT})(?P<right>{_TERM})"
)
_SHARE = re.compile(
    rf"(?P<share>{AMOUNT})\s?(?:%|per ?cent) of (?:the )?(?P<whole>{_TERM}) "
    rf"(?:is|are|makes|gives|=)\s*(?P<about>{_ABOUT})(?P<part>{_TERM})"
)
_FROM_TO = re.compile(
    rf"\bfrom (?P<first>{_TERM}) to (?P<last>{_TERM})[,:;]?\s*\(?"
    rf"(?:which is |that is |or |i\.e\. )*(?P<about>{_ABOUT})"
    rf"(?P<times>{AMOUNT})\s?(?:×|x\b|times|-fold)"
)
_NUMBER = re.compile(rf"[$€£]?({AMOUNT})\s?({_SCALED})?(?![A-Za-z])")
TOLERANCE = 0.02
"""Share by which rounded figures may miss, beside half a unit of the last digit."""

ROUGHLY = 0.1


@rule("page")
def sum_in_prose(page: Draft) -> Iterator[Finding]:
    """What is worked out in a sentence is right, within its rounding: a + b = c, a × b = c,
    x % of y is z, from a to b, n times. A reader who finds one wrong believes none.
    """
    for sentence in page.sentences:
        text = sentence.masked
        if not re.search(r"\d", text):
            continue
        for found in _SUM.finditer(text):
            known = {found["right"]: _evaluated(found["left"])}
            yield from _wrong(page, sentence.line(found.start()), found, known)
        for found in _SHARE.finditer(text):
            share = _value(found["share"]) / 100
            known = {found["part"]: [share * whole for whole in _both(found["whole"])]}
            yield from _wrong(page, sentence.line(found.start()), found, known)
        for found in _FROM_TO.finditer(text):
            pairs = zip(_both(found["first"]), _both(found["last"]), strict=True)
            ratios = [max(a, b) / min(a, b) for a, b in pairs if a and b]
            known = {found["times"]: ratios}
            yield from _wrong(page, sentence.line(found.start()), found, known)


def _wrong(
    page: Draft, line: int, found: re.Match[str], known: dict[str, list[float]]
) -> Iterator[Finding]:
    """A finding unless one of the values that the left side may have is the one said."""
    groups = found.groupdict()
    about = ROUGHLY if groups.get("about") or "≈" in found[0] else TOLERANCE
    for said, values in known.items():
        if values and not any(
            _same(value, there, said, about) for value in values for there in _both(said)
        ):
            what = f"{found[0].strip()!r} does not add up: it makes {values[0]:,.6g}"
            yield page.at(line, what, "mend it, or let {{model ...}} compute it")


def _same(value: float, there: float, said: str, about: float) -> bool:
    digits = re.sub(r"[^\d.]", "", (_NUMBER.search(said) or [""])[0])
    decimals = len(digits.partition(".")[2])
    scale = abs(there) / float(digits) if digits and float(digits) else 1.0
    half = 0.5 * 10.0**-decimals * scale
    return abs(value - there) <= max(half * 1.0001, about * abs(there))


def _both(term: str) -> list[float]:
    """A term with its unit and without: `2 ms` is 0.002, or 2 where all are in ms."""
    return [_value(term, scaled=True), _value(term)]


def _value(term: str, *, scaled: bool = False) -> float:
    found = _NUMBER.search(term)
    assert found is not None
    value = float(re.sub(r"[,\u00a0\u202f]", "", found[1]))
    return value * _SCALES[found[2]] if scaled and found[2] else value


def _evaluated(left: str) -> list[float]:
    """The values that a chain of terms may have, with and without units."""
    parts = re.split(r"\s*([+×·÷*−])\s*|\s+([x/-])\s+", left)
    tokens = [part for part in parts if part]
    values = []
    for scaled in (True, False):
        numbers = [_value(term, scaled=scaled) for term in tokens[::2]]
        values.append(_chain(numbers, tokens[1::2]))
    return [value for value in values if value is not None]


def _chain(numbers: list[float], signs: list[str]) -> float | None:
    """Multiply and divide first, then add; None for a division by zero."""
    terms, plus = [numbers[0]], []
    for sign, number in zip(signs, numbers[1:], strict=True):
        if sign in "×·*x":
            terms[-1] *= number
        elif sign in "÷/":
            if number == 0:
                return None
            terms[-1] /= number
        else:
            plus.append(1 if sign == "+" else -1)
            terms.append(number)
    return terms[0] + sum(sign * term for sign, term in zip(plus, terms[1:], strict=True))
