"""Prose with its places: sentences whose every character knows its line."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from scalebook.authoring.lint.blocks import Numbered

__all__ = ["BINDING", "CITATION", "HIDDEN", "Prose", "Sentence"]

HIDDEN = "\x01"
"""Stands for a character of code or of an address in masked text."""

BINDING = "\x02"
"""Stands for a character of a binding in masked text."""

CITATION = re.compile(r"\[@([\w-]+)((?:[;,]\s*@[\w-]+)*)\]")
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_BOUND = re.compile(r"\{\{.*?\}\}")
_COMMENT = re.compile(r"<!--.*?-->")
_TARGET = re.compile(r"\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
_WIKI = re.compile(r"\[\[[^\]|]*")
_URL = re.compile(r"https?://\S+")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_END = re.compile(r"[.!?][\"”’)\]*_]*(?:\s*\[@[^\]]*\]\.?)*\s+(?=[\"“‘(*_\[A-Z0-9\x01\x02])")
_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|vs|cf|approx|no|etc|al|Fig|pp?|ca)|\b[A-Z])\.$")


@dataclass(frozen=True)
class Sentence:
    """One sentence: as written, and masked (code, addresses and bindings are blotted out)."""

    prose: Prose
    start: int
    text: str
    masked: str

    def line(self, offset: int = 0) -> int:
        """The line of the file in which the character at `offset` of the sentence stands."""
        return self.prose.line(self.start + offset)

    @property
    def cited(self) -> bool:
        """Does it carry a source?"""
        return CITATION.search(self.text) is not None


@dataclass(frozen=True)
class Prose:
    """A run of text: what kind of place it is in (such as "paragraph", or a key of the front
    matter such as "answer"), its section, and its lines.
    """

    place: str
    section: str
    lines: tuple[Numbered, ...]

    @cached_property
    def text(self) -> str:
        """The lines as one."""
        return " ".join(text for _, text in self.lines)

    @cached_property
    def masked(self) -> str:
        """The text, as long, with code, addresses and bindings blotted out."""
        masked = self.text
        for pattern, mark in (
            (_CODE, HIDDEN),
            (_BOUND, BINDING),
            (_COMMENT, HIDDEN),
            (CITATION, HIDDEN),
        ):
            masked = _blotted(pattern, mark, masked)
        for pattern in (_TARGET, _WIKI, _URL, _TAG):
            masked = _blotted(pattern, HIDDEN, masked)
        return masked

    def line(self, offset: int) -> int:
        """The line of the file of a character of `text`."""
        return self.lines[bisect_right(self._starts, offset) - 1][0]

    @cached_property
    def _starts(self) -> list[int]:
        starts, at = [], 0
        for _, text in self.lines:
            starts.append(at)
            at += len(text) + 1
        return starts

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of the text."""
        return tuple(self._sentences())

    def _sentences(self) -> Iterator[Sentence]:
        masked, begun = self.masked, 0
        for end in _END.finditer(masked):
            mark = masked[begun : end.start() + 1]
            if _ABBREVIATED.search(mark):
                continue
            yield self._sentence(begun, end.end())
            begun = end.end()
        if masked[begun:].strip():
            yield self._sentence(begun, len(masked))

    def _sentence(self, begun: int, end: int) -> Sentence:
        return Sentence(self, begun, self.text[begun:end], self.masked[begun:end])


def _blotted(pattern: re.Pattern[str], mark: str, text: str) -> str:
    """The text, as long, with the mark for every character of what the pattern finds."""
    return pattern.sub(lambda found: mark * len(found[0]), text)
