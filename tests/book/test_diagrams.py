"""Mermaid as inline SVG: sound, themed by classes, kept by content, robust against mistakes."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalebook.book import diagrams
from scalebook.book.diagrams import DiagramCache, DiagramError, sanitise

SVG = "{http://www.w3.org/2000/svg}"
SOURCES = {
    "flow": "flowchart LR\n  A[application] -->|95 of 100| R[(Redis)]\n  A -.->|miss| P[(DB)]\n"
    "  subgraph g [a group]\n    P\n  end\n  style A fill:#f9f,stroke:#333\n"
    '  classDef hot fill:#f00\n  class P hot\n  click A href "javascript:alert(1)"\n',
    "sequence": "sequenceDiagram\n  participant A as reader\n  A->>D: GET 7\n  D-->>A: miss\n"
    "  Note over A,D: dropped\n  alt alive\n    A-xD: no\n  end\n",
    "state": "stateDiagram-v2\n  [*] --> Closed\n  Closed --> Open: 5 failures\n",
    "er": "erDiagram\n  PRODUCT ||--o{ REVIEW : has\n  PRODUCT {\n    int id PK\n  }\n",
    "class": "classDiagram\n  Client <|-- Cache\n  Client : +read()\n",
}


@pytest.fixture
def cache(tmp_path: Path) -> DiagramCache:
    return DiagramCache(tmp_path / "diagrams")


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_is_sound(cache: DiagramCache, kind: str) -> None:
    markup = cache.svg(SOURCES[kind], "What it <shows>", "d1")
    root = ElementTree.fromstring(markup)
    assert root.get("role") == "img"
    name, dressed, width = (root.get("class") or "").split()
    assert (name, dressed) == ("mermaid", f"kind-{kind}")
    assert width == f"w{round(int(root.get('width') or 0) / 100)}"
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == "What it <shows>"
    assert root.get("aria-labelledby") == title.get("id")
    for element in root.iter():
        assert element.tag.startswith(SVG)
        assert element.tag.removeprefix(SVG) not in ("style", "script", "foreignObject", "a")
        for name, value in element.attrib.items():
            assert name not in ("style", "fill", "stroke", "href", "filter"), name
            assert not name.startswith(("on", "data-"))
            assert "#f9f" not in value
    assert "javascript" not in markup


@pytest.mark.parametrize("kind", SOURCES)
def test_ids_are_its_own_and_what_it_refers_to_is_there(cache: DiagramCache, kind: str) -> None:
    both = cache.svg(SOURCES[kind], "x", "one") + cache.svg(SOURCES[kind], "x", "two")
    root = ElementTree.fromstring(f"<r>{both}</r>")
    ids = [name for element in root.iter() if (name := element.get("id"))]
    assert len(ids) == len(set(ids))
    assert all(name.startswith(("one-", "two-")) for name in ids)
    for element in root.iter():
        for value in element.attrib.values():
            if value.startswith("url(#"):
                assert value[5:-1] in ids


def test_words_survive(cache: DiagramCache) -> None:
    said = "".join(ElementTree.fromstring(cache.svg(SOURCES["flow"], "x", "d")).itertext())
    for words in ("application", "95 of 100", "Redis", "a group"):
        assert words in said


def test_labels_of_edges_have_their_class_and_dashes_stay(cache: DiagramCache) -> None:
    markup = cache.svg(SOURCES["flow"], "x", "d")
    assert "m-edge-label" in markup
    assert "m-cluster-name" in markup
    assert "stroke-dasharray" in cache.svg(SOURCES["sequence"], "x", "d")


def test_a_kept_diagram_is_not_drawn_again(
    cache: DiagramCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cache.svg(SOURCES["flow"], "x", "d")

    def never(_: str) -> str:
        raise AssertionError("drawn again")

    monkeypatch.setattr(diagrams, "_draw", never)
    assert cache.svg(SOURCES["flow"], "x", "d") == first
    assert cache.svg(SOURCES["flow"], "y", "e") != first
    with pytest.raises(AssertionError, match="drawn again"):
        cache.svg(SOURCES["flow"] + "  A --> Z\n", "x", "d")


def test_a_damaged_cache_costs_time_only(cache: DiagramCache, tmp_path: Path) -> None:
    first = cache.svg(SOURCES["flow"], "x", "d")
    for file in (tmp_path / "diagrams").iterdir():
        file.write_bytes(b"\xff\xfe broken")
    assert cache.svg(SOURCES["flow"], "x", "d") == first
    (tmp_path / "file").write_text("not a folder")
    assert DiagramCache(tmp_path / "file").svg(SOURCES["flow"], "x", "d") == first


def test_the_user_s_cache_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path))
    DiagramCache().svg(SOURCES["state"], "x", "d")
    assert len(list((tmp_path / "diagrams").glob("*.svg"))) == 1


@pytest.mark.parametrize(
    ("source", "title", "id", "says"),
    [
        ("", "x", "d", "empty"),
        ("%% only a remark\n", "x", "d", "empty"),
        ("pie title x\n", "x", "d", "no diagram of this book"),
        ("gantt\n", "x", "d", "no diagram of this book"),
        ("flowchart LR\n A --> [", "x", "d", "Unterminated node label"),
        ("flowchart LR\n A --> B", " ", "d", "without a title"),
        ("flowchart LR\n A --> B", "x", "1 2", "no id"),
        ("flowchart LR\n" + "A --> B\n" * 5000, "x", "d", "characters"),
    ],
)
def test_mistakes_are_told_with_a_remedy(
    cache: DiagramCache,
    source: str,
    title: str,
    id: str,  # noqa: A002
    says: str,
) -> None:
    with pytest.raises(DiagramError, match=says) as caught:
        cache.svg(source, title, id)
    assert caught.value.remedy


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(diagrams.KINDS)), st.text(max_size=80))
def test_whatever_is_written_it_is_drawn_or_refused(
    tmp_path_factory: Any, kind: str, rest: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    try:
        markup = DiagramCache(folder).svg(f"{kind}\n  A --> B\n  {rest}", "x", "d")
    except DiagramError:
        return
    ElementTree.fromstring(markup)
    assert " style=" not in markup


def test_a_planted_style_is_taken_out() -> None:
    clean = sanitise(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><style>*{}</style>'
        '<script>x</script><g onclick="x"><rect style="fill:red;stroke-dasharray:3, 3" '
        'fill="#123" class="note"/></g><g/></svg>'
    )
    assert clean == (
        '<svg viewBox="0 0 10 10" width="10" height="10"><g><rect stroke-dasharray="3, 3" '
        'class="m-note" /></g></svg>'
    )
    with pytest.raises(DiagramError, match="well-formed"):
        sanitise("<svg><g></svg>")


def test_an_author_may_set_the_spacing(cache: DiagramCache) -> None:
    source = SOURCES["sequence"]
    wide = cache.svg("%%{init: {'sequence': {'actorMargin': 200}}}%%\n" + source, "x", "d")
    narrow = cache.svg(source, "x", "d")
    assert int(ElementTree.fromstring(wide).get("width") or 0) > 100 + int(
        ElementTree.fromstring(narrow).get("width") or 0
    )
