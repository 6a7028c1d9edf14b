"""Terms are used as the field uses them, alike on every page."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from scalebook.authoring.lint.draft import Draft
from scalebook.authoring.lint.registry import Finding, rule

__all__ = ["Term", "glossary", "term"]

FILE = Path(__file__).parents[1] / "glossary.yaml"
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|‘[^’]*’")


@dataclass(frozen=True)
class Term:
    """A wording to be avoided: a pattern, what to write, and why."""

    wrong: re.Pattern[str]
    right: str
    why: str


@functools.cache
def glossary() -> tuple[Term, ...]:
    """The terms of authoring/glossary.yaml."""
    data = yaml.load(FILE.read_bytes(), yaml.CSafeLoader)
    return tuple(
        Term(
            re.compile(rf"(?<![\w-])(?:{entry['wrong']})(?![\w-])", flags),
            entry["right"],
            entry["why"],
        )
        for entry in data
        for flags in [0 if entry.get("case") else re.IGNORECASE]
    )


@rule("page")
def term(page: Draft) -> Iterator[Finding]:
    """Words are those of the glossary, alike on every page; quotations and code are free."""
    for prose in page.prose:
        if prose.place == "backing" and not prose.text:
            continue
        text = _QUOTED.sub(lambda quoted: "\x01" * len(quoted[0]), prose.masked)
        for entry in glossary():
            for found in entry.wrong.finditer(text):
                what = f"{found[0]!r}: {entry.why}"
                yield page.at(prose.line(found.start()), what, f"write {entry.right!r}")
