"""Pieces of pages that the Run panel puts in place: escaped templates of our own."""

from __future__ import annotations

import functools
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from scalebook.site.panel import duration_words
from scalebook.site.serve.outcome import Outcome

__all__ = ["outcome_html"]

TEMPLATES = Path(__file__).parents[1] / "templates"


def outcome_html(outcome: Outcome) -> str:
    """What a run says of the reference, with both ratios drawn."""
    return _template().render(o=outcome, took=duration_words(outcome.seconds))


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("outcome.jinja")
