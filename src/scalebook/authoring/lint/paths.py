"""The paths through the book: ordered as their pages need it, of units that there are."""

from __future__ import annotations

from collections.abc import Iterator

from scalebook.authoring.lint.draft import Drafts
from scalebook.authoring.lint.registry import Finding, rule

__all__ = ["path"]


@rule("book")
def path(book: Drafts) -> Iterator[Finding]:
    """A path (paths/*.toml) names units that there are or that are planned by their present ids,
    each once and after what its page names as a prerequisite, and says why each is there.
    """
    # Imported here: the plan asks other rules, and starts without what reads front matter.
    from scalebook.book.page import Book
    from scalebook.book.paths import load_paths

    for fault in load_paths(Book(tuple(book.units.values()))).faults:
        yield Finding(fault.file, fault.line, fault.message, fault.remedy)
