"""A small book of three pages in two chapters: one with a lab, one that quotes it, one alone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from scalebook.book.diagrams import DiagramCache
from scalebook.book.page import Book
from scalebook.results import write_reference
from scalebook.site.build import Built, build
from tests.book.conftest import LAB, NOTES, PAGE, shop_result

ALONE = NOTES.replace("title: Notes", "title: Alone").replace(
    "The cache is {{shop/cache: ratio at=1000}} faster, see [[shop/cache|the cache]].",
    "Nothing here is measured; an idempotent retry is harmless.",
)
FILES = {
    "shop/cache": {"lab.py": LAB, "article.md": PAGE},
    "shop/notes": {"article.md": NOTES},
    "street/alone": {"article.md": ALONE},
}


@dataclass
class Small:
    """The folder of chapters, and the folder that is built into."""

    chapters: Path
    out: Path
    diagrams: DiagramCache

    def folder(self, unit: str) -> Path:
        return self.chapters / unit.replace("-", "_")

    def article(self, unit: str) -> Path:
        return self.folder(unit) / "article.md"

    def edit(self, unit: str, old: str, new: str, name: str = "article.md") -> None:
        """Replace a text that is there."""
        file = self.folder(unit) / name
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def build(self, out: Path | None = None, keep_going: bool = False, url: str = "") -> Built:
        return build(
            out or self.out,
            book=Book(),
            url=url or None,
            keep_going=keep_going,
            diagrams=self.diagrams,
        )

    def read(self, path: str) -> str:
        return (self.out / path).read_text("utf-8")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    """The book, alone: neither the real one nor the user's cache is looked at."""
    chapters = tmp_path / "chapters"
    (tmp_path / "book").mkdir()
    monkeypatch.setattr("scalebook.book.units.BOOK", tmp_path / "book")
    chapters.mkdir()
    monkeypatch.setenv("SCALEBOOK_CHAPTERS", str(chapters))
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "cache"))
    for unit, files in FILES.items():
        folder = chapters / unit
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text)
    lab = chapters / "shop" / "cache" / "lab.py"
    write_reference(shop_result(lab), lab.with_name("result.json"))
    return Small(chapters, tmp_path / "out", DiagramCache(tmp_path / "diagrams"))


Files = Callable[[Path], dict[str, bytes]]


@pytest.fixture
def files() -> Files:
    """Path -> content of every file below a folder, without what a build remembers."""

    def read(root: Path) -> dict[str, bytes]:
        return {
            file.relative_to(root).as_posix(): file.read_bytes()
            for file in root.rglob("*")
            if file.is_file() and ".scalebook" not in file.parts
        }

    return read
