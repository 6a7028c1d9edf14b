"""`scalebook build`: the book as a folder of files, as one EPUB, and as cards for Anki."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from scalebook.book.page import Book

__all__ = ["command"]


@click.command("build")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder: new, empty, or of an earlier build.",
)
@click.option("--epub", type=click.Path(path_type=Path, dir_okay=False), help="An EPUB file.")
@click.option("--anki", type=click.Path(path_type=Path, dir_okay=False), help="A deck for Anki.")
@click.option("--url", help="The site's public address: adds a sitemap and a feed.")
@click.option("--check", is_flag=True, help="Follow every link inside the written site.")
@click.option("--keep-going", is_flag=True, help="Write what can be; such pages name their faults.")
def command(
    out: Path | None,
    epub: Path | None,
    anki: Path | None,
    url: str | None,
    check: bool,
    keep_going: bool,
) -> int:
    """Write the whole book to a folder that opens without a server or a network.

    Only what has changed since the last build is written. A page or a path with a fault fails
    the build.

    \b
    Example:
      scalebook build --out site --epub scalebook.epub
    """
    if out is None and epub is None and anki is None:
        raise click.UsageError("nothing to build: give --out DIR, --epub FILE or --anki FILE")
    if url is not None and not _is_public(url):
        raise click.UsageError(f"--url {url}: give an address such as https://example.org/book")
    from scalebook.book.faults import PageError
    from scalebook.book.page import Book

    book = Book()
    try:
        faulty = out is not None and _site(out, book, url, keep_going)
        if out is not None and check:
            faulty = _broken(out) or faulty
        if epub is not None and not faulty:
            _epub(epub, book)
        if anki is not None and not faulty:
            _anki(anki, book)
    except PageError as error:
        _tell(error.faults)
        return 1
    return int(faulty)


def _site(out: Path, book: Book, url: str | None, keep_going: bool) -> bool:
    """Build the site; True where a page has faults."""
    from scalebook.site.build import build

    built = build(out, book=book, url=url, keep_going=keep_going)
    if built.faults:
        _tell(built.faults)
    click.echo(
        f"{out / 'index.html'}: {_count(built.pages, 'page')}, {built.rendered} rendered, "
        f"{_count(built.written, 'file')} written, {built.removed} removed"
    )
    return bool(built.faults)


def _broken(out: Path) -> bool:
    """Follow the links; True where one leads nowhere."""
    from scalebook.site import links

    found = links.check(out)
    for link in found:
        click.echo(str(link), err=True)
    click.echo(f"{_count(len(found), 'broken link')}")
    return bool(found)


def _epub(path: Path, book: Book) -> None:
    from scalebook.site.epub import write_epub

    pages = write_epub(path, book=book)
    click.echo(f"{path}: {_count(pages, 'page')}, {path.stat().st_size / 1e6:.1f} MB")


def _anki(path: Path, book: Book) -> None:
    from scalebook.book.faults import PageError
    from scalebook.practice.anki import write_deck
    from scalebook.practice.cards import cards_of
    from scalebook.site.shell import assets
    from scalebook.site.xhtml import resolved

    found = cards_of(book, book.units)
    if found.faults:
        raise PageError(found.faults)
    cards = write_deck(path, found.cards, style=resolved(assets()["pictures.css"].decode()))
    click.echo(f"{path}: {_count(cards, 'card')}")


def _tell(faults: Iterable[object]) -> None:
    lines = [str(fault) for fault in faults]
    for line in lines:
        click.echo(line, err=True)
    click.echo(_count(len(lines), "fault"), err=True)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _is_public(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and not parts.query
