"""A page's Markdown as blocks with line numbers, as far as rules need to know its structure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Block", "Kind", "Numbered", "blocks_of"]

Numbered = tuple[int, str]
"""A line of the file: its number, from 1, and its text."""

Kind = Literal["heading", "paragraph", "item", "quote", "row", "code", "directive", "option"]

_FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*(.*)$")
_OPEN = re.compile(r"\s*(:{3,})\s*([A-Za-z][\w-]*)\s*(.*)$")
_CLOSE = re.compile(r"\s*:{3,}\s*$")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_ID = re.compile(r"\s*\{#([\w-]+)\}\s*$")
_ITEM = re.compile(r"(\s*)(?:[-*+]|\d{1,3}[.)])\s+(.*)$")
_QUOTE = re.compile(r"\s*>\s?(.*)$")
_TAB = re.compile(r"===\s+(.*)$")
_FOOTNOTE = re.compile(r"\[\^[\w-]+\]:\s*(.*)$")
_OPTION = re.compile(r"([A-Za-z][\w-]*):(?:\s+(.*))?$")
WITH_BODY = {"note", "warning", "tip", "tabs", "before-after"}
"""Directives whose lines are Markdown where no `---` divides them."""


@dataclass(frozen=True)
class Block:
    """A piece of a page: its kind, first line, lines, and the id of the section it is in.

    A heading has `level` and `id`; code its fence's `info`; a directive `name` and `info`, and
    an option (`title: ...` of a directive) `name`.
    """

    kind: Kind
    line: int
    lines: tuple[Numbered, ...]
    section: str
    level: int = 0
    id: str = ""
    name: str = ""
    info: str = ""


@dataclass
class _Scanner:
    """Walks over the lines once; `inside` are the directives that are open."""

    lines: Sequence[Numbered]
    at: int = 0
    section: str = ""
    inside: list[str] = field(default_factory=list)

    def blocks(self) -> Iterator[Block]:
        while self.at < len(self.lines):
            number, text = self.lines[self.at]
            if not text.strip() or _CLOSE.match(text):
                if text.strip() and self.inside:
                    self.inside.pop()
                self.at += 1
            elif fence := _FENCE.match(text):
                yield self._code(number, fence)
            elif opened := _OPEN.match(text):
                yield from self._directive(number, opened)
            elif heading := _HEADING.match(text):
                yield self._heading(number, heading)
            elif self.inside and self.inside[-1] == "tabs" and (tab := _TAB.match(text)):
                self.at += 1
                yield Block("option", number, ((number, tab[1]),), self.section, name="tab")
            else:
                yield self._text(number, text)

    def _code(self, number: int, fence: re.Match[str]) -> Block:
        taken = []
        self.at += 1
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            stripped = line[1].strip()
            if stripped.startswith(fence[1]) and not stripped.strip(fence[1][0]):
                break
            taken.append(line)
        return Block("code", number, tuple(taken), self.section, info=fence[2].strip())

    def _directive(self, number: int, opened: re.Match[str]) -> Iterator[Block]:
        name = opened[2]
        self.at += 1
        self.inside.append(name)
        yield Block("directive", number, (), self.section, name=name, info=opened[3].strip())
        options = list(self._options(name))
        for line, text in options:
            found = _OPTION.match(text)
            if found and found[1] in ("title", "sub"):
                said = (found[2] or "").strip("\"'")
                yield Block("option", line, ((line, said),), self.section, name=found[1])

    def _options(self, name: str) -> Iterator[Numbered]:
        """The lines up to `---`; or all of a directive that has no body."""
        end = self.at
        while end < len(self.lines):
            text = self.lines[end][1]
            if _CLOSE.match(text) or _FENCE.match(text) or _OPEN.match(text):
                break
            if text.strip() == "---":
                yield from self.lines[self.at : end]
                self.at = end + 1
                return
            end += 1
        if name not in WITH_BODY:
            yield from self.lines[self.at : end]
            self.at = end

    def _heading(self, number: int, heading: re.Match[str]) -> Block:
        self.at += 1
        level, text = len(heading[1]), heading[2]
        named = _ID.search(text)
        text = _ID.sub("", text)
        name = named[1] if named else _slug(text)
        if level == 2:
            self.section = name
        return Block("heading", number, ((number, text),), self.section, level=level, id=name)

    def _text(self, number: int, text: str) -> Block:
        self.at += 1
        kind: Kind = "paragraph"
        first = text
        if item := _ITEM.match(text):
            kind, first = "item", item[2]
        elif quote := _QUOTE.match(text):
            kind, first = "quote", quote[1]
        elif text.lstrip().startswith("|"):
            return Block("row", number, ((number, text.strip().strip("|")),), self.section)
        elif footnote := _FOOTNOTE.match(text):
            first = footnote[1]
        taken = [(number, first)]
        while self.at < len(self.lines) and not self._begins(self.lines[self.at][1]):
            line, more = self.lines[self.at]
            quoted = _QUOTE.match(more) if kind == "quote" else None
            taken.append((line, quoted[1] if quoted else more.strip()))
            self.at += 1
        return Block(kind, number, tuple(taken), self.section)

    def _begins(self, text: str) -> bool:
        """Does something new begin with this line?"""
        patterns = (_FENCE, _OPEN, _CLOSE, _HEADING, _ITEM, _FOOTNOTE)
        tab = bool(self.inside) and self.inside[-1] == "tabs" and _TAB.match(text)
        new = any(pattern.match(text) for pattern in patterns)
        return not text.strip() or new or bool(tab) or text.lstrip().startswith("|")


def blocks_of(lines: Sequence[Numbered]) -> list[Block]:
    """The blocks of a page's body, in order."""
    return list(_Scanner(lines).blocks())


def _slug(text: str) -> str:
    """The id of a heading that has none: its words in small letters, joined by hyphens."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))
