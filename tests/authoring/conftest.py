"""A book of its own for each test: two pages without a fault, one of them with a lab."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scalebook.book.units import BOOK
from scalebook.engine import Workbench
from scalebook.results.digest import digest

PAGES = Path(__file__).parent / "pages"


@pytest.fixture
def chapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of chapters, which is all of the book."""
    root = tmp_path / "chapters"
    root.mkdir()
    (tmp_path / "book").mkdir()
    monkeypatch.setattr("scalebook.book.units.BOOK", tmp_path / "book")
    monkeypatch.setenv("SCALEBOOK_CHAPTERS", str(root))
    # Not SCALEBOOK_CACHE: the engines of the tests that need them are unpacked there.
    monkeypatch.setattr("scalebook.book.remembered.cache_folder", lambda: tmp_path / "cache")
    return root


@pytest.fixture
def good(chapters: Path) -> Path:
    """The folder of chapters with the two good pages."""
    lab = BOOK / "redis" / "hyperloglog"
    folder = chapters / "redis" / "hyperloglog"
    folder.mkdir(parents=True)
    shutil.copy(lab / "lab.py", folder)
    record = json.loads((lab / "result.json").read_text())
    record["digest"] = digest(folder / "lab.py")
    (folder / "result.json").write_text(json.dumps(record))
    shutil.copy(PAGES / "with_lab.md", folder / "article.md")
    other = chapters / "caching" / "cache_strategies"
    other.mkdir(parents=True)
    shutil.copy(PAGES / "without_lab.md", other / "article.md")
    return chapters


@pytest.fixture(scope="session")
def run_directory() -> Iterator[Path]:
    """A place for engines whose path is short, and which engines of another user may enter."""
    base = Path(tempfile.mkdtemp(prefix="sb-", dir="/var/tmp"))
    base.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCALEBOOK_RUN_DIR", str(base))
        yield base
    shutil.rmtree(base)


@pytest.fixture(scope="session")
def bench(run_directory: Path) -> Iterator[Workbench]:
    """Warm engines for the labs of this folder."""
    with Workbench() as bench:
        yield bench
