"""A page as the rules read it: the front matter and the text, with a line for everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

from scalebook.authoring.lint.blocks import Block, Numbered, blocks_of
from scalebook.authoring.lint.prose import Prose, Sentence
from scalebook.authoring.lint.registry import Finding
from scalebook.book import Unit

__all__ = ["Draft", "Drafts", "Field"]

_LINK = re.compile(r"\[\[\s*([^\]|#]+?)\s*(?:#[^\]|]*)?(?:\|[^\]]*)?\]\]")
_SHOWN = re.compile(r"\{\{\s*([a-z0-9-]+/[a-z0-9-]+):|\bunit[=:]\s*([a-z0-9-]+/[a-z0-9-]+)")
TEXTS = {"title", "takeaway", "summary", "backing", "question", "what"}
QUESTION_TEXTS = {"ask", "answer", "follow_up", "red_flag"}


@dataclass(frozen=True)
class Field:
    """A value of the front matter: its lines in the file, and its text, items or keys."""

    line: int
    end: int
    text: str = ""
    items: tuple[Field, ...] = ()
    keys: dict[str, Field] = field(default_factory=dict)

    def get(self, key: str) -> Field:
        """The value of a key; one that is empty, at this line, where there is none."""
        return self.keys.get(key, Field(self.line, self.line))

    def __bool__(self) -> bool:
        return bool(self.text.strip() or self.items or self.keys)


@dataclass(frozen=True)
class Draft:
    """One page of one unit; `error` is why its front matter cannot be read (None: it can)."""

    unit: Unit
    lines: tuple[Numbered, ...]
    front: Field
    body: tuple[Numbered, ...]
    readable: bool

    @classmethod
    def of(cls, unit: Unit) -> Draft:
        """Read the unit's article.md; OSError where it cannot be."""
        text = (unit.folder / "article.md").read_text(encoding="utf-8", errors="replace")
        lines = tuple(enumerate(text.splitlines(), 1))
        end = _end_of_front(lines)
        if end is None:
            return cls(unit, lines, Field(1, 1), lines, readable=False)
        front = _front("\n".join(text for _, text in lines[1 : end - 1]))
        body = lines[end:]
        return cls(unit, lines, front or Field(1, 1), body, readable=front is not None)

    @property
    def file(self) -> Path:
        """The page's file."""
        return self.unit.folder / "article.md"

    def at(self, line: int, message: str, remedy: str) -> Finding:
        """A finding in this page."""
        return Finding(self.file, line, message, remedy)

    @cached_property
    def blocks(self) -> list[Block]:
        """The blocks of the text."""
        return blocks_of(self.body)

    def section(self, name: str) -> list[Block]:
        """The blocks of a section of level 2, its heading first; none where it is missing."""
        return [block for block in self.blocks if block.section == name]

    @cached_property
    def sections(self) -> dict[str, int]:
        """Id of each heading of level 2 -> its line."""
        return {b.id: b.line for b in self.blocks if b.kind == "heading" and b.level == 2}

    @cached_property
    def prose(self) -> list[Prose]:
        """All that is read as sentences: of the front matter, then of the text."""
        there = [
            Prose(block.kind if block.kind != "option" else block.name, block.section, block.lines)
            for block in self.blocks
            if block.kind not in ("code", "directive")
        ]
        return [*self._front_prose(), *there]

    @property
    def sentences(self) -> Iterator[Sentence]:
        """Every sentence of the page."""
        return (sentence for prose in self.prose for sentence in prose.sentences)

    @cached_property
    def links(self) -> list[tuple[str, int]]:
        """The units that the text links to, with the line."""
        found = []
        for prose in self.prose:
            for link in _LINK.finditer(prose.text):
                found.append((link[1], prose.line(link.start())))
        return found

    @cached_property
    def shown(self) -> list[Path]:
        """The folders of the labs whose results the page may show: its own, and those bound."""
        text = "\n".join(text for _, text in self.lines)
        chapters = self.unit.folder.parents[1]
        named = {found[1] or found[2] for found in _SHOWN.finditer(text)}
        others = [chapters.joinpath(*name.replace("-", "_").split("/")) for name in sorted(named)]
        return [folder for folder in (self.unit.folder, *others) if (folder / "lab.py").is_file()]

    def named(self, key: str) -> list[tuple[str, int]]:
        """The units that `prerequisites` or `related` names, with the line."""
        return [(item.text, item.line) for item in self.front.get(key).items]

    def _front_prose(self) -> Iterator[Prose]:
        for key, value in self.front.keys.items():
            if key in TEXTS:
                yield self._piece(key, value)
        predict = self.front.get("predict").keys.get("question")
        if predict:
            yield self._piece("predict", predict)
        for user in self.front.get("users").items:
            if what := user.keys.get("what"):
                yield self._piece("users", what)
        for question in self.front.get("questions").items:
            for key, value in question.keys.items():
                if key in QUESTION_TEXTS:
                    yield self._piece(key, value)

    def _piece(self, place: str, value: Field) -> Prose:
        """A value of the front matter, line by line as it stands in the file."""
        if value.end <= value.line:
            return Prose(place, "", ((value.line, value.text),))
        lines = [(n, text.strip()) for n, text in self.lines[value.line - 1 : value.end]]
        first = re.sub(r"^(?:- )?[\w-]+:\s*(?:[>|][+-]?\s*$)?", "", lines[0][1])
        return Prose(place, "", ((lines[0][0], first), *lines[1:]))


@dataclass(frozen=True)
class Drafts:
    """All pages of the book, and all units, for the rules that look across pages."""

    pages: tuple[Draft, ...]
    units: dict[str, Unit]
    planned: frozenset[str]
    """Ids that the catalogue knows."""

    @cached_property
    def by_id(self) -> dict[str, Draft]:
        """Id -> page."""
        return {page.unit.id: page for page in self.pages}

    def known(self, unit: str) -> bool:
        """Is this the id of a unit that there is, or that the catalogue plans?"""
        return unit in self.units or unit in self.planned


def _end_of_front(lines: tuple[Numbered, ...]) -> int | None:
    """The number of the line that ends the front matter; None where there is none."""
    if not lines or lines[0][1].strip() != "---":
        return None
    return next((number for number, text in lines[1:] if text.strip() == "---"), None)


def _front(text: str) -> Field | None:
    """The front matter, whose first line is the file's second; None where it is no YAML map."""
    try:
        node = yaml.compose(text, yaml.CSafeLoader)
    except yaml.YAMLError:
        return None
    return _field(node, node.start_mark.line + 2) if isinstance(node, yaml.MappingNode) else None


def _field(node: yaml.Node, line: int) -> Field:
    last = node.end_mark.line + (2 if node.end_mark.column else 1)
    end = max(line, last)
    if isinstance(node, yaml.ScalarNode):
        return Field(line, end, text=str(node.value))
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_field(item, item.start_mark.line + 2) for item in node.value)
        return Field(line, end, items=items)
    keys = {
        str(key.value): _field(value, key.start_mark.line + 2)
        for key, value in node.value
        if isinstance(key, yaml.ScalarNode)
    }
    return Field(line, end, keys=keys)
