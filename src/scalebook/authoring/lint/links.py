"""Links lead somewhere, every page is led to, and prerequisites come before what needs them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scalebook.authoring.lint.draft import Draft, Drafts
from scalebook.authoring.lint.registry import Finding, rule

__all__ = ["dead_link", "orphan", "prerequisite_cycle"]

_LINK = re.compile(r"(!?)\[(?:[^\]\[]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_ANCHORED = re.compile(r"\[\[\s*([^\]|#]+?)\s*#([\w-]+)[^\]]*\]\]")
MADE = {"sources", "questions", "run", "next"}
"""Anchors that the renderer makes itself."""


@rule("book")
def dead_link(book: Drafts) -> Iterator[Finding]:
    """A link inside the book leads to a page, a heading or a file that there is."""
    for page in book.pages:
        for prose in page.prose:
            for link in _LINK.finditer(prose.text):
                # In code a link is text: only what is blotted out as a target is one.
                if (
                    prose.masked[link.start(2) - 1] == "\x01"
                    and prose.masked[link.start()] != "\x01"
                ):
                    yield from _dead(page, prose.line(link.start()), link[2])
            for link in _ANCHORED.finditer(prose.text):
                other = book.by_id.get(link[1])
                if other and link[2] not in _anchors(other):
                    what = f"{link[1]} has no heading with the id {link[2]!r}"
                    known = ", ".join(sorted(_anchors(other) - MADE)[:6])
                    yield page.at(prose.line(link.start()), what, f"it has: {known}")


def _dead(page: Draft, line: int, target: str) -> Iterator[Finding]:
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return
    path, _, anchor = target.partition("#")
    if not path:
        if anchor not in _anchors(page):
            known = ", ".join(sorted(_anchors(page) - MADE)[:6])
            what = f"no heading of this page has the id {anchor!r}"
            yield page.at(line, what, f"the ids are {known}")
        return
    if path.startswith("/") or not (page.unit.folder / path).exists():
        what = f"{target!r} leads nowhere"
        yield page.at(line, what, "link to a unit as [[chapter/name]], to a file by its name")


@rule("book")
def orphan(book: Drafts) -> Iterator[Finding]:
    """A page is led to by another one, or leads to one; else nobody finds it by reading."""
    led_to = {
        target
        for page in book.pages
        for target, _ in (*page.links, *page.named("prerequisites"), *page.named("related"))
        if target != page.unit.id
    }
    for page in book.pages:
        named = {target for key in ("prerequisites", "related") for target, _ in page.named(key)}
        leads = named | {target for target, _ in page.links}
        if page.unit.id not in led_to and not (leads - {page.unit.id}):
            what = "no page leads here, and this one leads nowhere"
            yield page.at(1, what, "name prerequisites or related pages, or link to [[one]]")


@rule("book")
def prerequisite_cycle(book: Drafts) -> Iterator[Finding]:
    """Prerequisites never lead back to the page itself: a reader could begin nowhere."""
    needs = {page.unit.id: dict(page.named("prerequisites")) for page in book.pages}
    told: set[frozenset[str]] = set()
    for page in book.pages:
        cycle = _cycle(page.unit.id, needs)
        if cycle and frozenset(cycle) not in told:
            told.add(frozenset(cycle))
            line = needs[page.unit.id][cycle[1]]
            what = f"prerequisites lead back here: {' needs '.join(cycle)}"
            yield page.at(line, what, "take one of them out")


def _cycle(start: str, needs: dict[str, dict[str, int]]) -> list[str]:
    """A way along prerequisites from a page back to itself; empty for none."""
    seen: set[str] = set()
    ways = [[start]]
    while ways:
        way = ways.pop()
        for target in needs.get(way[-1], {}):
            if target == start:
                return [*way, start]
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []


def _anchors(page: Draft) -> set[str]:
    return {block.id for block in page.blocks if block.kind == "heading"} | MADE
