from xml.etree import ElementTree

import pytest

from scalebook.site.xhtml import SIGNS, xhtml

NUMBER = (
    '<p>It is <a class="num" href="#run-1" aria-label="9×, measured" aria-describedby="e1">9×'
    '<span class="evidence" id="e1" role="tooltip"><b>9×</b><svg width="100%" height="14">'
    '<line class="whisk" x1="1%"/></svg>CacheAside<br />twelve pairs</span></a> &amp; more.</p>'
)


def parsed(html: str) -> ElementTree.Element:
    text, _ = xhtml(html)
    return ElementTree.fromstring(f'<div xmlns:epub="e">{text}</div>')


def test_an_evidence_card_becomes_a_note() -> None:
    text, (note,) = xhtml(NUMBER)
    assert note.id == "e1"
    assert ElementTree.fromstring(f"<p>{note.html}</p>").find("b") is not None
    link = parsed(NUMBER).find(".//a")
    assert link is not None
    assert link.get("href") == "#e1"
    assert link.get("id") == "ref-e1"
    assert link.text == "9×"
    assert "CacheAside" not in text
    assert "&amp; more." in text


def test_a_computed_number_gets_its_note_too() -> None:
    html = NUMBER.replace('<a class="num" href="#run-1"', '<span class="modelled" role="note"')
    text, notes = xhtml(html.replace("</span></a>", "</span></span>"))
    assert len(notes) == 1
    assert 'href="#e1"' in text
    assert "role=" not in text


@pytest.mark.parametrize("use", ['<use href="#never"/>', '<use href="#never"></use>'])
def test_signs_become_characters(use: str) -> None:
    html = f'<span class="verdict never"><svg class="g" aria-hidden="true">{use}</svg>never</span>'
    assert "".join(parsed(html).itertext()) == f"{SIGNS['never']}never"


def test_pictures_keep_their_capitals_and_get_colours() -> None:
    html = (
        '<figure><svg height="9" viewBox="0 0 1 1"><svg preserveAspectRatio="none">'
        '<path stroke="var(--broken)" d="M0 0"/></svg></svg></figure>'
    )
    outer = next(iter(parsed(html).iter("{http://www.w3.org/2000/svg}svg")))
    assert outer.get("viewBox") == "0 0 1 1"
    assert outer.get("width") == "100%"
    inner = outer[0]
    assert inner.get("preserveAspectRatio") == "none"
    assert inner[0].get("stroke") == "#b42318"


def test_nothing_that_is_operated_is_left() -> None:
    html = (
        '<figure class="code wide"><button class="copy" data-copy hidden>Copy</button>'
        '<pre tabindex="0"><code>x</code></pre></figure>'
        '<div class="scrub" data-for="p1"><label>a</label><input type="range"><output>b</output>'
        '</div><div class="tabs"><input type="radio" checked><label>A</label>'
        '<section class="tab" aria-label="Redis"><p>one</p></section></div>'
        "<details><summary>Why?</summary><p>So.</p></details><script>x</script>"
    )
    root = parsed(html)
    tags = {element.tag for element in root.iter()}
    assert tags == {"div", "figure", "pre", "code", "section", "h4", "p"}
    assert "".join(root.itertext()) == "xRedisoneWhy?So."
    assert all(set(element.attrib) <= {"class"} for element in root.iter())
