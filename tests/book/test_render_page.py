"""A whole page: what the renderer gives to the site."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

Shop = Any


def test_a_whole_page_has_no_fault(shop: Shop) -> None:
    page = shop.render()
    assert page.faults == ()
    assert [(entry.id, entry.title) for entry in page.toc] == [
        ("pain", "The same sum, again"),
        ("idea", "The idea"),
        ("code", "The code"),
        ("measured", "Measured"),
    ]
    assert page.headings == tuple(entry.title for entry in page.toc)
    assert page.bound == 8
    assert page.minutes == 1
    assert 60 < page.words < 200


def test_the_html_is_xml_without_styles(shop: Shop) -> None:
    for unit in ("shop/cache", "shop/notes"):
        page = shop.render(unit)
        whole = f"<div>{page.html}{page.questions_html}</div>"
        ElementTree.fromstring(whole)
        assert " style=" not in whole
        assert "<script" not in whole
        assert set(re.findall(r"&(\w+);", whole)) <= {"amp", "lt", "gt", "quot"}


def test_a_number_carries_its_evidence(shop: Shop) -> None:
    html = shop.render().html
    assert '<a class="num" href="#run-8f3c2a" aria-label="0.86 ms, measured, interval 0.77' in html
    card = re.search(r'<span class="evidence" id="(e\d+)" role="tooltip">(.*?)</span></a>', html)
    assert card is not None
    assert f'aria-describedby="{card[1]}"' in html
    for said in (
        "Plain, read median at 1,000 rows",
        "95 % interval, 12 trials",
        "run 8f3c2a",
        "2-core Model 1, Linux x86_64",
        "imposed capacity: pg",
    ):
        assert said in card[2]


def test_the_card_of_a_noisy_machine_says_so(shop: Shop) -> None:
    assert "noisy machine" not in shop.render().html
    shop.change(noisy=True)
    assert "noisy machine" in shop.render().html


def test_plain_text_holds_the_numbers_and_no_markup(shop: Shop) -> None:
    text = shop.render().text
    assert "A read costs 0.86 ms, and a copy 9.4× less" in text
    assert "True from 260 rows" in text
    assert "Why delete the copy?" in text
    assert "interval" not in text
    assert "<" not in text


def test_predict(shop: Shop) -> None:
    asked = shop.render().predict
    assert asked is not None
    assert (asked.value, asked.dial_low, asked.dial_high) == (9.4, 1, 100)
    assert asked.low == pytest.approx(9.4 / 1.05)
    assert asked.unit == "times faster"
    assert "9.4×" in asked.answer_html
    assert asked.claim is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('"about 9"', "the answer is no binding"),
        ('"{{ratio at=7}}"', "nothing was measured at 7"),
        ('"{{setting KEEPER}}"', "the answer is no number"),
        ('"{{ratio at=10}} {{ratio at=10}}"', "the answer is no binding"),
    ],
)
def test_a_wrong_answer_is_a_fault_on_its_line(shop: Shop, answer: str, said: str) -> None:
    text = shop.article.read_text().replace('answer: "{{ratio at=1000}}"', f"answer: {answer}")
    shop.article.write_text(text)
    page = shop.render()
    line = text.split("\n").index(f"  answer: {answer}") + 1
    assert page.predict is None
    assert [(fault.line, said in fault.message) for fault in page.faults] == [(line, True)]


def test_questions(shop: Shop) -> None:
    html = shop.render().questions_html
    assert html.count("<details>") == 3
    assert "<summary>Why delete the copy?</summary>" in html
    assert "<dt>Follow-up</dt><dd>And then?</dd>" in html
    assert "Red flag</dt>" in html
    assert '<a class="num"' in html


def test_a_fault_in_a_question_is_on_its_line(shop: Shop) -> None:
    text = shop.article.read_text().replace("Because {{ratio at=1000}}", "Because {{ratio at=7}}")
    shop.article.write_text(text)
    line = next(i for i, row in enumerate(text.split("\n"), 1) if "at=7" in row)
    assert [fault.line for fault in shop.render().faults] == [line]


def test_sources_stand_in_the_order_of_citation(shop: Shop) -> None:
    page = shop.render()
    assert [(entry.number, entry.id) for entry in page.sources] == [
        (1, "source-nishtala"),
        (2, "source-rumour"),
    ]
    first, second = (entry.html for entry in page.sources)
    assert "R. Nishtala: Scaling Memcache. <cite>USENIX</cite>" in first
    assert "unverified" not in first
    assert '<span class="unverified">unverified</span>' in second
    assert 'href="https://example.com/talk?a=1&amp;b=2"' in second
    assert '<a href="#source-rumour" aria-label="source 2">2</a>' in page.html


def test_a_source_that_is_never_cited_is_a_fault(shop: Shop) -> None:
    text = shop.article.read_text()
    extra = '  - {key: spare, title: T, publisher: P, date: "2001", url: "https://example.com/"}\n'
    shop.article.write_text(text.replace("users:\n", f"{extra}users:\n"))
    (fault,) = shop.render().faults
    assert (fault.rule, "'spare' is never cited" in fault.message) == ("uncited", True)
    assert shop.article.read_text().split("\n")[fault.line - 1].startswith("  - {key: spare")


def test_a_page_without_a_lab_quotes_another(shop: Shop) -> None:
    page = shop.render("shop/notes")
    assert page.faults == ()
    assert 'href="../shop/cache.html#run-8f3c2a"' in page.html
    assert '<a class="unit" href="../shop/cache.html">the cache</a>' in page.html
    assert page.predict is None
