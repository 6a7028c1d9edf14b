"""The static export: every page of the book in a folder that opens without a server.

A build keeps in the folder what each page was made from, and makes again only what has changed.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scalebook.book import pictures
from scalebook.book.card import card_png
from scalebook.book.diagrams import DiagramCache
from scalebook.book.faults import Fault, PageError
from scalebook.book.page import Book
from scalebook.book.render_page import Rendered, render
from scalebook.book.units import Unit
from scalebook.site import announce, inputs, links, search, shell
from scalebook.site.chapters import chapter_title
from scalebook.site.facts import Facts, facts_of
from scalebook.site.manifest import Output
from scalebook.site.site import Site

if TYPE_CHECKING:
    from scalebook.results import Result

__all__ = ["Built", "build", "render_unit"]


INDEX = "assets/search-index.js"


@dataclass(frozen=True)
class Built:
    """What a build did: all pages of the book, files written and removed, and what is wrong."""

    pages: int
    rendered: int
    written: int
    removed: int
    faults: tuple[Fault, ...]


def build(
    out: Path,
    *,
    book: Book | None = None,
    url: str | None = None,
    keep_going: bool = False,
    diagrams: DiagramCache | None = None,
) -> Built:
    """Write the site to `out`; `url` is its public address, for sitemap, feed and cards.

    `PageError` with all faults, and nothing written, where a page or a path has any; with
    `keep_going` such a page says what is wrong with it, such a path is left out, and the others
    are written. `UsageError` where `out` holds something else, `HarnessError` where it cannot be
    written.
    """
    output = Output.at(out)
    book = book or Book()
    with _without_collecting():
        builder = _Builder(book, output, url, diagrams or DiagramCache())
        builder.make_pages()
        faults = tuple(sorted([*builder.faults, *builder.site.paths.faults]))
        if faults and not keep_going:
            raise PageError(faults)
        builder.make_rest()
        output.finish()
    book.save()
    return Built(len(book.pages), builder.rendered, output.written, output.removed, faults)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Do not look for cycles of objects: a build makes millions of objects and few cycles."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def render_unit(unit: str, book: Book, diagrams: DiagramCache) -> Rendered:
    """Render a unit's page with links as its chapter writes them; `PageError` if unreadable."""
    page = book.page(unit)
    link = functools.partial(links.href, chapter=page.unit.chapter)
    return render(page, book, diagrams=diagrams, link=link)


class _Builder:
    """One build. `_known` is what the last one kept of each page, `_kept` what this one keeps."""

    def __init__(self, book: Book, output: Output, url: str | None, diagrams: DiagramCache) -> None:
        self.book, self.output, self.url, self.diagrams = book, output, url, diagrams
        self.faults: list[Fault] = []
        self.rendered = 0
        self._known: Mapping[str, dict[str, Any]] = output.pages
        self._kept: dict[str, dict[str, Any]] = {}
        self._code = inputs.code_stamp()
        self._stamps = inputs.Stamps(book.units)
        self.site = Site(book, {unit.id: self._facts(unit) for unit in book.pages}, url)

    def make_pages(self) -> None:
        """Stage every page, or keep it where its inputs are what they were."""
        for unit in self.book.pages:
            known, path = self._known.get(unit.id, {}), links.page_path(unit.id)
            needs = known.get("needs", [])
            files = [path, links.card_path(unit.id), *known.get("images", [])]
            current = known.get("key") == self._key(unit, needs) and not known.get("faults")
            if current and all(self.output.has(file) for file in files):
                self._kept[unit.id] = known
                for file in files:
                    self.output.keep(file)
            else:
                self._make(unit)

    def make_rest(self) -> None:
        """Stage all that is made from many pages: indexes, ledger, plan, search, assets."""
        self.output.pages = self._kept
        everything = inputs.key(self._code, self.url, self._kept_keys(), self._standing())
        documents = self._documents()
        same = self.output.made.get("everything") == everything
        if same and all(self.output.has(path) for path in documents):
            for path in documents:
                self.output.keep(path)
        else:
            for path, make in documents.items():
                self.output.put(path, make())
        for name, data in shell.assets().items():
            self.output.put(f"assets/{name}", data)
        self.output.made = {"everything": everything}

    def _make(self, unit: Unit) -> None:
        """Render one page, its card and what it shows."""
        self.rendered += 1
        facts = self.site.facts[unit.id]
        kept: dict[str, Any] = {"facts": facts.to_json(), "stamp": self._stamps.article(unit.id)}
        try:
            page = render_unit(unit.id, self.book, self.diagrams)
            faults: tuple[Fault, ...] = page.faults
            text, headings = page.text, page.headings
        except PageError as error:
            page, faults = None, error.faults
            text, headings = "", ()
        if page is None or faults:
            self.faults.extend(faults)
            lines = [_relative(fault) for fault in sorted(faults)]
            title = f"{facts.title} cannot be shown"
            document = shell.message_document(title, lines, self.site)
        else:
            document = shell.page_document(page, self.site)
        needs = inputs.leans_on(unit, self.book.by_id)
        images = [f"{unit.id}/{name}" for name in page.images] if page else []
        result = self.site.quoted(unit.id) if page else None
        kept |= {
            "needs": needs,
            "key": self._key(unit, needs),
            "terms": search.page_terms(facts, headings, text),
            "faults": len(faults),
            "images": images,
            "date": result.finished.isoformat(timespec="seconds") if result else None,
        }
        self._kept[unit.id] = kept
        self.output.put(links.page_path(unit.id), document)
        self.output.put(links.card_path(unit.id), _card(unit, facts, result))
        for path in images:
            self.output.put(path, (unit.folder / path.rpartition("/")[2]).read_bytes())

    def _documents(self) -> dict[str, Any]:
        """Path -> what makes the document, of all that stands beside the pages."""
        site = self.site
        chapters = dict.fromkeys(
            [*self.book.catalogue.chapters, *(unit.chapter for unit in self.book.units)]
        )
        made: dict[str, Any] = {
            "index.html": lambda: shell.home_document(site),
            "ledger.html": lambda: shell.ledger_document(site),
            "plan.html": lambda: shell.plan_document(site),
            "search.html": lambda: shell.search_document(site),
            INDEX: self._index,
        }
        for name in chapters:
            path = f"{name}/index.html"
            made[path] = functools.partial(shell.chapter_document, name, site)
        if self.url:
            dates = {unit: kept["date"] for unit, kept in self._kept.items()}
            made["sitemap.xml"] = lambda: announce.sitemap(site, list(made), dates)
            made["feed.xml"] = lambda: announce.feed(site, dates)
        return made

    def _index(self) -> str:
        kept = self._kept.items()
        pages = [search.Found(self.site.facts[unit], page["terms"]) for unit, page in kept]
        before = None
        if self.output.has(INDEX):
            known = self._known
            terms = [page["terms"] for page in known.values()]
            script = (self.output.root / INDEX).read_text("utf-8")
            before = search.Before(script, list(known), terms)
        return search.index_script(pages, before)

    def _facts(self, unit: Unit) -> Facts:
        """From the last build where the page's source is the same, else from the page."""
        known = self._known.get(unit.id)
        if known and known.get("stamp") == self._stamps.article(unit.id):
            return Facts.from_json(known["facts"])
        return facts_of(unit, self.book)

    def _key(self, unit: Unit, needs: list[str]) -> str:
        around = self.site.around(unit.id).plain()
        stamps = [self._stamps.of(name) for name in [unit.id, *needs]]
        links_titles = [self.site.title(name) for name in needs if name in self.book.by_id]
        return inputs.key(self._code, self.url, unit.id, unit.title, stamps, around, links_titles)

    def _kept_keys(self) -> list[tuple[str, str]]:
        return [(unit, kept["key"]) for unit, kept in self._kept.items()]

    def _standing(self) -> list[object]:
        """Stamps of the units without a page, which only the plan and the ledger show."""
        return [(u.id, self._stamps.of(u.id)) for u in self.book.units if not u.has_article]


def _card(unit: Unit, facts: Facts, result: Result | None) -> bytes:
    """The page's social card; with a result it shows the claim and our verdict."""
    chapter = chapter_title(unit.chapter)
    if result is None or unit.claim_text is None:
        return card_png(facts.title, facts.takeaway, chapter)
    return card_png(
        facts.title,
        facts.takeaway,
        chapter,
        claim=unit.claim_text,
        state=result.verdict.state,
        verdict=pictures.verdict_text(result),
    )


def _relative(fault: Fault) -> str:
    """A fault as a page says it: with the file's name, not with the reader's folders."""
    tail = f"; {fault.remedy}" if fault.remedy else ""
    return f"{fault.file.name}:{fault.line}: {fault.message}{tail}"
