import json
import random
import subprocess

import pytest

from scalebook.site import shell
from scalebook.site.facts import Facts
from scalebook.site.search import Before, Found, index_script, page_terms, stem, words

WORDS = [
    "caches", "cache", "caching", "cached", "indexes", "indexing", "index", "queries", "query",
    "string", "speed", "process", "b", "naïve", "Straße", "N+1", "p99", "x2s", "ﬁx", "ΑΒΓ",
    "isolation", "İstanbul", "series", "ties", "less", "used", "ring", "99.6", "co-ordinated",
]  # fmt: skip


def page(name: str, title: str = "", takeaway: str = "", tags: str = "", text: str = "") -> Found:
    facts = Facts(f"shop/{name}", title or name, takeaway, tags=tuple(tags.split()))
    return Found(facts, page_terms(facts, (), text))


def in_node(pages: list[Found], expression: str) -> object:
    """What an expression is in node, with the search and its index loaded."""
    script = shell.assets()["search.js"].decode()
    code = f"globalThis.window = globalThis;\n{script}\n{index_script(pages)}\n"
    code += f"console.log(JSON.stringify({expression}));"
    done = subprocess.run(["node"], input=code, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def found(pages: list[Found], query: str) -> list[str]:
    hits = in_node(pages, f"scalebookSearch(scalebookIndex, {json.dumps(query)})")
    assert isinstance(hits, list)
    return [hit["href"].removeprefix("shop/").removesuffix(".html") for hit in hits]


def test_words_are_folded_and_stemmed() -> None:
    assert words("Naïve B-trees, N+1 & 99.6 %") == ["naive", "b", "trees", "n", "1", "99", "6"]
    assert {stem(word) for word in ("cache", "caches", "cached", "caching")} == {"cach"}
    assert {stem(word) for word in ("index", "indexes", "indexing")} == {"index"}
    assert stem("queries") == stem("query")
    assert stem("string") == "string"
    assert stem("x2s") == "x2s"


@pytest.mark.requires("node")
def test_both_sides_cut_words_alike() -> None:
    ours = [[stem(word) for word in words(text)] for text in WORDS]
    theirs = in_node([], f"{json.dumps(WORDS)}.map(scalebookSearch.words)")
    assert theirs == ours


@pytest.mark.requires("node")
def test_a_title_outweighs_a_tag_a_takeaway_and_the_text() -> None:
    pages = [
        page("text", text="lock " * 50),
        page("takeaway", takeaway="a lock, a lock"),
        page("tag", tags="lock"),
        page("title", title="The lock"),
        page("other", text="nothing"),
    ]
    assert found(pages, "lock") == ["title", "tag", "takeaway", "text"]
    assert found(pages, "LOCKS") == found(pages, "locking") == found(pages, "lock")


@pytest.mark.requires("node")
def test_more_often_is_better_within_a_field() -> None:
    pages = [page("once", text="lock"), page("often", text="lock " * 9)]
    assert found(pages, "lock") == ["often", "once"]


@pytest.mark.requires("node")
def test_the_last_word_may_be_begun_and_all_words_must_be_there() -> None:
    pages = [
        page("both", text="a distributed lock"),
        page("one", text="a lock"),
        page("none", text="a queue"),
    ]
    assert found(pages, "distributed lo") == ["both"]
    assert found(pages, "distr lock") == []
    assert found(pages, "lo") == ["both", "one"]
    assert found(pages, "caching") == []
    assert found([page("c", text="caching")], "cachin") == ["c"]
    assert found([page("c", text="caching")], "cachi") == ["c"]


@pytest.mark.requires("node")
@pytest.mark.parametrize("query", ["", "  ", "?!", "constructor", "__proto__", "\u2028", '"', "\\"])
def test_odd_queries_find_nothing(query: str) -> None:
    assert found([page("a", title='A "quoted" \u2028 title', text="words")], query) == []


@pytest.mark.requires("node")
def test_a_page_whose_whole_title_is_typed_comes_first() -> None:
    pages = [page("long", title="Read replicas and read models, read"), page("it", title="Read")]
    assert found(pages, "read")[0] == "it"


@pytest.mark.requires("node")
def test_gaps_between_many_pages_are_read_back() -> None:
    rare = (0, 40, 1400)
    pages = [page(f"p{n}", title="x", text="rare" if n in rare else "") for n in range(1500)]
    assert found(pages, "rare") == ["p0", "p40", "p1400"]
    assert in_node(pages, "scalebookSearch(scalebookIndex, 'x', 7).length") == 7


def test_the_index_is_one_classic_script() -> None:
    script = index_script([page("a", title="</script> \u2028")])
    assert script.startswith("window.scalebookIndex={")
    assert "\u2028" not in script


def test_an_index_that_is_brought_up_to_date_is_as_if_made_anew() -> None:
    dice = random.Random(3)
    before = [page(f"p{n}", text=" ".join(dice.choices("abcdefghij", k=5))) for n in range(60)]
    after = list(before)
    for n in (0, 7, 59):
        after[n] = page(f"p{n}", title=f"new {n}", text=" ".join(dice.choices("abcxyz", k=4)))
    known = Before(index_script(before), [p.facts.id for p in before], [p.terms for p in before])
    assert index_script(after, known) == index_script(after)
    assert index_script(after[:-1], known) == index_script(after[:-1])
    assert index_script([], Before(index_script([]), [], [])) == index_script([])
