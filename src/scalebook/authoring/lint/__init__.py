"""The linter: what keeps a unit from being good enough for the book, with line and remedy.

One module holds one family of rules; a rule is a function with a docstring that explains it.
"""

from scalebook.authoring.lint import (
    figures,
    labs,
    links,
    parts,
    paths,
    repeats,
    sources,
    sums,
    wording,
)
from scalebook.authoring.lint.checking import Outcome, check, lint
from scalebook.authoring.lint.registry import RULES, Rule

__all__ = ["FAMILIES", "RULES", "Outcome", "Rule", "check", "lint"]

FAMILIES = (parts, figures, sums, sources, links, paths, wording, repeats, labs)
"""The modules that hold the rules."""
