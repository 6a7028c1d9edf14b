"""The rules of the linter, each a function whose docstring explains it, kept by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from scalebook.book.faults import Fault

__all__ = ["RULES", "Finding", "Rule", "Scope", "rule"]

Scope = Literal["unit", "page", "book"]
"""What a rule looks at: a unit's folder, one page, or all pages together."""


@dataclass(frozen=True)
class Finding:
    """What a rule found; its name is added to make a Fault of it."""

    file: Path
    line: int
    message: str
    remedy: str


@dataclass(frozen=True)
class Rule:
    """One rule: its name, the family (module) it belongs to, and what it demands and why."""

    name: str
    family: str
    scope: Scope
    explanation: str
    check: Callable[[Any], Iterator[Finding]]

    def faults(self, subject: Any) -> Iterator[Fault]:
        """What the rule finds in a unit, a page or a book."""
        for found in self.check(subject):
            yield Fault(found.file, found.line, self.name, found.message, found.remedy)


RULES: dict[str, Rule] = {}
"""Every rule by name, in the order in which the modules are imported."""

Check = TypeVar("Check", bound=Callable[..., Iterator[Finding]])


def rule(scope: Scope) -> Callable[[Check], Check]:
    """Register a function as a rule; its name, with hyphens, is the rule's."""

    def register(check: Check) -> Check:
        name = check.__name__.replace("_", "-")
        family = check.__module__.rpartition(".")[2]
        RULES[name] = Rule(name, family, scope, inspect.getdoc(check) or "", check)
        return check

    return register
