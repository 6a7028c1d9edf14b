import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from scalebook.book.faults import PageError
from scalebook.book.page import Book
from scalebook.errors import HarnessError, UsageError
from scalebook.files import write_whole
from scalebook.results import write_reference
from scalebook.site import links
from tests.book.conftest import shop_result
from tests.site.conftest import Files, Small
from tests.site.documents import Document, offences, without_pictures

HOSTILE = """<script>alert(1)</script> "'&</title>"""


def test_everything_is_there_and_every_link_leads_somewhere(small: Small) -> None:
    built = small.build()
    assert (built.pages, built.rendered, built.faults) == (3, 3, ())
    for path in (
        "index.html",
        "ledger.html",
        "plan.html",
        "search.html",
        "shop/index.html",
        "shop/cache.html",
        "shop/notes.html",
        "street/alone.html",
        "redis/index.html",
        "assets/book.css",
        "assets/book.js",
        "assets/search-index.js",
        "cards/shop-cache.png",
    ):
        assert (small.out / path).stat().st_size > 0, path
    assert links.check(small.out) == []


def test_documents_are_balanced_and_keep_a_strict_policy(small: Small) -> None:
    small.build()
    for file in small.out.rglob("*.html"):
        text = file.read_text("utf-8")
        assert list(offences(text)) == [], file
        assert Document(text).unbalanced == [], file
        assert len(without_pictures(text).encode()) < 60_000


def test_the_scripts_are_small(small: Small) -> None:
    small.build()
    scripts = [f for f in (small.out / "assets").glob("*.js") if f.name != "search-index.js"]
    assert sum(file.stat().st_size for file in scripts) < 30_000


def test_hostile_titles_are_only_text(small: Small) -> None:
    escaped = json.dumps(HOSTILE)
    small.edit("shop/notes", "title: Notes", f"title: {escaped}")
    small.edit("shop/notes", "takeaway: Notes on caches.", f"takeaway: {escaped}")
    small.edit("shop/notes", "summary: What was measured elsewhere.", f"summary: {escaped}")
    small.edit("shop/notes", "tags: [cache]", f"tags: [{escaped}]")
    small.edit("shop/notes", "answer: One.", f"answer: {escaped}")
    small.edit("shop/notes", "## What we know", f"## What {HOSTILE} we know")
    small.build(url="https://example.org/book")
    assert links.check(small.out) == []
    for path in ("shop/notes.html", "shop/index.html", "shop/cache.html", "index.html"):
        text = small.read(path)
        # Whoever has an address may say where the page is; nothing is loaded from there.
        assert list(offences(text)) == [], path
        assert "<script>alert" not in text
        assert Document(text).unbalanced == []
    document = Document(small.read("shop/notes.html"))
    assert document.meta("description") == HOSTILE
    assert document.meta("og:title") == HOSTILE
    index = small.read("assets/search-index.js")
    data = json.loads(index.removeprefix("window.scalebookIndex=").rstrip().rstrip(";"))
    assert HOSTILE in [page[1] for page in data["pages"]]


def test_nothing_is_made_again_when_nothing_has_changed(small: Small) -> None:
    small.build()
    stamps = {f: f.stat().st_mtime_ns for f in small.out.rglob("*.html")}
    again = small.build()
    assert (again.rendered, again.written, again.removed) == (0, 0, 0)
    assert {f: f.stat().st_mtime_ns for f in small.out.rglob("*.html")} == stamps


def test_an_edited_text_makes_its_own_page_again(small: Small) -> None:
    small.build()
    small.edit("street/alone", "harmless", "quite harmless")
    assert small.build().rendered == 1
    assert "quite harmless" in small.read("street/alone.html")


CHANGES = {
    "a title": ("shop/notes", "title: Notes", "title: Remarks"),
    "a text": ("shop/notes", "faster, see", "sooner, see"),
    "a takeaway": ("shop/cache", "A cache repays", "A good cache repays"),
    "a prerequisite": ("street/alone", "tags: [cache]", "tags: [c]\nprerequisites: [shop/cache]"),
    "a heading": ("shop/cache", "## The idea", "## An idea"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_an_edit_the_site_is_as_if_built_anew(
    small: Small, files: Files, change: str, tmp_path: Path
) -> None:
    small.build()
    small.edit(*CHANGES[change])
    assert small.build().rendered > 0
    small.build(tmp_path / "fresh")
    assert files(small.out) == files(tmp_path / "fresh")


def test_a_new_result_reaches_every_page_that_quotes_it(small: Small) -> None:
    small.build()
    lab = small.folder("shop/cache") / "lab.py"
    result = shop_result(lab).model_copy(update={"run": "abcdef123456"})
    write_reference(result, lab.with_name("result.json"))
    small.build()
    assert "#run-abcdef" in small.read("shop/notes.html")
    assert 'id="run-abcdef"' in small.read("shop/cache.html")
    assert links.check(small.out) == []


def test_an_edited_lab_fails_its_page_and_those_that_quote_it(small: Small) -> None:
    small.build()
    small.edit("shop/cache", "TTL = 0.8", "TTL = 0.9", name="lab.py")
    with pytest.raises(PageError) as caught:
        small.build()
    assert {fault.file.parent.name for fault in caught.value.faults} == {"cache", "notes"}
    assert "has changed since it was measured" in caught.value.faults[0].message


def test_a_unit_that_is_gone_leaves_nothing(small: Small, files: Files, tmp_path: Path) -> None:
    small.edit("shop/cache", "prerequisites: [shop/notes]\n", "")
    small.edit("shop/cache", " and [[shop/notes]]", "")
    small.build()
    small.article("shop/notes").unlink()
    small.folder("shop/notes").rmdir()
    built = small.build()
    assert built.removed == 2  # its page and its card
    small.build(tmp_path / "fresh")
    assert files(small.out) == files(tmp_path / "fresh")


def test_what_somebody_removed_is_made_again(small: Small) -> None:
    small.build()
    (small.out / "shop" / "cache.html").unlink()
    (small.out / "assets" / "book.css").unlink()
    small.build()
    assert (small.out / "shop" / "cache.html").is_file()
    assert (small.out / "assets" / "book.css").is_file()


def test_a_folder_with_something_else_is_refused(small: Small) -> None:
    small.out.mkdir()
    (small.out / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="something else"):
        small.build()
    assert [file.name for file in small.out.iterdir()] == ["thesis.txt"]


def test_files_of_others_stay_and_are_never_overwritten(small: Small) -> None:
    small.build()
    (small.out / "CNAME").write_text("example.org")
    page = small.out / "street" / "alone.html"
    page.write_text("edited by hand")
    small.article("street/alone").unlink()
    small.folder("street/alone").rmdir()
    small.build()
    assert (small.out / "CNAME").read_text() == "example.org"
    assert page.read_text() == "edited by hand"
    (small.chapters / "street" / "new").mkdir()
    (small.out / "street" / "new.html").write_text("mine")
    text = small.article("shop/notes").read_text()
    (small.chapters / "street" / "new" / "article.md").write_text(text)
    with pytest.raises(UsageError, match=r"new\.html is in the way"):
        small.build()
    assert (small.out / "street" / "new.html").read_text() == "mine"


def test_an_interrupted_build_is_taken_up(
    small: Small, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, left = write_whole, [5]

    def full(path: Path, data: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device", str(path))
        write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr("scalebook.site.manifest.write_whole", full)
        with pytest.raises(HarnessError, match="No space left"):
            small.build()
    small.build()
    small.build(tmp_path / "fresh")
    assert files(small.out) == files(tmp_path / "fresh")


def test_a_damaged_manifest_is_named(small: Small) -> None:
    small.build()
    (small.out / ".scalebook" / "manifest.json").write_text("{")
    with pytest.raises(UsageError, match=r"manifest\.json is damaged"):
        small.build()


def test_a_fault_fails_the_build_and_nothing_is_written(small: Small) -> None:
    small.edit("shop/notes", "at=1000", "at=7")
    small.edit("street/alone", "title: Alone\n", "")
    with pytest.raises(PageError) as caught:
        small.build()
    assert {fault.file for fault in caught.value.faults} == {
        small.article("shop/notes"),
        small.article("street/alone"),
    }
    assert not small.out.exists()


def test_a_path_at_fault_fails_the_build(small: Small) -> None:
    file = small.chapters.parent / "paths" / "one.toml"
    file.parent.mkdir()
    head = 'place = 1\ntitle = "A path"\nsummary = "From a to b."\nknown = ["shop/notes"]\n'
    good = '[[units]]\nunit = "shop/cache"\nwhy = "Because."\n'
    file.write_text(head + good.replace("shop/cache", "shop/cash"))
    with pytest.raises(PageError, match=r"one\.toml:6: no unit is called 'shop/cash'"):
        small.build()
    assert not list(small.out.glob("*.html")), "nothing is written"
    (fault,) = small.build(keep_going=True).faults
    assert fault.remedy == "`scalebook list` shows them"
    file.write_text(head + good)
    assert small.build().faults == ()


def test_keep_going_writes_the_others_and_says_what_is_wrong(small: Small) -> None:
    small.edit("shop/notes", "at=1000", "at=7")
    small.edit("street/alone", "title: Alone\n", "")
    built = small.build(keep_going=True)
    assert len(built.faults) == 2
    assert "The same sum, again" in small.read("shop/cache.html")
    said = Document(small.read("shop/notes.html")).text
    assert "article.md:" in said
    assert str(small.chapters) not in said
    assert small.build(keep_going=True).faults == built.faults
    small.edit("shop/notes", "at=7", "at=1000")
    small.edit("street/alone", "takeaway:", "title: Alone\ntakeaway:")
    assert small.build().faults == ()
    assert links.check(small.out) == []


def test_a_public_address_adds_sitemap_feed_and_cards(small: Small) -> None:
    small.build(url="https://example.org/book/")
    sitemap = ET.fromstring(small.read("sitemap.xml"))
    places = [element.text for element in sitemap.iter() if element.tag.endswith("}loc")]
    assert "https://example.org/book/shop/cache.html" in places
    assert "https://example.org/book/index.html" in places
    feed = ET.fromstring(small.read("feed.xml"))
    titles = [element.text for element in feed.iter() if element.tag.endswith("}title")]
    assert titles == ["Scalebook", "Cache"]
    page = Document(small.read("shop/cache.html"))
    assert page.meta("og:image") == "https://example.org/book/cards/shop-cache.png"
    assert page.has("link", rel="canonical", href="https://example.org/book/shop/cache.html")
    assert links.check(small.out) == []
    small.build()
    assert not (small.out / "sitemap.xml").exists()


def test_images_of_a_unit_are_taken_along(small: Small) -> None:
    (small.folder("street/alone") / "plan.svg").write_text("<svg xmlns='x'/>")
    small.edit("street/alone", "Nothing here", "![A plan](plan.svg) Nothing here")
    small.build()
    assert (small.out / "street" / "alone" / "plan.svg").is_file()
    assert links.check(small.out) == []


def test_the_real_book(tmp_path: Path) -> None:
    from scalebook.site.build import build

    built = build(tmp_path / "site", book=Book())
    assert built.pages >= 9
    assert links.check(tmp_path / "site") == []
    for file in (tmp_path / "site").rglob("*.html"):
        text = file.read_text("utf-8")
        assert list(offences(text)) == [], file
        assert Document(text).unbalanced == [], file
        assert len(without_pictures(text).encode()) < 60_000, file


def test_another_process_finds_everything_current(small: Small) -> None:
    """What a build keeps must not depend on the order of a set, which differs per process."""
    code = (
        "import sys; from pathlib import Path; from scalebook.book import units\n"
        "units.BOOK = Path(sys.argv[1])\n"
        "from scalebook.site.build import build\n"
        "print(build(Path(sys.argv[2])).rendered)"
    )
    call = [sys.executable, "-c", code, str(small.chapters.parent / "book"), str(small.out)]
    said = [
        subprocess.run(
            call,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in range(4)
    ]
    assert [int(number) for number in said] == [3, 0, 0, 0]
