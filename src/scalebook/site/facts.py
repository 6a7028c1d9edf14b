"""What other pages say of a page: its title, its takeaway, and which pages it leans on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from scalebook.book.faults import PageError
from scalebook.book.page import Book, Page
from scalebook.book.units import Unit

__all__ = ["Facts", "facts_of"]


@dataclass(frozen=True)
class Facts:
    """The part of a page's front matter that chapter pages, maps and search show."""

    id: str
    title: str
    takeaway: str = ""
    summary: str = ""
    difficulty: str = ""
    tags: tuple[str, ...] = ()
    prerequisites: tuple[str, ...] = ()
    related: tuple[str, ...] = ()

    @property
    def chapter(self) -> str:
        """The part of the id before the slash."""
        return self.id.split("/")[0]

    @classmethod
    def of_page(cls, page: Page) -> Self:
        """Those of a page that could be read."""
        front = page.front
        return cls(
            page.unit.id,
            front.title,
            front.takeaway,
            front.summary,
            front.difficulty,
            tuple(front.tags),
            tuple(front.prerequisites),
            tuple(front.related),
        )

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        lists: dict[str, Any] = {k: tuple(x) if isinstance(x, list) else x for k, x in data.items()}
        return cls(**lists)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def facts_of(unit: Unit, book: Book) -> Facts:
    """The facts of a unit's page; of one with a broken front matter, its title alone."""
    try:
        return Facts.of_page(book.page(unit.id))
    except PageError:
        return Facts(unit.id, unit.title)
