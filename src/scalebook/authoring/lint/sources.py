"""Sources are cited, what is cited has a source, and company stories carry one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scalebook.authoring.lint.draft import Draft
from scalebook.authoring.lint.prose import CITATION
from scalebook.authoring.lint.registry import Finding, rule

__all__ = ["unused_source", "users"]

_KEY = re.compile(r"@([\w-]+)")
_CLAIMED = re.compile(r"\{\{\s*claimed\s+(?:\"[^\"]*\"|\S+)\s+([\w-]+)")


@rule("page")
def unused_source(page: Draft) -> Iterator[Finding]:
    """Every source of the front matter is cited in the text, by a user or by an assumption;
    one that nothing leans on only looks like evidence.
    """
    used = _used(page)
    for source in page.front.get("sources").items:
        key = source.get("key")
        if key.text and key.text not in used:
            what = f"source {key.text!r} is not used"
            yield page.at(key.line, what, f"cite it as [@{key.text}], or leave it out")


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
        yield page.at(
            section[0].line, what, "add users: with a source, or say that there is no source"
        )


def _used(page: Draft) -> set[str]:
    used: set[str] = set()
    texts = [prose.text for prose in page.prose]
    texts += [text for block in page.blocks for _, text in block.lines]
    texts += [block.info for block in page.blocks]
    for text in texts:
        for citation in CITATION.finditer(text):
            used.update(_KEY.findall(citation[0]))
        used.update(_CLAIMED.findall(text))
    for user in page.front.get("users").items:
        used.add(user.get("source").text)
    for given in page.front.get("assume").keys.values():
        used.add(given.get("source").text)
    return used
