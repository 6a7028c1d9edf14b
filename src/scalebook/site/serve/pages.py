"""The pages of the live book: rendered when they are asked for, again when a file has changed."""

from __future__ import annotations

import dataclasses
import functools
import html
import os
import threading
from typing import Protocol

from scalebook.book import Unit
from scalebook.book.diagrams import DiagramCache
from scalebook.book.faults import Fault, Mistake, PageError
from scalebook.book.page import Book
from scalebook.book.render_page import Rendered, render
from scalebook.results import Result
from scalebook.results.failures import redacted
from scalebook.site import links, search, shell

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
INDEX = "assets/search-index.js"
PICTURES = (".svg", ".png", ".jpg", ".jpeg", ".webp", ".gif")
Stamp = tuple[object, ...]


class LivePages:
    """Documents and files by their path in the site, as the folders are at this moment."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._diagrams = DiagramCache()
        self._stamps: dict[str, Stamp] | None = None
        self._site = shell.Site(Book([]))
        self._made: dict[str, str] = {}
        self._terms: dict[str, tuple[Stamp, str]] = {}

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

    def page(self, unit: Unit, own: Result | None) -> tuple[str, str]:
        """A unit's page with the numbers of a reader's run, or with those of the reference.

        The second says why the run cannot be quoted, so that the page is as it was; else "".
        """
        if own is None:
            return self.document(links.page_path(unit.id))[1], ""
        with self._lock:
            self._look()
            book = Book(self._site.book.units, own={unit.id: own})
            site = shell.Site(book, self._site.facts, None, self._site.plan, self._site.ledger)
            try:
                book.measured(unit.id)
            except Mistake as mistake:
                return self.document(links.page_path(unit.id))[1], redacted(mistake.what)
            return self._page(unit.id, site), ""

    def file(self, path: str) -> bytes | None:
        """What stands beside the pages: style, scripts, search index, pictures; no social cards."""
        name = path.removeprefix(ASSETS)
        if path.startswith(ASSETS) and name in shell.assets():
            return shell.assets()[name]
        with self._lock:
            self._look()
            if path == INDEX:
                return self._index().encode()
            unit = self._site.book.by_id.get(path.rpartition("/")[0])
            name = path.rpartition("/")[2]
            if unit is not None and name in unit.files and name.endswith(PICTURES):
                return (unit.folder / name).read_bytes()
        return None

    def _index(self) -> str:
        """The search index; pages that have not changed are not read again."""
        if INDEX not in self._made:
            site, found = self._site, []
            for unit, facts in site.facts.items():
                stamp = (self._stamps or {})[unit]
                known = self._terms.get(unit)
                if known is None or known[0] != stamp:
                    known = self._terms[unit] = (stamp, self._terms_of(unit))
                found.append(search.Found(facts, known[1]))
            self._made[INDEX] = search.index_script(found)
        return self._made[INDEX]

    def _terms_of(self, unit: str) -> str:
        facts = self._site.facts[unit]
        try:
            page = self._rendered(unit, self._site.book)
        except PageError:
            return search.page_terms(facts, (), "")
        return search.page_terms(facts, page.headings, page.text)

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
            rendered = self._rendered(unit, site.book)
        except PageError as error:
            said = [_said(fault) for fault in error.faults]
            return shell.message_document("This page has faults", said, site, live=True)
        own = site.book.own.get(unit)
        if own is not None:
            rendered = dataclasses.replace(rendered, html=_whose(own) + rendered.html)
        return shell.page_document(_with_faults(rendered), site, live=True)

    def _rendered(self, unit: str, book: Book) -> Rendered:
        page = book.page(unit)
        link = functools.partial(links.href, chapter=page.unit.chapter)
        return render(page, book, diagrams=self._diagrams, link=link)

    def _look(self) -> None:
        """Begin anew where a file of the book has changed."""
        book = Book()
        stamps = {unit.id: _stamp(unit) for unit in book.units}
        if stamps != self._stamps:
            self._stamps, self._site, self._made = stamps, shell.Site(book), {}


def _with_faults(rendered: Rendered) -> Rendered:
    """The page with its faults before the text, for an author who reads it while writing."""
    if not rendered.faults:
        return rendered
    told = "".join(f"<p>{html.escape(_said(fault))}</p>" for fault in rendered.faults)
    title = '<p class="aside-title">Faults</p>'
    box = f'<aside class="warning" aria-label="Faults">{title}{told}</aside>'
    return dataclasses.replace(rendered, html=box + rendered.html)


def _whose(run: Result) -> str:
    """What stands before the text of a page that shows a reader's run."""
    day = f"{run.started.day} {run.started:%b %Y}"
    return (
        f'<p class="owned">These are the numbers of your run {run.run[:6]} ({run.budget}, {day}); '
        'grey ones are the reference\u2019s. <a href="#run">The panel</a> switches back.</p>'
    )


def _said(fault: Fault) -> str:
    """A fault by its place in the book, not in the reader's folders."""
    place = "/".join(fault.file.parts[-3:])
    tail = f"; {fault.remedy}" if fault.remedy else ""
    return redacted(f"{place}:{fault.line}: {fault.message}{tail}")


def _stamp(unit: Unit) -> Stamp:
    """What changes when a file of the unit does."""
    with os.scandir(unit.folder) as entries:
        files = sorted((e.name, e.stat().st_mtime_ns) for e in entries if e.is_file())
    return (str(unit.folder), *files)
