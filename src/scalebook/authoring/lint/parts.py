"""What every page must have: its sections, the hook, situations, a diagram, and no marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scalebook.authoring.lint.blocks import Block
from scalebook.authoring.lint.draft import Draft
from scalebook.authoring.lint.prose import BINDING, Prose
from scalebook.authoring.lint.registry import Finding, rule

__all__ = [
    "DIAGRAMS",
    "WITH_LAB",
    "bound_result",
    "diagram",
    "hook",
    "questions",
    "sections",
    "situations",
    "unwritten",
]

EVERYWHERE = {
    "pain": "what hurts, in numbers, and three situations that readers recognise",
    "obvious": "why the obvious answer fails",
    "idea": "the idea",
    "breaks": "what breaks it",
    "cost": "how it scales and what it costs",
    "who": "who uses it, with sources",
    "try": "what to try in a quarter of an hour",
}
WITH_LAB = {"code": "the code that runs", "measured": "what was measured, and where it stops"}
DIAGRAMS = {"before-after"}
HOOK_SENTENCES = 3
SITUATIONS = 3
QUESTIONS = 3
PICTURES = {"verdict", "curve", "bars", "ratios", "percentiles", "timeline", "promises", "table"}
_MEASURED = re.compile(r"\{\{\s*(?:ratio|stat|figure|counter|timeline|crossing|verdict|model)\b")
_WRITE = re.compile(r"\bWRITE\(([^)]*)\)?")


@rule("page")
def sections(page: Draft) -> Iterator[Finding]:
    """Every page has the sections that a reader looks for, by id: pain, obvious, idea, breaks,
    cost, who and try; with a lab also code and measured. Their headings are the author's own.
    """
    wanted = EVERYWHERE | (WITH_LAB if page.unit.has_lab else {})
    last = page.lines[-1][0] if page.lines else 1
    for name, duty in wanted.items():
        if name not in page.sections:
            what = f"no section has the id {name!r}: {duty}"
            yield page.at(last, what, f"add `## Your own words {{#{name}}}`")


@rule("page")
def hook(page: Draft) -> Iterator[Finding]:
    """The first section begins with a hook: at most three sentences, and a figure in them,
    because readers decide there whether this is their pain.
    """
    opening = _opening(page)
    if "pain" not in page.sections:
        return
    line = page.sections["pain"]
    if not opening:
        yield page.at(line, "no hook stands under this heading", "write it in three sentences")
        return
    said = [sentence for prose in opening for sentence in prose.sentences]
    if len(said) > HOOK_SENTENCES:
        what = f"the hook has {len(said)} sentences, at most {HOOK_SENTENCES}"
        yield page.at(said[HOOK_SENTENCES].line(), what, "say less, or say it later")
    figures = any(re.search(rf"\d|{BINDING}", sentence.masked) for sentence in said)
    if not figures and not any(_WRITE.search(prose.text) for prose in opening):
        yield page.at(opening[0].lines[0][0], "the hook has no figure", "quantify the pain")


@rule("page")
def situations(page: Draft) -> Iterator[Finding]:
    """After the hook stands a list of exactly three situations in which readers find themselves."""
    if "pain" not in page.sections:
        return
    items: list[Block] = []
    for block in page.section("pain"):
        if block.kind == "item":
            items.append(block)
        elif items:
            break
    if len(items) != SITUATIONS:
        line = items[0].line if items else page.sections["pain"]
        what = f"a list of {len(items)} situations stands under the pain, not {SITUATIONS}"
        yield page.at(line, what, "name three that readers recognise, as a bullet list")


@rule("page")
def diagram(page: Draft) -> Iterator[Finding]:
    """At least one diagram shows how it works; whether it can be drawn is a rule of its own."""
    fences = (block for block in page.blocks if block.kind == "code")
    drawn = any(block.info.split(" ")[0] == "mermaid" for block in fences)
    others = (block for block in page.blocks if block.kind == "directive")
    if not drawn and not any(block.name in DIAGRAMS for block in others):
        line = page.sections.get("idea", page.lines[-1][0] if page.lines else 1)
        yield page.at(line, "no diagram", 'draw one: ```mermaid title="What happens when ..."')


@rule("page")
def bound_result(page: Draft) -> Iterator[Finding]:
    """A page with a lab quotes its lab: a number or a picture of its own result."""
    if not page.unit.has_lab:
        return
    numbers = any(_MEASURED.search(text) for _, text in page.lines)
    shown = (block for block in page.blocks if block.kind == "directive")
    if not numbers and not any(block.name in PICTURES for block in shown):
        line = page.sections.get("measured", page.lines[-1][0] if page.lines else 1)
        yield page.at(line, "nothing of the lab's result is bound", "bind it: {{ratio at=...}}")


@rule("page")
def questions(page: Draft) -> Iterator[Finding]:
    """At least three interview questions, each with an answer, a follow-up or a red flag."""
    asked = page.front.get("questions")
    if not page.readable or not asked:
        return
    if not any(item.get("follow_up") for item in asked.items):
        what = "no interview question has a follow-up"
        yield page.at(asked.line, what, "add follow_up: what a good interviewer asks next")
    if not any(item.get("red_flag") for item in asked.items):
        what = "no interview question has a red flag"
        yield page.at(asked.line, what, "add red_flag: an answer that shows a gap")


@rule("page")
def unwritten(page: Draft) -> Iterator[Finding]:
    """No `WRITE(...)` is left: that is where a new unit waits for words of its author."""
    for number, text in page.lines:
        for mark in _WRITE.finditer(text):
            yield page.at(number, f"still to be written: {mark[1]}", "write it")
    lab = page.unit.folder / "lab.py"
    if page.unit.has_lab:
        text = lab.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            for mark in _WRITE.finditer(line):
                yield Finding(lab, number, f"still to be written: {mark[1]}", "write it")


def _opening(page: Draft) -> list[Prose]:
    """The paragraphs before the first list, diagram or directive of the pain."""
    opening: list[Prose] = []
    for block in page.section("pain")[1:]:
        if block.kind == "item" and opening and opening[-1].text.rstrip().endswith(":"):
            opening.pop()  # It leads over to the situations.
        if block.kind != "paragraph":
            break
        opening.append(Prose("paragraph", "pain", block.lines))
    return opening
