"""The pages of the live book: rendered when they are asked for, again when a file has changed."""

from __future__ import annotations

import dataclasses
import html
import os
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from scalebook.book import Unit
from scalebook.book.diagrams import DiagramCache
from scalebook.book.faults import PageError
from scalebook.book.page import Book
from scalebook.book.render_page import Rendered, render
from scalebook.results import Result
from scalebook.results.failures import redacted
from scalebook.site import links, shell

__all__ = ["LivePages"]


class _Maker(Protocol):
    def __call__(self, site: shell.Site, live: bool = False) -> str: ...


TOP: dict[str, _Maker] = {
    "index.html": shell.home_document,
    "ledger.html": shell.ledger_document,
    "plan.html": shell.plan_document,
    "search.html": shell.search_document,
}
ASSETS = "assets/"


class LivePages:
    """Documents and files by their path in the site, as the folders are at this moment."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._diagrams = DiagramCache()
        self._stamp: tuple[object, ...] | None = None
        self._site = shell.Site(Book([]))
        self._made: dict[str, str] = {}

    def document(self, path: str) -> tuple[int, str]:
        """Status and HTML of what stands at a path; a page with faults shows them."""
        with self._lock:
            self._look()
            if path not in self._made:
                status, text = self._make(path)
                if status != 200:
                    return status, text
                self._made[path] = text
            return 200, self._made[path]

    def page(self, unit: Unit, own: Result | None) -> str:
        """A unit's page with the numbers of a reader's run, or with those of the reference."""
        if own is None:
            return self.document(links.page_path(unit.id))[1]
        with self._lock:
            self._look()
            book = Book(self._site.book.units, own={unit.id: own})
            site = shell.Site(book, self._site.facts, None, self._site.plan, self._site.ledger)
            return self._page(unit.id, site)

    def file(self, path: str) -> bytes | None:
        """What stands beside the pages: style, scripts, the search index, cards, pictures."""
        name = path.removeprefix(ASSETS)
        if path.startswith(ASSETS) and name in shell.assets():
            return shell.assets()[name]
        return None

    def _make(self, path: str) -> tuple[int, str]:
        site = self._site
        name = path.removesuffix(".html")
        if path in TOP:
            return 200, TOP[path](site, live=True)
        chapter, _, rest = path.partition("/")
        if rest == "index.html" and chapter in {one.name for one in site.chapters}:
            return 200, shell.chapter_document(chapter, site, live=True)
        if name in site.facts:
            return 200, self._page(name, site)
        up = "../" * path.count("/")
        said = [f"The book has no page {path}.", "Search it, or begin with its chapters."]
        return 404, shell.message_document("No such page", said, site, live=True, root=up)

    def _page(self, unit: str, site: shell.Site) -> str:
        try:
            page = site.book.page(unit)
        except PageError as error:
            said = [redacted(str(fault)) for fault in error.faults]
            return shell.message_document("This page has faults", said, site, live=True)
        href: Callable[[str], str] = lambda other: links.href(other, page.unit.chapter)  # noqa: E731
        rendered = render(page, site.book, diagrams=self._diagrams, link=href)
        return shell.page_document(_with_faults(rendered), site, live=True)

    def _look(self) -> None:
        """Begin anew where a file of the book has changed."""
        book = Book()
        stamp = tuple(_stamps(book.units))
        if stamp != self._stamp:
            self._stamp, self._site, self._made = stamp, shell.Site(book), {}


def _with_faults(rendered: Rendered) -> Rendered:
    """The page with its faults before the text, for an author who reads it while writing."""
    if not rendered.faults:
        return rendered
    told = "".join(f"<p>{html.escape(redacted(str(fault)))}</p>" for fault in rendered.faults)
    title = '<p class="aside-title">Faults</p>'
    box = f'<aside class="warning" aria-label="Faults">{title}{told}</aside>'
    return dataclasses.replace(rendered, html=box + rendered.html)


def _stamps(units: Sequence[Unit]) -> list[tuple[object, ...]]:
    """What changes when a file of a unit does."""
    found: list[tuple[object, ...]] = []
    for unit in units:
        with os.scandir(unit.folder) as entries:
            files = sorted((e.name, e.stat().st_mtime_ns) for e in entries if e.is_file())
        found.append((unit.id, *files))
    return found
