"""What the rules about numbers and sentences take for one, and what they let pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from scalebook.authoring.lint.blocks import blocks_of
from scalebook.authoring.lint.draft import Draft, Drafts
from scalebook.authoring.lint.figures import unbacked_figure
from scalebook.authoring.lint.parts import unwritten
from scalebook.authoring.lint.prose import Prose
from scalebook.authoring.lint.registry import Finding
from scalebook.authoring.lint.repeats import repeated_sentence
from scalebook.authoring.lint.sums import sum_in_prose
from scalebook.authoring.lint.wording import glossary, term
from scalebook.book import Unit
from scalebook.book.catalogue import Entry, PublishedClaim

LAB = 'LAB = Lab(at=("ms of commit latency", [0, 1, 5, 25]))\n'


def draft(tmp_path: Path, text: str, front: str = "title: A page", name: str = "counter") -> Draft:
    """A page of one section with this text; its lab's axis has the points 0, 1, 5 and 25 ms."""
    folder = tmp_path / "redis" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lab.py").write_text(LAB)
    (folder / "article.md").write_text(f"---\n{front}\n---\n\n## A heading {{#idea}}\n\n{text}\n")
    claim = PublishedClaim("500x faster", "speedup", 500)
    entry = Entry(f"redis/{name}", "Counter", claim=claim)
    files = frozenset({"lab.py", "article.md"})
    return Draft.of(Unit(f"redis/{name}", folder, files, entry))


def lines(found: list[Finding]) -> list[int]:
    return [finding.line for finding in found]


UNBACKED = [
    "It takes 3 ms.",
    "It takes 250µs, says somebody.",
    "It is 22x faster.",
    "It is 9.4× as fast.",
    "It is 10 times faster.",
    "It is ten times slower.",
    "A hit rate of 99.5 % is usual.",
    "It serves 12,000 requests per second.",
    "It serves 100k connections.",
    "It serves 3 million readers.",
    "They have 574M users.",
    "They have 4,000 customers.",
    "It handles 500 req/s with ease.",
    "It needs 12 KB.",
    "It costs $40 a month.",
    "It is {{ratio at=5}} here, and 30 % there.",
    "A commit of 7 ms is slow.",
    "Code is free, `5 ms`, but 5 s is not.",
]
FREE = [
    "In 2013 version 9.1 had 3 modes and 4 tables.",
    "A commit of 5 ms is slow.",
    "It takes 3 ms [@paper].",
    "It takes {{stat HotRow median at=5}}, or {{claimed \"40 %\" paper}}.",
    "The 99 % interval is narrow, and p99 is the 99th percentile.",
    "Two users look at 10 pages each, three times.",
    "Run `sleep 5 s` and see [the wait](https://example.com/5ms).",
    "Port 6379 answers 1,000 rows in 16 hash slots.",
    "Repeat it 3 times with 2 users.",
    "The errors 40001s pile up.",
]  # fmt: skip


@pytest.mark.parametrize("text", UNBACKED)
def test_a_typed_figure_is_unbacked(tmp_path: Path, text: str) -> None:
    assert lines(list(unbacked_figure(draft(tmp_path, text)))) == [7]


@pytest.mark.parametrize("text", FREE)
def test_what_has_a_source_or_is_no_figure_passes(tmp_path: Path, text: str) -> None:
    assert list(unbacked_figure(draft(tmp_path, text))) == []


def test_only_the_published_figure_may_stand_where_nothing_can_be_bound(tmp_path: Path) -> None:
    page = draft(tmp_path, "Text.", "title: Is it 500x faster?\nsummary: No, it is 14x faster.")
    assert lines(list(unbacked_figure(page))) == [3]


def test_durations_of_exercises_are_instructions(tmp_path: Path) -> None:
    page = draft(tmp_path, "## Try {#try}\n\nWait 10 minutes; it is 9x faster.")
    assert [finding.message for finding in unbacked_figure(page)] == ["unbacked figure '9x'"]


SUMS = [
    ("12 + 30 = 42", True),
    ("12 + 30 = 44", False),
    ("40 × 25 = 1,000", True),
    ("40 × 25 = 1,100", False),
    ("2 + 3 × 4 = 14", True),
    ("2 + 3 × 4 = 20", False),
    ("100 ms + 0.2 s = 300 ms", True),
    ("1,000 / 8 = 125", True),
    ("1,000 / 8 = 152", False),
    ("1 KB × 1,000 = 1 MB", True),
    ("10 - 4 = 7", False),
    ("12 % of 4,000 is 480", True),
    ("12 % of 4,000 is 520", False),
    ("12 % of 4,100 is about 500", True),
    ("from 800 ms to 200 ms, 4 times", True),
    ("from 800 ms to 200 ms, 8 times", False),
    ("from 10 to 95, 9.5×", True),
    ("from 10 s to 31 s, or about 3 times", True),
    ("from 5 to 10 times", True),
    ("3 × 7 ≈ 20", True),
    ("3 × 7 ≈ 30", False),
]


@pytest.mark.parametrize(("text", "right"), SUMS)
def test_sums_are_worked_out(tmp_path: Path, text: str, right: bool) -> None:
    found = list(sum_in_prose(draft(tmp_path, f"So it is: {text}, they say.")))
    assert lines(found) == ([] if right else [7])


def test_a_sum_with_a_binding_is_left_to_the_model(tmp_path: Path) -> None:
    page = draft(tmp_path, "That is 4 × {{ratio at=5}} = 100, and `2 + 2 = 5`.")
    assert list(sum_in_prose(page)) == []


def test_sentences_end_where_readers_end_them() -> None:
    text = "It is e.g. Redis. “Really?” Yes [@a]. See p. 3, i.e. there.\nNo! `a. B` is one."
    prose = Prose("paragraph", "", tuple(enumerate(text.splitlines(), 10)))
    said = [(sentence.text.strip(), sentence.line()) for sentence in prose.sentences]
    assert said == [
        ("It is e.g. Redis.", 10),
        ("“Really?”", 10),
        ("Yes [@a].", 10),
        ("See p. 3, i.e. there.", 10),
        ("No!", 11),
        ("`a. B` is one.", 11),
    ]


def test_blocks_know_their_lines_and_sections() -> None:
    text = """## Pain {#pain}

A hook
in two lines.

- one
- two
  goes on

::: curve
title: It comes true
sub: "a ratio"
---
A caption.
:::

::: tabs
=== First
Text of a tab.
:::

```python
## no heading
```
| a | b |
### Below
Last."""
    found = [
        (block.kind, block.line, block.section, block.name or block.id or block.lines[0][1])
        for block in blocks_of(list(enumerate(text.splitlines(), 1)))
    ]
    assert found == [
        ("heading", 1, "pain", "pain"),
        ("paragraph", 3, "pain", "A hook"),
        ("item", 6, "pain", "one"),
        ("item", 7, "pain", "two"),
        ("directive", 10, "pain", "curve"),
        ("option", 11, "pain", "title"),
        ("option", 12, "pain", "sub"),
        ("paragraph", 14, "pain", "A caption."),
        ("directive", 17, "pain", "tabs"),
        ("option", 18, "pain", "tab"),
        ("paragraph", 19, "pain", "Text of a tab."),
        ("code", 22, "pain", "## no heading"),
        ("row", 25, "pain", " a | b "),
        ("heading", 26, "pain", "below"),
        ("paragraph", 27, "pain", "Last."),
    ]


def test_a_text_over_several_lines_of_front_matter_keeps_its_lines(tmp_path: Path) -> None:
    front = "questions:\n  - ask: Why?\n    answer: >-\n      Since it\n      takes 3 ms.\n"
    page = draft(tmp_path, "Text.", front)
    assert lines(list(unbacked_figure(page))) == [6]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("During a fail over nobody writes.", "failover"),
        ("The master is gone.", "primary"),
        ("It runs on redis.", "Redis"),
        ("Two indices help.", "indexes"),
        ("It uses exactly-once delivery.", "exactly-once processing"),
    ],
)
def test_terms_are_those_of_the_glossary(tmp_path: Path, text: str, right: str) -> None:
    (found,) = term(draft(tmp_path, text))
    assert (found.line, found.remedy) == (7, f"write {right!r}")


def test_quotations_code_and_names_are_free(tmp_path: Path) -> None:
    text = "They said “the master”, `redis` and [[redis/counter]]; nodes fail over, redis-py too."
    assert list(term(draft(tmp_path, text))) == []
    assert all(entry.why for entry in glossary())


def test_marks_are_found_in_the_lab_too(tmp_path: Path) -> None:
    page = draft(tmp_path, "WRITE(the idea)")
    (page.unit.folder / "lab.py").write_text('"""WRITE(the question)"""\n' + LAB)
    assert [(found.file.name, found.line) for found in unwritten(page)] == [
        ("article.md", 7),
        ("lab.py", 1),
    ]


def test_a_template_is_seen_through_its_bindings(tmp_path: Path) -> None:
    said = "On this machine it is {{ratio at=%s}} faster than the other one, which is not much."
    pages = [draft(tmp_path, said % at, name=f"unit-{at}") for at in (1, 5)]
    own = draft(tmp_path, "This is a sentence that nobody else has said, and rightly so.", name="x")
    found = list(repeated_sentence(Drafts((*pages, own), {}, frozenset())))
    assert [finding.file.parent.name for finding in found] == ["unit-5"]
