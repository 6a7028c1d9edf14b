"""A small book of pages and a progress file of its own."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from scalebook.book import find
from scalebook.practice.front import Exercise, judge
from scalebook.practice.judgement import Judgement
from scalebook.practice.progress import Progress
from tests.practice.tally import LAB, SOLUTION, UNIT

PAGE = """---
title: {title}
takeaway: One sentence.
summary: A page.
difficulty: working
tags: [cache]
prerequisites: [{before}]
questions:
  - ask: Why is it *fast*?
    answer: It keeps a `copy`.
    follow_up: And when the copy is old?
    red_flag: Says that caches are free.
  - {{ask: Two of {title}?, answer: Two.}}
  - {{ask: Three?, answer: Three.}}
backing: Documentation alone.
---

## The pain {{#pain}}

Words.
"""
Write = Callable[..., Path]
Judge = Callable[..., Judgement]


@pytest.fixture
def chapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of chapters in place of the book; store, cache and progress beside it."""
    (tmp_path / "book").mkdir()
    root = tmp_path / "chapters"
    root.mkdir()
    monkeypatch.setattr("scalebook.book.units.BOOK", tmp_path / "book")
    monkeypatch.setenv("SCALEBOOK_CHAPTERS", str(root))
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SCALEBOOK_STORE", f"sqlite:///{tmp_path / 'results.db'}")
    monkeypatch.setenv("SCALEBOOK_PROGRESS", str(tmp_path / "progress.db"))
    monkeypatch.setenv("COLUMNS", "80")
    return root


@pytest.fixture
def write(chapters: Path) -> Write:
    """Write a page without a lab, and return its file."""

    def page(unit: str, before: Sequence[str] = (), text: str = PAGE) -> Path:
        folder = chapters / unit.replace("-", "_")
        folder.mkdir(parents=True, exist_ok=True)
        title = unit.split("/")[1].replace("-", " ").capitalize()
        file = folder / "article.md"
        file.write_text(text.format(title=title, before=", ".join(before)))
        return file

    return page


@pytest.fixture
def progress(chapters: Path, tmp_path: Path) -> Progress:
    """The reader's progress, still empty."""
    return Progress()


@pytest.fixture
def run_base(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for run directories, which must be empty in the end."""
    base = Path(tempfile.mkdtemp(prefix="sb-", dir="/var/tmp"))
    base.chmod(0o755)
    monkeypatch.setenv("SCALEBOOK_RUN_DIR", str(base))
    yield base
    left = list(base.iterdir())
    shutil.rmtree(base)
    assert left == []


@pytest.fixture
def tally(chapters: Path, run_base: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lab's folder, among chapters of its own."""
    monkeypatch.delenv("SCALEBOOK_CACHE")
    folder = chapters / "redis" / "tally"
    folder.mkdir(parents=True)
    (folder / "lab.py").write_text(LAB)
    return folder


@pytest.fixture
def judged(tally: Path, tmp_path: Path) -> Judge:
    """Judge a body of `increment`, put before the right one."""

    def of(body: str = "pass", parts: tuple[str, ...] = ("answers",), text: str = "") -> Judgement:
        shown = str(tmp_path / "mine.py")
        text = text or SOLUTION.format(body=body.replace("\n", "\n        "))
        return judge(Exercise(find(UNIT), text, shown, parts=parts), seed=5)

    return of
