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
    """A wording to be avoided: a pattern, what to write, and why.

    `stems` are small letters of which some stand wherever the pattern does: quick to look for.
    """

    wrong: re.Pattern[str]
    right: str
    why: str
    stems: tuple[str, ...]


@functools.cache
def glossary() -> tuple[Term, ...]:
    """The terms of authoring/glossary.yaml."""
    data = yaml.load(FILE.read_bytes(), yaml.CSafeLoader)
    return tuple(
        Term(
            re.compile(
                rf"(?<![\w-])(?:{entry['wrong']})(?![\w-])",
                0 if entry.get("case") else re.IGNORECASE,
            ),
            entry["right"],
            entry["why"],
            _stems(entry["wrong"]),
        )
        for entry in data
    )


def _stems(pattern: str) -> tuple[str, ...]:
    """The longest run of plain letters of each alternative of a pattern."""
    plain = re.sub(r"\([^()]*\)\??|\[[^\]]*\]\??|.\?", "\0", pattern)
    runs = (re.findall(r"[a-z ]+", part.lower()) for part in plain.split("|"))
    return tuple(max((run.strip() for run in found), key=len, default="") for found in runs)


@rule("page")
def term(page: Draft) -> Iterator[Finding]:
    """Words are those of the glossary, alike on every page; quotations and code are free."""
    for prose in page.prose:
        small = prose.masked.lower()
        near = [entry for entry in glossary() if any(stem in small for stem in entry.stems)]
        if not near:
            continue
        text = _QUOTED.sub(lambda quoted: "\x01" * len(quoted[0]), prose.masked)
        for entry in near:
            for found in entry.wrong.finditer(text):
                what = f"{found[0]!r}: {entry.why}"
                yield page.at(prose.line(found.start()), what, f"write {entry.right!r}")
