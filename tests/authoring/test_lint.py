"""Planted faults: each is found with its file, its line and its rule, and nothing else is."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from scalebook.authoring.lint import RULES, lint
from scalebook.authoring.lint.binder import BINDER_RULES
from scalebook.book import faults, find
from scalebook.book.faults import Fault
from scalebook.cli import main

LAB = "redis/hyperloglog"
OTHER = "caching/cache-strategies"
SENTENCE = "A sketch cannot say who was there, and two of them merge but never subtract."
COPY = "A copy without an end is a second truth, and it drifts away from the first one."
MORE = """  - key: more
    title: More
    publisher: Somebody
    date: "2013"
    url: https://example.com/more
"""
USERS = """users:
  - company: Facebook
    source: nishtala
    date: "2013"
    what: A cache beside its databases.
"""


@dataclass(frozen=True)
class Planted:
    """A fault: in a page, `old` is replaced by `new`, and the finding is at the line of `at`."""

    rule: str
    unit: str
    old: str
    new: str
    at: str


def body(rule: str, new: str, unit: str = LAB) -> Planted:
    """A sentence planted after one of the page."""
    old = SENTENCE if unit == LAB else COPY
    return Planted(rule, unit, old, f"{old}\n\n{new}", new.splitlines()[0])


PLANTED = [
    Planted("sections", LAB, " {#cost}", "", "wait 30 seconds"),
    Planted("hook", OTHER, "the others were.", "it. Not one.\nThen so on. No.", "Then so on"),
    Planted("hook", OTHER, "Of all reads 8.8 % reached", "Most reads reached", "Most reads"),
    Planted("situations", LAB, "- two sites", "And two sites", "- a dashboard"),
    Planted("diagram", LAB, "```mermaid title", "```text title", "{#idea}"),
    Planted("diagram", LAB, "flowchart LR", "flowchart LR\n  -->", "```mermaid"),
    Planted(
        "questions", LAB, "    follow_up: Can a member be taken out again?\n", "", "questions:"
    ),
    body("unwritten", "WRITE(what is missing)"),
    body("unbacked-figure", "It answers in 3 ms."),
    body("unbacked-figure", "It is twelve times faster than a set."),
    body("unbacked-figure", "It serves 574M users."),
    body("unbacked-figure", "It costs $400 a month."),
    Planted("unbacked-figure", LAB, "forgets the members.", "saves 40 % of it.", "saves 40 %"),
    Planted("users", OTHER, USERS, "", "{#who}"),
    body("sum-in-prose", "In all 12 + 30 = 44 registers are read."),
    body("sum-in-prose", "So 12 % of 4,000 is 520 registers [@flajolet]."),
    body("sum-in-prose", "It fell from 800 ms to 200 ms, 8 times [@flajolet]."),
    Planted("uncited", OTHER, "users:", MORE + "users:", "- key: more"),
    body("source", "As somebody said [@nobody]."),
    Planted("front-matter", LAB, "    publisher: AofA\n", "", "- key: flajolet"),
    Planted("front-matter", LAB, "by little.", "by little" + ", very" * 20, "takeaway:"),
    Planted("front-matter", OTHER, "backing: The one figure", "# The one figure", "---"),
    Planted("source", LAB, "    source: flajolet", "    source: nobody", "source: nobody"),
    body("dead-link", "See [above](#nowhere)."),
    body("dead-link", "See [there](../nowhere/article.md)."),
    body("unknown-unit", "See [[redis/nothing-of-the-kind]]."),
    Planted("unknown-unit", LAB, ": [caching/cache-strategies]", ": [redis/no]", "prerequisites:"),
    Planted("prerequisite-cycle", OTHER, "related:", "prerequisites:", "prerequisites:"),
    body("term", "The old master is gone."),
    body("repeated-sentence", COPY),
    body("repeated-sentence", COPY.replace("second", "further")),
    body("image", "![](picture.svg)"),
    body("unknown", "It takes {{figure Sett memory at=100}}."),
    body("point", "It takes {{figure Set memory at=101}}."),
    body("block", "::: nothing\n:::"),
]


def plant(root: Path, fault: Planted) -> tuple[Path, int]:
    """Write the faulty page; its file, and the line at which the fault should be found."""
    folder = root / fault.unit.replace("-", "_")
    (folder / "picture.svg").write_text("<svg/>")
    file = folder / "article.md"
    text = file.read_text()
    assert text.count(fault.old) == 1, fault.old
    file.write_text(text.replace(fault.old, fault.new))
    lines = file.read_text().splitlines()
    return file, next(n for n, line in enumerate(lines, 1) if fault.at in line)


def test_a_good_book_has_no_findings(good: Path) -> None:
    assert lint() == []


@pytest.mark.parametrize("fault", PLANTED, ids=lambda f: f"{f.rule}-{f.at[:20]}")
def test_a_planted_fault_is_found(good: Path, fault: Planted) -> None:
    file, line = plant(good, fault)
    found = lint()
    assert [(f.file, f.line, f.rule) for f in found if f.rule == fault.rule] == [
        (file, line, fault.rule)
    ]
    assert {f.rule for f in found} - {fault.rule} == set(), found
    assert all(f.message and f.remedy for f in found)


def test_a_page_that_nobody_finds_is_an_orphan(good: Path) -> None:
    for unit, key in ((LAB, "prerequisites"), (OTHER, "related")):
        file = good / unit.replace("-", "_") / "article.md"
        text = re.sub(rf"{key}: .*\n", "", file.read_text())
        file.write_text(text.replace("[[caching/cache-strategies]]", "another page"))
    assert {(f.file.parent.name, f.line, f.rule) for f in lint()} == {
        ("hyperloglog", 1, "orphan"),
        ("cache_strategies", 1, "orphan"),
    }


def test_a_page_must_quote_its_own_lab(good: Path) -> None:
    file = good / "redis" / "hyperloglog" / "article.md"
    text = re.sub(r"\{\{(figure|ratio|model).*?\}\}", "much", file.read_text())
    file.write_text(
        text.replace("::: curve\ntitle", "::: note\ntitle").replace("{{crossing}}", "x")
    )
    assert ("bound-result", "{#measured}") in {
        (f.rule, file.read_text().splitlines()[f.line - 1].split(" ")[-1]) for f in lint()
    }


def rules_of(faults: list[Fault]) -> set[tuple[str, str]]:
    return {(fault.rule, fault.file.name) for fault in faults}


def test_a_unit_must_have_its_parts(good: Path) -> None:
    folder = good / "redis" / "hyperloglog"
    result = json.loads((folder / "result.json").read_text())
    result["verdict"]["factor"] = 100
    (folder / "result.json").write_text(json.dumps(result))
    assert rules_of(lint()) == {("claim-differs", "lab.py")}
    (folder / "result.json").unlink()
    assert ("no-result", "lab.py") in rules_of(lint())
    lonely = good / "redis" / "counter"
    lonely.mkdir()
    (lonely / "lab.py").write_text('"""Q?"""\nx = \n')
    found = lint([find("redis/counter")])
    assert [(f.rule, f.line) for f in found] == [("lab-syntax", 2), ("no-page", 1)] or [
        (f.rule, f.line) for f in found
    ] == [("no-page", 1), ("lab-syntax", 2)]
    (lonely / "requirements.toml").write_text("[users]\n[rates]\n")
    assert ("requirements", "requirements.toml") in rules_of(lint([find("redis/counter")]))


def test_an_edited_lab_is_stale_until_it_is_run_again(good: Path) -> None:
    lab = good / "redis" / "hyperloglog" / "lab.py"
    assert lint() == []
    lab.write_text(lab.read_text().replace("10_000", "20_000"))
    found = lint()
    assert {f.rule for f in found} == {"stale"}
    assert {f.file.parent.name for f in found} == {"hyperloglog", "cache_strategies"}


def test_what_is_remembered_is_what_would_be_found(good: Path) -> None:
    file, line = plant(good, body("unbacked-figure", "It answers in 3 ms."))
    first = lint()
    assert lint() == first
    assert [fault.line for fault in first] == [line]
    file.write_text(file.read_text().replace("in 3 ms", "soon"))
    assert lint() == []


def test_no_lab_is_imported(good: Path) -> None:
    lab = good / "redis" / "hyperloglog" / "lab.py"
    lab.write_text(lab.read_text() + "\nraise RuntimeError('imported')\n")
    assert {fault.rule for fault in lint()} == {"stale"}


HEAD = 'place = 1\ntitle = "A path"\nsummary = "From a to b."\n'
FIRST, THEN = (f'[[units]]\nunit = "{unit}"\nwhy = "Because."\n' for unit in (OTHER, LAB))
PATHS = {
    "an unknown unit": (FIRST.replace("strat", "tart"), 5, "no unit is called"),
    "an unknown key": (f"colour = 1\n{FIRST}", 4, "no key is called 'colour'"),
    "a unit twice": (FIRST + FIRST, 8, f"{OTHER} is there twice"),
    "no TOML": ("[[units]\n", 4, "Expected"),
    "another order": (THEN + FIRST, 5, f"{LAB} comes before {OTHER}, which it needs"),
}


@pytest.mark.parametrize("fault", PATHS)
def test_a_fault_of_a_path_is_found(good: Path, fault: str) -> None:
    """Also where the book was looked at before, and no more when it is mended."""
    file = good.parent / "paths" / "one.toml"
    file.parent.mkdir()
    file.write_text(HEAD + FIRST + THEN)
    assert lint() == []
    text, line, said = PATHS[fault]
    file.write_text(HEAD + text)
    (found,) = lint()
    assert (found.file, found.line, found.rule) == (file, line, "path")
    assert said in found.message
    assert found.remedy
    assert main(["lint"]) == 1
    file.unlink()
    assert lint() == []


def test_every_rule_says_what_it_demands() -> None:
    assert all(rule.explanation.endswith(".") for rule in RULES.values())
    planted = {fault.rule for fault in PLANTED}
    elsewhere = {"orphan", "bound-result", "claim-differs", "no-result", "no-page", "lab-syntax"}
    elsewhere |= {"requirements", "path"}
    assert set(RULES) <= planted | elsewhere
    assert not set(RULES) & set(BINDER_RULES) - {"diagram"}


def test_what_the_binder_finds_is_explained_too() -> None:
    book = Path(faults.__file__).parent
    texts = [file.read_text() for file in book.rglob("*.py")]
    used = {name for text in texts for name in re.findall(r'Mistake\(\s*"([a-z-]+)"', text)}
    assert used <= set(BINDER_RULES)


def test_the_command_prints_places_and_exits_1(
    good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lint"]) == 0
    assert capsys.readouterr().out == "0 findings in the whole book.\n"
    file, line = plant(good, body("term", "The old master is gone."))
    assert main(["lint", LAB]) == 1
    said = capsys.readouterr()
    assert said.out.startswith(f"{file}:{line}: term: 'master': ")
    assert "1 finding in 1 unit." in said.err
    assert main(["lint", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert [(row["file"], row["line"], row["rule"]) for row in rows] == [(str(file), line, "term")]
    assert main(["lint", OTHER]) == 0
    text = file.read_text()
    file.write_text(text.replace("The old master", "The master\n\nThe old master"))
    assert main(["lint"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].endswith(f"(also lines {line + 2})")
    assert "2 findings" in said.err


def test_the_rules_are_explained_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert all(any(line.split()[:1] == [name] for line in lines) for name in RULES)
