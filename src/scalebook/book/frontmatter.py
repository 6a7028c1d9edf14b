"""The front matter of a page: what it must say, and the line of whatever is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from scalebook.book.faults import Fault

__all__ = [
    "Assumption",
    "FrontMatter",
    "Lines",
    "Predict",
    "Question",
    "Source",
    "User",
    "line_of",
    "read_front",
]

Lines = Mapping[tuple[str | int, ...], int]
"""Path of a key, such as ("sources", 0, "date") -> its line in the file, from 1."""

Line = Annotated[str, Field(min_length=1)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]
Name = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
Date = Annotated[
    str, Field(pattern=r"^undated$|^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$")
]
Url = Annotated[str, Field(pattern=r"^https?://[^\s\"<>]+$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    """A part of the front matter: unknown keys are refused, text is text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Source(_Part):
    """A source, cited in the text as [@key].

    `date` is YYYY, YYYY-MM or YYYY-MM-DD; "undated" for documents that bear no date.
    """

    key: Key
    title: Line
    author: Line | None = None
    publisher: Line
    date: Date
    url: Url
    unverified: bool = False


class User(_Part):
    """A company that uses the pattern, as the source with the key `source` says."""

    company: Line
    source: Key
    date: Date
    what: Line


class Predict(_Part):
    """A guess asked for before the text; `low` and `high` end the logarithmic dial."""

    question: Line
    answer: Line
    low: Annotated[Finite, Field(gt=0)]
    high: Annotated[Finite, Field(gt=0)]
    unit: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError("low must be less than high")
        return self


class Assumption(_Part):
    """An input that nobody measured here: its value, its unit, and why this value."""

    value: Finite
    unit: str = ""
    why: Line | None = None
    source: Key | None = None

    @model_validator(mode="after")
    def _grounded(self) -> Self:
        if not (self.why or self.source):
            raise ValueError("an assumption says `why`, or names a `source`")
        return self


class Question(_Part):
    """An interview question; all but `ask` is Markdown of one paragraph.

    `key` keeps the schedule of a card whose question is put in other words (`scalebook drill
    --json` shows it behind the #); `diagram` is the title of a diagram of the page.
    """

    key: Key | None = None
    ask: Line
    answer: Line
    follow_up: Line | None = None
    red_flag: Line | None = None
    diagram: Line | None = None


class FrontMatter(_Part):
    """All that a page says of itself before its text.

    `hints` help whoever writes the lab's technique anew: up to four steps, never the solution.
    """

    title: Annotated[str, Field(min_length=1, max_length=80)]
    takeaway: Annotated[str, Field(min_length=1, max_length=140)]
    summary: Line
    difficulty: Literal["first steps", "working", "deep"]
    tags: Annotated[list[Line], Field(min_length=1)]
    prerequisites: list[Id] = []
    related: list[Id] = []
    sources: list[Source] = []
    users: list[User] = []
    predict: Predict | None = None
    assume: dict[Name, Assumption] = {}
    questions: Annotated[list[Question], Field(min_length=3)]
    backing: Line | None = None
    hints: Annotated[list[Line], Field(max_length=4)] = []

    def source(self, key: str) -> Source | None:
        """The source of that key."""
        return next((source for source in self.sources if source.key == key), None)


def line_of(lines: Lines, *path: str | int) -> int:
    """The line of a key, or of the nearest thing around it that has one."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def read_front(text: str, file: Path) -> tuple[FrontMatter | None, Lines, list[Fault]]:
    """Read the YAML between the `---` lines; its first line is line 2 of the file.

    Returns the front matter (None where it is too wrong to be used), the lines and the faults.
    """
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            _refuse_aliases(node, set())
            data = loader.construct_document(node) if node else None
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        remedy = "mend the YAML; text that holds `: `, `#` or `{` stands in quotes"
        return None, {}, [Fault(file, line, "front-matter", problem, remedy)]
    except (RecursionError, ValueError) as error:
        return None, {}, [Fault(file, 1, "front-matter", str(error), "mend the YAML")]
    lines = dict(_lines(node)) if node else {}
    faults = [Fault(file, line, "front-matter", *said) for line, *said in _twice(node)]
    try:
        front = FrontMatter.model_validate(data if data is not None else {})
    except ValidationError as error:
        return None, lines, faults + [_fault(found, lines, file) for found in error.errors()]
    faults += _cross_faults(front, lines, file)
    return front, lines, faults


class _Loader(yaml.CSafeLoader):
    """The safe loader, with dates left as the text that they are."""


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _refuse_aliases(node: yaml.Node | None, seen: set[int]) -> None:
    """A tree may contain itself through an alias; a page has no use for that."""
    if node is None or isinstance(node, yaml.ScalarNode):
        return
    if id(node) in seen:
        raise yaml.MarkedYAMLError(problem="an alias (*)", problem_mark=node.start_mark)
    seen.add(id(node))
    for child in node.value:
        for part in child if isinstance(child, tuple) else (child,):
            _refuse_aliases(part, seen)


def _lines(node: yaml.Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, int]]:
    """(path, line) of every key and item below `node`."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            yield here, key.start_mark.line + 2
            yield from _lines(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield (*path, place), value.start_mark.line + 2
            yield from _lines(value, (*path, place))


def _twice(node: yaml.Node | None) -> Iterator[tuple[int, str, str]]:
    """(line, message, remedy) of keys that are there twice; YAML would keep the last alone."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                yield key.start_mark.line + 2, f"{key.value!r} is there twice", "keep one of them"
            seen.add(str(key.value))
            yield from _twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twice(value)


REMEDIES = {
    "string_type": "put it in quotes",
    "missing": "docs/PAGES.md lists what a page must say",
    "string_too_long": "say less",
    "too_short": "add what is missing",
}
PATTERNS = {
    "date": "is no date such as 2013, 2013-04 or 2013-04-02, and not undated",
    "url": "is no address such as https://example.com/page",
    "key": "is no key of small letters, digits and hyphens",
    "source": "is no key of small letters, digits and hyphens",
    "prerequisites": "is no id of a unit such as redis/counter",
    "related": "is no id of a unit such as redis/counter",
}


def _fault(error: ErrorDetails, lines: Lines, file: Path) -> Fault:
    """What pydantic found, in words, at the line of its key."""
    path = tuple(part for part in error["loc"] if part != "[key]")
    name = ".".join(str(part + 1 if isinstance(part, int) else part) for part in path)
    kind, given = error["type"], error.get("input")
    message = f"{name or 'front matter'}: {error['msg'].removeprefix('Value error, ')}"
    remedy = REMEDIES.get(kind, "")
    if kind == "missing":
        message = f"{name} is missing"
    elif kind == "extra_forbidden":
        message, remedy = f"no key is called {name!r}", _near(str(path[-1]), path[:-1])
    elif kind == "string_pattern_mismatch":
        field = next((part for part in reversed(path) if isinstance(part, str)), "")
        message = f"{name}: {given!r} {PATTERNS.get(field, 'has a wrong form')}"
    elif kind == "string_too_long" and isinstance(given, str):
        message = f"{name} has {len(given)} characters; {error['msg'].removeprefix('String ')}"
    return Fault(file, line_of(lines, *path), "front-matter", message, remedy)


def _near(name: str, above: tuple[str | int, ...]) -> str:
    parts: dict[str, type[_Part]] = {
        "sources": Source,
        "users": User,
        "predict": Predict,
        "assume": Assumption,
        "questions": Question,
    }
    fields = list(parts.get(str(above[0]) if above else "", FrontMatter).model_fields)
    near = difflib.get_close_matches(name, fields, n=1)
    return f"did you mean {near[0]}?" if near else f"the keys: {', '.join(fields)}"


def _cross_faults(front: FrontMatter, lines: Lines, file: Path) -> list[Fault]:
    """What no single value shows: keys that are there twice or belong to no source."""
    found = []
    keys = [source.key for source in front.sources]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            found.append((line_of(lines, "sources", place, "key"), f"source {key!r} again"))
    asked = [question.key for question in front.questions]
    for place, kept in enumerate(asked):
        if kept is not None and kept in asked[:place]:
            found.append((line_of(lines, "questions", place, "key"), f"question {kept!r} again"))
    named: list[tuple[tuple[str | int, ...], str | None]] = [
        (("users", place, "source"), user.source) for place, user in enumerate(front.users)
    ]
    named += [(("assume", name, "source"), given.source) for name, given in front.assume.items()]
    for path, source in named:
        if source is not None and source not in keys:
            found.append((line_of(lines, *path), f"no source has the key {source!r}"))
    remedy = "each source has a key of its own" + (f": {', '.join(keys)}" if keys else "")
    return [Fault(file, line, "source", message, remedy) for line, message in found]
