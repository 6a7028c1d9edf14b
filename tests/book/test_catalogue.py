from pathlib import Path

import pytest

from scalebook.book.catalogue import load_catalogue, read
from scalebook.errors import HarnessError


def test_it_holds_the_whole_plan() -> None:
    entries = load_catalogue().entries
    assert sorted(load_catalogue().by_number) == list(range(1, 101))
    assert sum(entry.system for entry in entries) == 17
    assert sum(bool(entry.article) for entry in entries) == 124
    assert len(load_catalogue().by_id) == len(entries)


def test_an_entry_says_what_was_published() -> None:
    entry = load_catalogue().by_number[10]
    assert (entry.id, entry.chapter, entry.name) == (
        "redis/hyperloglog",
        "redis",
        "hyperloglog",
    )
    assert entry.claim is not None
    assert entry.claim.text == "99.6% memory savings"
    assert (entry.claim.metric, entry.claim.value) == ("saving", 0.996)


def test_an_article_may_be_filed_elsewhere_in_the_plan() -> None:
    by_id = load_catalogue().by_id
    assert by_id["apis/grpc"].article == "microservices/rest-vs-grpc"
    assert by_id["databases/sharding"].article == "databases/sharding"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chapters: {a: {b: {title: B, lab: 1}, b: {title: C, lab: 2}}}", "'b' is there twice"),
        ("chapters: {a: {b: {title: B, lab: 1}, c: {title: C, lab: 1}}}", "twice as lab: 1"),
        ("chapters: {a: {b_c: {title: B, lab: 1}}}", "is not an id"),
        ("chapters: {a: {b: {title: B}}}", "neither lab, article nor system"),
        ("chapters: {a: {b: {title: B, lab: 1, labb: 2}}}", "unknown labb"),
        ("chapters: {a: {b: {lab: 1}}}", "no title"),
        (
            "chapters: {a: {b: {title: B, lab: 1, claim: {text: fast, metric: pace}}}}",
            "no metric is called 'pace'",
        ),
        ("chapters: {", "expected"),
    ],
)
def test_a_wrong_catalogue_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(f"targets: {{}}\n{text}\n")
    with pytest.raises(HarnessError, match=said) as caught:
        read(path)
    assert str(path) in caught.value.what
