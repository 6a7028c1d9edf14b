"""What the renderer finds: bindings, front matter, diagrams and blocks that do not work."""

from __future__ import annotations

from scalebook.book import Unit
from scalebook.book.diagrams import DiagramCache
from scalebook.book.faults import Fault, PageError
from scalebook.book.page import Book
from scalebook.book.render_page import render

__all__ = ["BINDER_RULES", "bind"]

BINDER_RULES = {
    "front-matter": "The front matter is YAML of the known keys: docs/PAGES.md lists them.",
    "text": "A page is a text file in UTF-8.",
    "binding": "A binding has the form {{kind arguments key=value}}.",
    "unknown": "A binding names a variant, statistic, figure or symbol that the run has.",
    "unknown-unit": "A unit that is linked to or bound exists, or the catalogue plans it.",
    "point": "A binding names a point of the axis that was measured.",
    "missing": "What is bound has been measured.",
    "stale": "A number is quoted only while the lab is the one that was measured.",
    "invalid": "A number is quoted only from a valid run that came to its end.",
    "unstable": "A number whose interval is wider than a factor of two is quoted as such only.",
    "unresolvable": "A ratio that cannot be told from its floor is not quoted.",
    "lab": "A symbol or constant that a page shows is in lab.py.",
    "setting": "{{setting}} names a constant of lab.py.",
    "model": "A model is a sum of assumptions and bindings that can be worked out.",
    "source": "A citation names a source of the front matter.",
    "uncited": "Every source is cited; one that nothing leans on only looks like evidence.",
    "heading": "Headings begin at the second level, and no id is there twice.",
    "predict": "A prediction asks for one measured number that lies on its dial.",
    "image": "An image is in the unit's folder, and has words for those who cannot see it.",
    "picture": "A picture can be drawn from what the run has.",
    "diagram": "A diagram can be drawn, and has a title.",
    "block": "A block ::: has a known name and options.",
}
"""Rules that the binder holds, each with what it demands."""


def bind(unit: Unit, book: Book) -> tuple[list[Fault], int]:
    """The faults of a page as it is rendered, and how many of its figures are bound."""
    try:
        page = book.page(unit.id)
    except PageError as error:
        return list(error.faults), 0
    rendered = render(page, book, diagrams=DiagramCache(), link=lambda other: f"{other}.html")
    return list(rendered.faults), rendered.bound
