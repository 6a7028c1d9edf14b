"""Sentences that stand on two pages: a template that leaked into the prose."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from scalebook.authoring.lint.draft import Draft, Drafts
from scalebook.authoring.lint.prose import BINDING, HIDDEN
from scalebook.authoring.lint.registry import Finding, rule

__all__ = ["repeated_sentence"]

WORDS = 8
"""Shorter sentences may well be said twice."""

LONG = 12
"""From so many words on, nearly the same is the same."""

SKETCH = 6
ALIKE = 0.5
_WORD = re.compile(rf"[{BINDING}]+|[{HIDDEN}]+|[a-z0-9'’]+")


@dataclass(frozen=True)
class _Said:
    page: Draft
    line: int
    words: tuple[str, ...]
    shingles: frozenset[int]


@rule("book")
def repeated_sentence(book: Drafts) -> Iterator[Finding]:
    """No sentence of eight words or more stands on two pages, nor nearly: words that fit
    everywhere say nothing here.
    """
    exact: dict[tuple[str, ...], _Said] = {}
    sketches: dict[int, list[_Said]] = defaultdict(list)
    for said in _sentences(book):
        first = exact.setdefault(said.words, said)
        if first is not said:
            if first.page is not said.page:
                yield _found(said, first, "repeats a sentence of")
            continue
        if len(said.words) < LONG:
            continue
        near = _near(said, sketches)
        if near is not None:
            yield _found(said, near, "is nearly a sentence of")
        for key in sorted(said.shingles)[:SKETCH]:
            sketches[key].append(said)


def _near(said: _Said, sketches: dict[int, list[_Said]]) -> _Said | None:
    """A sentence of another page that shares most runs of three words."""
    for key in sorted(said.shingles)[:SKETCH]:
        for other in sketches[key][:20]:
            if other.page is said.page:
                continue
            shared = len(said.shingles & other.shingles)
            if shared >= ALIKE * len(said.shingles | other.shingles):
                return other
    return None


def _sentences(book: Drafts) -> Iterator[_Said]:
    for page in book.pages:
        for prose in page.prose:
            if prose.place in ("title", "heading", "tab"):
                continue
            for sentence in prose.sentences:
                words = tuple(_plain(word) for word in _WORD.findall(sentence.masked.lower()))
                if len(words) >= WORDS and "WRITE(" not in sentence.text:
                    lead = len(sentence.masked) - len(sentence.masked.lstrip())
                    yield _Said(page, sentence.line(lead), words, _shingles(words))


def _plain(word: str) -> str:
    """All bindings are one word, and so is all code: a template differs in these alone."""
    return word[0] if word[0] in (BINDING, HIDDEN) else word


def _shingles(words: tuple[str, ...]) -> frozenset[int]:
    """A number for each run of three words, the same in every process."""
    keys = [_key(word) for word in words]
    return frozenset(
        (first * 31 + second) * 31 + third
        for first, second, third in zip(keys, keys[1:], keys[2:], strict=False)
    )


@cache
def _key(word: str) -> int:
    return zlib.crc32(word.encode())


def _found(said: _Said, other: _Said, how: str) -> Finding:
    place = f"{other.page.unit.id} (line {other.line})"
    shown = " ".join(said.words[:6]).replace(BINDING, "…").replace(HIDDEN, "…")
    what = f"'{shown} …' {how} {place}"
    return said.page.at(said.line, what, "say what is true of this page alone")
