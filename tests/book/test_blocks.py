"""Blocks: what each shows, and what is wrong with one, at its line."""

from typing import Any

import pytest

Shop = Any


@pytest.mark.parametrize(
    ("block", "html"),
    [
        ("verdict", 'class="plate"'),
        ("curve\ntitle: T", "<svg"),
        ("bars at=1000\ntitle: T", "Plain"),
        ("bars at=1000 op=read stat=throughput\ntitle: T", "12,300/s"),
        ("bars at=1000 stat=memory\ntitle: T", "16.4"),
        ("ratios at=1000\ntitle: T", "9.4×"),
        ("percentiles at=1000 op=read\ntitle: T", "p99"),
        ("percentiles at=10 op=read trial=pause\ntitle: T", "<svg"),
        ("timeline\ntitle: T", "<svg"),
        ("timeline variant=Cached trial=pause op=read at=10\ntitle: T", "pause"),
        ('witness Cached "never stale"\ntitle: T', "reader"),
        ("witness Cached at=10\ntitle: T", "writer"),
        ("promises", "ever stale"),
        ("explain Plain read at=10\ntitle: T", "Seq Scan"),
        ("counters at=10", "buffers"),
        ("table op=read stat=median", "<table"),
        ("table figure=memory", "16"),
        ("code Plain.read", "self.db.get(key)"),
        ("code SCRIPT", "redis.call"),
        ("model", "40,000 views/s"),
        ("users", "<li><b>Facebook</b>, 2013: A cache before MySQL.<sup"),
    ],
)
def test_what_a_block_shows(shop: Shop, block: str, html: str) -> None:
    page = shop.with_text(f"## A {{#a}}\n\n::: {block}\n:::\n\nEnd.")
    assert page.faults == ()
    assert html in page.html
    assert "End.</p>" in page.html


def test_title_sub_and_caption(shop: Shop) -> None:
    page = shop.with_text(
        "::: curve\ntitle: True: from {{crossing}}\nsub: one line\n  and another\n---\n"
        "A *caption*.\n:::\n"
    )
    assert page.faults == ()
    assert '<figure class="wide"><p class="fig-title">True: from <a class="num"' in page.html
    assert '<p class="fig-sub">one line and another</p>' in page.html
    assert "<figcaption>A <em>caption</em>.</figcaption></figure>" in page.html


def test_options_without_a_rule_and_a_body_without_options(shop: Shop) -> None:
    page = shop.with_text("::: promises\ntitle: Kept\n:::\n\n::: promises\nA caption: here.\n:::\n")
    assert page.faults == ()
    assert '<p class="fig-title">Kept</p>' in page.html
    assert "<figcaption>A caption: here.</figcaption>" in page.html


def test_admonitions(shop: Shop) -> None:
    page = shop.with_text("::: warning\nBeware.\n:::\n\n::: note\nBeside.\n:::\n")
    assert '<aside class="admonition warning" aria-label="Warning">' in page.html
    assert '<p class="aside-title">Warning</p><p>Beware.</p>' in page.html
    assert '<aside class="note" aria-label="Note"><p>Beside.</p>' in page.html


def test_tabs_hold_blocks_and_fences(shop: Shop) -> None:
    page = shop.with_text(
        "::: tabs\n=== Redis & more\n```\n=== no tab\n:::\n```\n=== SQL\n"
        "::: code Plain.read\n:::\n:::\n\nEnd."
    )
    assert page.faults == ()
    assert '<section class="tab" aria-label="Redis &amp; more">' in page.html
    assert page.html.count('checked="checked"') == 1
    assert '<input class="sr" type="radio" name="tabs1" id="tabs1-2" />' in page.html
    assert '<label for="tabs1-2">SQL</label>' in page.html
    assert '<section class="tab" aria-label="SQL"><figure class="code wide">' in page.html
    assert "=== no tab" in page.html
    assert "End.</p>" in page.html


def test_before_and_after(shop: Shop) -> None:
    fence = '```mermaid title="{}"\nsequenceDiagram\n  A->>B: GET\n```\n'
    page = shop.with_text(
        f"::: before-after\ntitle: Two\n---\n{fence.format('Before')}\n{fence.format('After')}\n"
        "One {{claim}}.\n:::\n"
    )
    assert page.faults == ()
    assert '<div class="pair"><div><p class="fig-title">Before</p>' in page.html
    assert '<figcaption>One <span class="claimed"' in page.html


def test_blocks_inside_lists_and_quotes(shop: Shop) -> None:
    page = shop.with_text("- a\n\n  ::: code Plain.read\n  :::\n\n> ::: tip\n> b\n> :::\n")
    assert page.faults == ()
    assert page.html.count("<figure") == 1
    assert "<blockquote>\n<aside" in page.html


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        (":::", 0, "::: closes nothing"),
        ("::: curve\ntitle: T", 0, "is not closed"),
        ("a\n\n::: curve\n:::", 2, "curve has no title"),
        ("::: curv\n:::", 0, "did you mean curve"),
        ("::: curve\ntitle: T\ntitel: U\n---\n:::", 0, "no option 'titel'"),
        ("::: curve\ntitle: T\ntitle: U\n:::", 0, "title: is there twice"),
        ("::: curve at=10\ntitle: T\n:::", 0, "no option 'at'"),
        ("::: curve X\ntitle: T\n:::", 0, "wrong number of arguments"),
        ("::: curve\ntitle: T\nsub: {{ratio at=7}}\n:::", 2, "nothing was measured at 7"),
        ("::: curve\ntitle: T\n---\na\n{{ratio at=7}}\n:::", 4, "nothing was measured at 7"),
        ("::: curve\ntitle: T\nunit: shop/nothing\n:::", 2, "no unit is called"),
        ("::: bars\ntitle: T\n:::", 0, "which point"),
        ("::: bars at=10 op=write\ntitle: T\n:::", 0, "no operation is called 'write'"),
        ("::: bars at=10 stat=mode\ntitle: T\n:::", 0, ""),
        ("::: ratios at=10 technique=X\ntitle: T\n:::", 0, "no variant is called 'X'"),
        ("::: percentiles at=10 trial=kill\ntitle: T\n:::", 0, "kill"),
        ("::: timeline trial=kill\ntitle: T\n:::", 0, "there is pause"),
        ("::: timeline variant=X\ntitle: T\n:::", 0, "no variant in trial 'pause'"),
        ("::: timeline show=x\ntitle: T\n:::", 0, "latency"),
        ("::: witness\ntitle: T\n:::", 0, 'write ::: witness Variant ["promise"]'),
        ("::: witness Plain\ntitle: T\n:::", 0, "there is Cached"),
        ('::: witness Cached "x"\ntitle: T\n:::', 0, "there is never stale"),
        ("::: witness Cached at=1000\ntitle: T\n:::", 0, "was not caught at 1000"),
        ("::: explain Plain write at=10\ntitle: T\n:::", 0, "there is read"),
        ("::: table figure=x\n:::", 0, "x"),
        ("::: code\n:::", 0, "code names no symbol"),
        ("::: code Plain.write\n:::", 0, "no member of Plain is called 'write'"),
        ("::: code Plane\n:::", 0, "did you mean 'Plain'"),
        ("::: code Plane.read\n:::", 0, "no class of the lab"),
        ("::: code Plain unit=shop/notes\n:::", 0, "shop/notes has no lab"),
        ("::: tabs\nno tab\n:::", 0, "begin with a line ==="),
        ("::: before-after\nno\n:::", 0, "holds two mermaid fences"),
        ("::: note\nstyle: x\n---\n:::", 0, "no option 'style'"),
        ('::: witness "Cached\n:::', 0, "mend the quotes"),
    ],
)
def test_a_mistake_in_a_block(shop: Shop, first_line: int, body: str, line: int, said: str) -> None:
    page = shop.with_text(f"{body}\n")
    (fault,) = page.faults
    assert fault.line == first_line + line
    assert said in str(fault)
    assert '<span class="fault">' in page.html


def test_a_picture_that_a_result_cannot_feed_is_a_fault(shop: Shop, first_line: int) -> None:
    shop.change(counterexamples=[], checks=[], timelines=[], points=[])
    page = shop.with_text(
        "::: curve\ntitle: T\n:::\n\n::: timeline\ntitle: T\n:::\n\n::: promises\n:::\n"
    )
    lines = {fault.line - first_line for fault in page.faults}
    assert {0, 4, 8} <= lines
