"""Addresses inside the site, and a check that every link of a written one leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["BrokenLink", "card_path", "check", "href", "page_path"]


def page_path(unit: str) -> str:
    """The path of a unit's page from the root of the site."""
    return f"{unit}.html"


def card_path(unit: str) -> str:
    """The path of a unit's social card from the root of the site."""
    return f"cards/{unit.replace('/', '-')}.png"


def href(unit: str, chapter: str) -> str:
    """The address of a unit's page as a page of `chapter` writes it."""
    to, name = unit.split("/")
    return f"{name}.html" if to == chapter else f"../{to}/{name}.html"


@dataclass(frozen=True, order=True)
class BrokenLink:
    """A link of a page that leads nowhere: to no file, or to no such place in one."""

    page: str
    line: int
    link: str
    why: str

    def __str__(self) -> str:
        """As in a terminal."""
        return f"{self.page}:{self.line}: {self.link}: {self.why}"


class _Document(HTMLParser):
    """Collects the places of a document and its links, each with its line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[tuple[int, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value is None:
                continue
            if name == "id" or (name == "name" and tag == "a"):
                self.ids.add(value)
            elif name in {"href", "src", "action", "xlink:href"}:
                self.links.append((self.getpos()[0], value))

    handle_startendtag = handle_starttag


def check(root: Path) -> list[BrokenLink]:
    """Every broken link of the pages below `root`; links to other hosts are not followed."""
    documents = {
        file.relative_to(root).as_posix(): _Document(file.read_text("utf-8"))
        for file in sorted(root.rglob("*.html"))
    }
    files = {file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()}
    return [
        BrokenLink(page, line, link, why)
        for page, document in documents.items()
        for line, link in document.links
        for why in _faults(page, link, documents, files)
    ]


def _faults(
    page: str, link: str, documents: dict[str, _Document], files: set[str]
) -> Iterator[str]:
    parts = urlsplit(link)
    if parts.scheme in {"http", "https", "mailto"}:
        return
    if parts.scheme or parts.netloc or parts.path.startswith("/"):
        yield "not a relative address, which would not work from a folder"
        return
    target = _resolve(page, unquote(parts.path)) if parts.path else page
    if target is None:
        yield "leads out of the site"
    elif target not in files:
        yield "there is no such file"
    elif not parts.fragment or target not in documents:
        return
    elif unquote(parts.fragment) not in documents[target].ids:
        yield "there is no such place on that page"


def _resolve(page: str, path: str) -> str | None:
    """The path from the root that `path` means on `page`; None for one outside."""
    parts = page.split("/")[:-1]
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)
