import sys
from pathlib import Path

import pytest

from scalebook.errors import LabError, UsageError
from scalebook.results import digest

LAB = '''"""A question."""
import json

from scalebook.chapters.redis.shared.helper import tool
from scalebook.lab import Client


class A(Client):
    """Doc."""

    def read(self, key):
        """Doc."""
        return tool(key, None)
'''


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A lab in a small book; it imports a helper that imports another, relatively."""
    shared = tmp_path / "chapters" / "redis" / "shared"
    unit = tmp_path / "chapters" / "redis" / "cache"
    unit.mkdir(parents=True)
    shared.mkdir()
    (shared / "helper.py").write_text("from .deeper import deep\ntool = deep\n")
    (shared / "deeper.py").write_text("from . import helper\ndeep = 1\n")
    (unit / "lab.py").write_text(LAB)
    return unit / "lab.py"


def test_words_and_layout_do_not_count(lab: Path) -> None:
    before = digest(lab)
    lab.write_text(
        LAB.replace("A question.", "Another?").replace('"""Doc."""', "'Other.'  # why")
        + "\n\n# the end\n"
    )
    assert digest(lab) == before
    lab.write_text(LAB.replace('        """Doc."""\n', ""))
    assert digest(lab) == before


@pytest.mark.parametrize(
    "old, new",
    [
        ("None", "0"),
        ("None", "''"),
        ("(key, None)", "(key)"),
        ("def read", "def write"),
        ("import json\n", ""),
    ],
)
def test_code_counts(lab: Path, old: str, new: str) -> None:
    before = digest(lab)
    lab.write_text(LAB.replace(old, new))
    assert digest(lab) != before


def test_what_it_imports_from_the_book_counts(lab: Path) -> None:
    before = digest(lab)
    deeper = lab.parents[1] / "shared" / "deeper.py"
    deeper.write_text(deeper.read_text().replace("1", "2"))
    assert digest(lab) != before
    assert digest(lab, chapters=lab.parents[2]) == digest(lab)


@pytest.mark.parametrize(
    "line",
    [
        "from scalebook.chapters.redis import shared",
        "from scalebook.chapters.redis.shared import helper",
        "import scalebook.chapters.redis.shared.helper",
        "from ..shared import helper",
        "from ..shared.helper import tool",
    ],
)
def test_every_form_of_import_is_followed(lab: Path, line: str) -> None:
    package = lab.parents[1] / "shared" / "__init__.py"
    package.write_text("name = 1\n")
    lab.write_text(f"def late():\n    {line}\n")
    before = digest(lab)
    package.write_text("name = 2\n")
    assert digest(lab) != before


def test_the_place_of_the_book_does_not_count(lab: Path, tmp_path: Path) -> None:
    before = digest(lab)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "chapters").rename(moved / "chapters")
    assert digest(moved / "chapters" / "redis" / "cache" / "lab.py") == before


def test_the_engine_counts(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(lab)
    monkeypatch.setattr(sys.modules[digest.__module__], "ENGINE_REVISION", 99)
    assert digest(lab) != before


def test_bad_syntax_names_file_and_line(lab: Path) -> None:
    lab.write_text("x = 1\ndef broken(:\n")
    with pytest.raises(LabError, match=r"lab\.py:2: "):
        digest(lab)


@pytest.mark.parametrize("data", [b"x = '\xff'\n", b"x = 1\0\n"])
def test_bytes_that_are_no_python(lab: Path, data: bytes) -> None:
    lab.write_bytes(data)
    with pytest.raises(LabError, match=r"lab\.py:1: "):
        digest(lab)


def test_a_missing_lab(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        digest(tmp_path / "lab.py")
