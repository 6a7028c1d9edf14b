"""A small book of its own for each test, beside the real one."""

from collections.abc import Callable
from pathlib import Path

import pytest

Add = Callable[..., Path]


@pytest.fixture
def chapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of chapters, which stands alone: the book itself is not looked at."""
    root = tmp_path / "chapters"
    root.mkdir()
    book = tmp_path / "book"
    book.mkdir()
    monkeypatch.setattr("scalebook.book.units.BOOK", book)
    monkeypatch.setenv("SCALEBOOK_CHAPTERS", str(root))
    return root


@pytest.fixture
def add(chapters: Path) -> Add:
    """Write a unit: add("redis/counter", **{"lab.py": text})."""

    def write(unit: str, files: dict[str, str] | None = None) -> Path:
        folder = chapters / unit.replace("-", "_")
        folder.mkdir(parents=True)
        for name, text in (files or {"lab.py": '"""How fast?\n\nMore.\n"""\n'}).items():
            (folder / name).write_text(text)
        return folder

    return write
