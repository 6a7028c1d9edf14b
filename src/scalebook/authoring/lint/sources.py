"""Company stories carry a source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scalebook.authoring.lint.draft import Draft
from scalebook.authoring.lint.prose import CITATION
from scalebook.authoring.lint.registry import Finding, rule

__all__ = ["users"]


@rule("page")
def users(page: Draft) -> Iterator[Finding]:
    """The section on who uses it cites a source, or says that none was found: a company's
    story without one is a rumour.
    """
    section = page.section("who")
    text = " ".join(line for block in section for _, line in block.lines)
    if not section or page.front.get("users") or CITATION.search(text):
        return
    if not re.search(r"\bno (?:public |primary )?sources?\b|WRITE\(", text):
        what = "nobody who uses it is named with a source"
        remedy = "add users: with a source, or say that there is no source"
        yield page.at(section[0].line, what, remedy)
