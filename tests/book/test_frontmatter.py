"""The front matter: every fault is found, at the line of its key."""

from pathlib import Path
from typing import Any

import pytest

from scalebook.book.faults import PageError
from scalebook.book.page import Book

Shop = Any


def faults_with(shop: Shop, old: str, new: str) -> PageError:
    text = shop.article.read_text()
    assert old in text
    shop.article.write_text(text.replace(old, new, 1))
    with pytest.raises(PageError) as caught:
        shop.render()
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("title: Cache\n", "", 1, "title is missing"),
        ("title: Cache", "titel: Cache", 2, "did you mean title"),
        ("title: Cache", "title: 1984", 2, "put it in quotes"),
        ("takeaway: A", f"takeaway: {'long ' * 30}A", 3, "at most 140 characters"),
        ("difficulty: working", "difficulty: hard", 5, "'first steps', 'working' or 'deep'"),
        ("tags: [cache]", "tags: []", 6, "at least 1 item"),
        ("[shop/notes]", "[notes]", 7, "'notes' is no id of a unit"),
        ("[shop/notes]", "[shop/nothing]", 7, "no unit is called 'shop/nothing'"),
        ("[redis/counter]", "[redis/counters]", 8, "no unit is called 'redis/counters'"),
        ("key: nishtala", "key: Nish tala", 10, "is no key"),
        ('date: "2013"', "date: 2013", 14, "put it in quotes"),
        ('date: "2013"', 'date: "13 May"', 14, "is no date such as 2013"),
        ("url: https://www", "url: www", 15, "is no address"),
        ("  - key: rumour", "  - key: nishtala", 16, "source 'nishtala' again"),
        ("unverified: true", "unverified: perhaps", 21, "valid boolean"),
        ("    source: nishtala", "    source: nobody", 24, "no source has the key 'nobody'"),
        ("  low: 1", "  low: 500", 27, "low must be less than high"),
        ("  low: 1", "  low: -1", 30, "greater than 0"),
        (", why: a large shop", "", 34, "says `why`, or names a `source`"),
        ("source: rumour}", "source: nobody}", 35, "no source has the key 'nobody'"),
        ("  views:", "  Views:", 34, "has a wrong form"),
        ("  - {ask: Two?, answer: Two.}\n", "", 36, "at least 3 items"),
        ("{ask: Two?, answer: Two.}", "{ask: Two?}", 41, "questions.2.answer is missing"),
        ("{ask: Two?, answer", "{ask: Two?, awnser", 41, "did you mean answer"),
        ("summary: What", "summary: What: a", 4, "mapping values are not allowed"),
        ("tags: [cache]", "tags: [cache]\ntags: [again]", 7, "'tags' is there twice"),
        ("tags: [cache]", "tags: [cache]\nbacking: Numbers.", 7, "a page without a lab"),
        ("questions:", "questions: {a: 1}\nx:", 36, "valid list"),
    ],
)
def test_a_fault_is_found_at_its_line(shop: Shop, old: str, new: str, line: int, said: str) -> None:
    error = faults_with(shop, old, new)
    found = [(fault.line, str(fault)) for fault in error.faults]
    assert any(at == line and said in text for at, text in found), found
    assert {fault.file for fault in error.faults} == {shop.article}
    assert error.exit_status == 1


def test_all_faults_are_told_at_once(shop: Shop) -> None:
    text = shop.article.read_text()
    shop.article.write_text(
        text.replace("title:", "titel:", 1).replace("tags: [cache]", "tags: []")
    )
    with pytest.raises(PageError, match=r"and 2 more") as caught:
        shop.render()
    assert [fault.line for fault in caught.value.faults] == [1, 2, 6]


def test_a_page_without_a_lab_says_what_backs_it(shop: Shop) -> None:
    shop.lab.unlink()
    text = shop.article.read_text()
    shop.article.write_text(text)
    with pytest.raises(PageError) as caught:
        shop.render()
    said = [fault.message for fault in caught.value.faults]
    assert said == ["backing is missing", "predict needs a lab"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (b"# Hello\n", 1, "no front matter"),
        (b"---\ntitle: x\n", 1, "no front matter"),
        (b"", 1, "no front matter"),
        (b"---\n---\n", 1, "title is missing"),
        (b"---\n- a\n---\n", 1, "valid dictionary"),
        (b"---\ntitle: a\n\xff\n---\n", 3, "not UTF-8"),
        (b"---\ntitle: a\n\x01\n---\n", 1, "control characters"),
        (b"---\ntags: &a [*a]\n---\n", 2, "an alias"),
    ],
)
def test_what_is_no_front_matter(shop: Shop, text: bytes, line: int, said: str) -> None:
    shop.article.write_bytes(text)
    with pytest.raises(PageError) as caught:
        shop.render()
    assert any(fault.line == line and said in str(fault) for fault in caught.value.faults), [
        str(fault) for fault in caught.value.faults
    ]


def test_a_date_needs_quotes_only_where_yaml_takes_it_for_a_number(shop: Shop) -> None:
    text = shop.article.read_text()
    shop.article.write_text(text.replace('"2014-05"', "2014-05-02"))
    assert shop.render().faults == ()


def test_a_page_is_read_again_when_its_file_changes(shop: Shop) -> None:
    book = Book()
    first = book.page("shop/cache")
    assert book.page("shop/cache") is first
    shop.article.write_text(shop.article.read_text().replace("title: Cache", "title: Other"))
    assert book.page("shop/cache").front.title == "Other"


def test_an_edited_lab_is_stale_until_it_is_measured_again(shop: Shop) -> None:
    book = Book()
    result = book.measured("shop/cache")
    shop.lab.write_text(shop.lab.read_text().replace("Every read", "Each read"))
    assert book.measured("shop/cache") is result, "a comment is no code"
    shop.lab.write_text(shop.lab.read_text().replace("TTL = 0.8", "TTL = 0.9"))
    assert {fault.rule for fault in shop.render().faults} == {"stale"}
    shop.write()
    assert shop.render().faults == ()


def test_a_readers_own_run_is_shown_in_place_of_the_reference(shop: Shop, tmp_path: Path) -> None:
    result = Book().measured("shop/cache")
    own = result.model_copy(update={"run": "0123456789ab"})
    book = Book(own={"shop/cache": own})
    assert book.measured("shop/cache").run == "0123456789ab"
    assert [unit.id for unit in book.pages] == ["shop/cache", "shop/notes"]


def test_a_document_without_a_date_is_said_to_have_none(shop: Shop) -> None:
    text = shop.article.read_text()
    assert 'date: "2013"' in text
    shop.article.write_text(text.replace('date: "2013"', "date: undated"))
    rendered = shop.render()
    assert rendered.faults == ()
    (source, *_) = rendered.sources
    assert ", undated. <a" in source.html
