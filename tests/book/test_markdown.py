"""Markdown: headings, links, footnotes, tables, diagrams and images."""

from typing import Any

import pytest

Shop = Any


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("## A b, c! {#x}", '<h2 id="x">A b, c!</h2>'),
        ("## A b, c!", '<h2 id="a-b-c">A b, c!</h2>'),
        (
            "### `Code` and {{claim}}",
            '<h3 id="code-and"><code>Code</code> and <span class="claim',
        ),
        ('"Quoted"', "<p>“Quoted”</p>"),
        ("a<br>b & c", "a&lt;br&gt;b &amp; c"),
        ("~~gone~~", "<s>gone</s>"),
        ("one\\\ntwo", "one<br />\ntwo"),
        ("[[shop/notes]]", '<a class="unit" href="../shop/notes.html">Notes</a>'),
        ("[[redis/streams|streams]]", 'streams <span class="planned">planned</span>'),
        ("[[redis/streams]]", "Event sourcing with Redis Streams <span"),
        ("| a |\n|:-:|\n| b |", '<th class="c">a</th>'),
        ("| a | b |\n|-|-:|\n| c | [[shop/notes\\|n]] |", '<td class="r"><a class="unit"'),
        ("[x](javascript:alert)", "<p>[x](javascript:alert)"),
        ("```python\nif x:  # so\n    return 'a'\n```", '<b class="k">if</b> x:  <em># so</em>'),
        ("```nonsense\na < b\n```", '<span class="ln">a &lt; b\n</span>'),
        (
            "a[^1]\n\n[^1]: Note {{setting TTL}}.",
            '<li id="fn1" class="footnote-item"><p>Note <span',
        ),
        ("so [@nishtala].", '<p>so<sup class="cite">'),
        ("so\n[@nishtala].", '<p>so<sup class="cite">'),
        ("\\{{ratio}}", "<p>{{ratio}}"),
    ],
)
def test_markdown(shop: Shop, body: str, html: str) -> None:
    page = shop.with_text(body)
    assert page.faults == ()
    assert html in page.html


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ("# Title", 0, "begin with ##"),
        ("## A {#a}\n\n## B {#a}", 2, "'a' is there twice"),
        ("![](picture.svg)", 0, "no alternative text"),
        ("text\n![a](nowhere.svg)", 0, "no image 'nowhere.svg' is here"),
        ("![a](../notes/article.md)", 0, "put it in the unit's folder"),
        ("a\n\n```mermaid\ngraph TD\n```", 2, "a diagram without a title"),
        ('a\n\n```mermaid title="T"\nnonsense\n```', 2, ""),
        ("- a\n- b {{ratio at=7}}", 1, "nothing was measured at 7"),
        ("> a\n> {{ratio at=7}}", 1, "nothing was measured at 7"),
        ("| a |\n|-|\n| {{ratio at=7}} |", 2, "nothing was measured at 7"),
        ("a[^1]\n\n[^1]: {{ratio at=7}}", 2, "nothing was measured at 7"),
        ("a *b\n{{ratio\nat=7}}* c", 1, "nothing was measured at 7"),
        ("[a\n{{ratio at=7}}](https://example.com/)", 1, "nothing was measured at 7"),
    ],
)
def test_a_fault_and_its_line(shop: Shop, first_line: int, body: str, line: int, said: str) -> None:
    (fault,) = shop.with_text(body).faults
    assert fault.line == first_line + line
    assert said in str(fault)


def test_an_image_of_the_units_folder(shop: Shop) -> None:
    (shop.folder / "plan.svg").write_text("<svg/>")
    page = shop.with_text("![The plan & more](plan.svg)")
    assert page.faults == ()
    assert page.images == ("plan.svg",)
    assert '<img src="cache/plan.svg" alt="The plan &amp; more" />' in page.html


def test_a_diagram_has_its_title(shop: Shop) -> None:
    html = shop.render().html
    assert '<figure class="wide diagram"><p class="fig-title">What a miss does</p>' in html
    assert "<svg" in html
