"""The whole book as one EPUB 3, pictures included: for readers without a browser at hand."""

from __future__ import annotations

import mimetypes
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from scalebook import __version__
from scalebook.book.card import card_png
from scalebook.book.diagrams import DiagramCache
from scalebook.book.faults import Fault, PageError
from scalebook.book.page import Book
from scalebook.book.render_page import Rendered, render
from scalebook.files import whole_file
from scalebook.site import run_facts, shell
from scalebook.site.chapters import chapter_title, chapter_words
from scalebook.site.facts import Facts
from scalebook.site.site import Site
from scalebook.site.trusted import trusted
from scalebook.site.xhtml import Note, resolved, xhtml

__all__ = ["write_epub"]

XHTML = "application/xhtml+xml"
CONTAINER = (
    '<?xml version="1.0"?>\n<container version="1.0" '
    'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>\n"
)


@dataclass(frozen=True)
class _Item:
    """A file of the book, and what its package says of it."""

    id: str
    href: str
    kind: str
    data: bytes
    properties: str = ""


@dataclass(frozen=True)
class _Page:
    facts: Facts

    @property
    def file(self) -> str:
        return _file(self.facts.id)


@dataclass(frozen=True)
class _Chapter:
    name: str
    pages: tuple[_Page, ...]

    @property
    def title(self) -> str:
        return chapter_title(self.name)

    @property
    def words(self) -> str:
        return chapter_words(self.name)

    @property
    def file(self) -> str:
        return f"{self.name}.xhtml"


def write_epub(
    path: Path, *, book: Book | None = None, diagrams: DiagramCache | None = None
) -> int:
    """Write the EPUB, whole or not at all; returns how many pages it has.

    `PageError` with all faults where a page has any; `HarnessError` where it cannot be written.
    """
    book = book or Book()
    site = Site(book)
    writer = _Writer(site, diagrams or DiagramCache())
    items = list(writer.items())
    if writer.faults:
        raise PageError(writer.faults)
    remedy = "free space there, mend its permissions, or give another file"
    with whole_file(path, remedy=remedy) as partial:
        _zip(partial, [*items, writer.package(items)])
    return len(site.facts)


class _Writer:
    def __init__(self, site: Site, diagrams: DiagramCache) -> None:
        self.site, self.diagrams = site, diagrams
        self.faults: list[Fault] = []
        self._newest = datetime(2020, 1, 1, tzinfo=UTC)
        self._spine: list[str] = []

    def items(self) -> Iterator[_Item]:
        """Every file but the package, in the order of reading."""
        style = (shell.HERE / "templates" / "epub" / "style.css").read_text("utf-8")
        style += resolved(shell.assets()["pictures.css"].decode())
        chapters = self._chapters()
        yield _Item("style", "style.css", "text/css", style.encode())
        cover = card_png("Scalebook", "A system-design book that runs", "")
        yield _Item("cover-image", "cover.png", "image/png", cover, "cover-image")
        yield self._text("cover", "cover.jinja", "Cover")
        yield _Item("nav", "nav.xhtml", XHTML, self._document("nav.jinja", "Contents", chapters))
        self._spine.append("nav")
        yield self._text("about", "about.jinja", "About this book", version=__version__)
        for chapter in chapters:
            yield self._text(chapter.name, "chapter.jinja", chapter.title, chapter=chapter)
            for page in chapter.pages:
                yield from self._page(page.facts)
        yield self._text("ledger", "ledger.jinja", "Ledger", ledger=self.site.ledger)

    def package(self, items: list[_Item]) -> _Item:
        """The list of all files, and the order of the texts."""
        text = shell.render_template(
            "epub/package.jinja",
            identifier=f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'scalebook')}",
            description=shell.WHAT,
            modified=f"{self._newest:%Y-%m-%dT%H:%M:%SZ}",
            items=[item for item in items if item.id != "nav"],
            spine=self._spine,
        )
        return _Item("package", "package.opf", "", text.encode())

    def _chapters(self) -> list[_Chapter]:
        names = dict.fromkeys(facts.chapter for facts in self.site.facts.values())
        return [
            _Chapter(name, tuple(_Page(f) for f in self.site.facts.values() if f.chapter == name))
            for name in names
        ]

    def _page(self, facts: Facts) -> Iterator[_Item]:
        try:
            page = self.site.book.page(facts.id)
            rendered = render(page, self.site.book, diagrams=self.diagrams, link=_file)
        except PageError as error:
            self.faults.extend(error.faults)
            return
        self.faults.extend(rendered.faults)
        if not rendered.faults:
            yield self._rendered(rendered)
            for name in rendered.images:
                data = (page.unit.folder / name).read_bytes()
                href = f"{_id(facts.id)}/{name}"
                kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
                yield _Item(_id(f"{facts.id}-{name}"), href, kind, data)

    def _rendered(self, rendered: Rendered) -> _Item:
        unit, front = rendered.page.unit, rendered.page.front
        result = self.site.quoted(unit.id)
        if result:
            self._newest = max(self._newest, result.finished)
        notes: list[Note] = []

        def converted(html: str) -> Markup:
            # All chapters lie in one folder here, and two of them may name a unit alike.
            text, found = xhtml(html.replace(f'src="{unit.name}/', f'src="{_id(unit.id)}/'))
            notes.extend(found)
            return trusted(text)

        return self._text(
            _id(unit.id),
            "page.jinja",
            front.title,
            front=front,
            minutes=rendered.minutes,
            engines=run_facts.engines_of(result) if result else unit.engines,
            run=run_facts.run_facts(result) if result else None,
            html=converted(rendered.html),
            questions=converted(rendered.questions_html),
            sources=[(source.id, converted(source.html)) for source in rendered.sources],
            command=f"scalebook run {unit.id}" if unit.has_lab else None,
            notes=notes,
        )

    def _text(self, id: str, template: str, title: str, **values: Any) -> _Item:  # noqa: A002
        data = self._document(template, title, **values)
        self._spine.append(id)
        return _Item(id, f"{id}.xhtml", XHTML, data, "svg" if b"<svg" in data else "")

    def _document(
        self, template: str, title: str, chapters: list[_Chapter] | None = None, **values: Any
    ) -> bytes:
        text = shell.render_template(
            f"epub/{template}", title=title, chapters=chapters or [], **values
        )
        return text.encode()


def _file(unit: str) -> str:
    return f"{_id(unit)}.xhtml"


def _id(name: str) -> str:
    return name.replace("/", "-").replace(".", "-")


def _zip(path: Path, items: list[_Item]) -> None:
    """An archive that is the same for the same book: no times of this machine are in it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr(zipfile.ZipInfo("META-INF/container.xml"), CONTAINER)
        for item in items:
            kind = zipfile.ZIP_STORED if item.kind == "image/png" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(f"book/{item.href}"), item.data, kind)
