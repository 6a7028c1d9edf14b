import re
import subprocess
import sys

from scalebook.book.page import Book
from scalebook.site import shell
from scalebook.site.build import render_unit
from scalebook.site.shell import Site
from tests.site.conftest import Small
from tests.site.documents import Document


def page(small: Small, unit: str, live: bool = False) -> str:
    book = Book()
    return shell.page_document(render_unit(unit, book, small.diagrams), Site(book), live)


def test_a_page_says_what_it_is_and_where_it_stands(small: Small) -> None:
    document = Document(page(small, "shop/cache"))
    assert document.meta("description") == "A cache repays the work that it skips."
    assert document.meta("og:image") == "../cards/shop-cache.png"
    for said in (
        "Difficulty",
        "working",
        "PostgreSQL 18.1",
        "21 Nov 2026",
        "2-core x86_64",
        "Predict first",
        "scalebook run shop/cache",
        "imposed capacity",
        "You will be asked",
        "Sources",
        "unverified",
        "Where this page stands",
    ):
        assert said in document.text, said
    assert document.has("a", rel="next", href="notes.html")
    assert document.has("h3", id="run-8f3c2a")


def test_a_page_has_landmarks_names_and_text_alternatives(small: Small) -> None:
    document = Document(page(small, "shop/cache"))
    assert document.all("html")[0]["lang"] == "en"
    assert len(document.all("h1")) == len(document.all("main")) == 1
    assert document.has("a", **{"class": "skip", "href": "#main"})
    assert all(nav.get("aria-label") for nav in document.all("nav"))
    named = {label["for"] for label in document.all("label") if "for" in label}
    for field in document.all("input"):
        assert field.get("aria-label") or field["id"] in named, field
    for svg in document.all("svg"):
        hidden, named_by = svg.get("aria-hidden"), svg.get("aria-labelledby")
        assert hidden or named_by or svg.get("aria-label") or not svg.get("role"), svg
    ids = [attrs["id"] for _, attrs in document.elements if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_live_and_exported_are_the_same_but_for_the_panel(small: Small) -> None:
    live, exported = page(small, "shop/cache", live=True), page(small, "shop/cache")
    assert "<scalebook-run" in live
    for part in (
        r"<scalebook-run.*</scalebook-run>",
        r'<link rel="stylesheet" href="\.\./assets/run\.css">',
        r'<script src="\.\./assets/run\.js" defer></script>',
    ):
        live, times = re.subn(part, "", live, flags=re.S)
        assert times == 1, part
    assert live.split() == exported.split()


def test_a_page_without_a_lab_says_what_backs_it(small: Small) -> None:
    document = Document(page(small, "shop/notes"))
    assert "What backs this page" in document.text
    assert "Run it here" not in document.text
    assert document.has("a", rel="prev", href="cache.html")
    assert document.has("a", rel="next", href="../street/alone.html")


def test_planned_units_are_shown_without_a_link(small: Small) -> None:
    small.edit("street/alone", "tags: [cache]", "tags: [c]\nprerequisites: [redis/counter]")
    document = Document(page(small, "street/alone"))
    assert "Counter with INCR planned" in " ".join(document.text.split())
    assert not document.has("a", href="../redis/counter.html")


def test_home_stands_without_any_result(small: Small) -> None:
    text = shell.home_document(Site(Book()))
    assert "A system-design book that" in Document(text).text
    assert "scalebook run redis/key-value-cache" in text


def test_the_chapter_shows_pages_and_what_is_planned(small: Small) -> None:
    site = Site(Book())
    assert "A cache repays the work" in Document(shell.chapter_document("shop", site)).text
    assert "Counter with INCR" in Document(shell.chapter_document("redis", site)).text


def test_messages_are_escaped(small: Small) -> None:
    said = shell.message_document("<b>", ["<i> `code` `open"], Site(Book()))
    assert "<b>" not in said
    assert "&lt;i&gt; <code>code</code> `open" in said


def test_no_engine_comes_with_the_site() -> None:
    code = (
        "import sys; from scalebook.site import announce, build, epub, shell\n"
        "from scalebook.authoring.ledger import make_ledger\n"
        "from scalebook.authoring.plan import make_plan\n"
        "shell._templates()\n"
        "bad = [m for m in sys.modules if m.startswith(('scalebook.engine', 'scalebook.services',"
        " 'scalebook.load', 'psycopg', 'redis', 'sqlalchemy'))]\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
