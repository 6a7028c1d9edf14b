"""A thousand generated pages, each with its own lab, result, diagram, chart and words."""

import json
import random
import re
import statistics
from pathlib import Path
from typing import Any

from scalebook.authoring.lint.wording import Term, glossary
from scalebook.book import all_units
from scalebook.results import digest

__all__ = ["EDITED", "generate", "vocabulary"]

PAGES = 1_000
CHAPTERS = 10
MODEL = "redis/key-value-cache"
EDITED = "generated_0/unit_500"
"""Folder of the page that is edited between two builds."""

SECTIONS = ["pain", "obvious", "idea", "how", "breaks", "cost", "who", "try"]
PARAGRAPHS = 3
SENTENCES = 5
FRONT = """---
title: {title}
takeaway: {takeaway}
summary: {summary}
difficulty: working
tags: [{tags}]
prerequisites: [{before}]
sources:
  - key: one
    title: "{title}"
    publisher: A Journal
    date: "2020"
    url: https://example.org/{n}
users:
  - {{company: "Company {n}", source: one, date: "2020", what: "{summary}"}}
questions:
  - {{ask: "{q0}?", answer: "{a0}", red_flag: "{q1}"}}
  - {{ask: "{q2}?", answer: "{a1}", follow_up: "{q1}"}}
  - {{ask: "{q3}?", answer: "{a2}"}}
---
"""
DIAGRAM = """```mermaid title="{title}"
sequenceDiagram
    participant A as {a}
    participant B as {b}
    participant C as {c}
    A->>B: {d} {n}
    B-->>A: {e}
    A->>C: {f}
    C-->>A: {g} {n}
```
"""
CURVE = """::: curve
title: {title}
---
{caption}
:::
"""


def vocabulary() -> list[str]:
    """The words of the book as it is, so that generated text has real words."""
    articles = (unit.folder / "article.md" for unit in all_units() if unit.has_article)
    text = " ".join(article.read_text("utf-8") for article in articles)
    words = set(re.findall(r"\b[a-z]{2,14}\b", text))
    return sorted(word for word in words if not any(_refused(term, word) for term in glossary()))


def _refused(term: Term, word: str) -> bool:
    return term.wrong.fullmatch(word) is not None


def generate(root: Path, pages: int = PAGES) -> None:
    """Write the units below `root`, the same ones each time."""
    model = next(unit for unit in all_units() if unit.id == MODEL)
    lab = (model.folder / "lab.py").read_text("utf-8")
    result = json.loads((model.folder / "result.json").read_bytes())
    _thin(result)
    points = [record["point"] for record in result["points"]]
    words = vocabulary()
    for n in range(pages):
        unit = f"generated-{n % CHAPTERS}/unit-{n}"
        folder = root / unit.replace("-", "_")
        folder.mkdir(parents=True)
        (folder / "lab.py").write_text(f"{lab}\n\nNUMBER = {n}\n", "utf-8")
        own = {**result, "unit": unit, "digest": digest(folder / "lab.py")}
        (folder / "result.json").write_text(json.dumps(own, indent=1), "utf-8")
        (folder / "article.md").write_text(_article(n, words, points), "utf-8")


def _thin(result: dict[str, Any]) -> None:
    """Leave out trials until the record is as large as the median one of the book, if it can be."""
    sizes = [(u.folder / "result.json").stat().st_size for u in all_units() if u.has_lab]
    for most in range(20, 0, -2):
        for point in result["points"]:
            for variant in point["variants"].values():
                del variant["trials"][most:]
        if len(json.dumps(result, indent=1)) <= statistics.median(sizes):
            break


def _article(n: int, words: list[str], points: list[Any]) -> str:
    dice = random.Random(n)

    def say(count: int) -> str:
        return " ".join(dice.choice(words) for _ in range(count)).capitalize()

    before = max(n - CHAPTERS, 0)
    front = FRONT.format(
        n=n,
        title=f"{say(3)} {n}",
        takeaway=say(9)[:130],
        summary=say(14),
        tags=", ".join(f'"{dice.choice(words)}"' for _ in range(3)),
        before=f"generated-{before % CHAPTERS}/unit-{before}" if before != n else "",
        **{f"q{i}": say(8) for i in range(4)},
        **{f"a{i}": say(25) for i in range(3)},
    )
    parts = [front]
    for place, section in enumerate(SECTIONS):
        parts.append(f"## {say(4)} {{#{section}}}\n")
        if section == "pain":
            parts.append(f"{say(9)}. {say(9)}.\n\n" + "".join(f"- {say(9)}.\n" for _ in range(3)))
            continue
        for _ in range(PARAGRAPHS):
            sentences = [f"{say(dice.randint(8, 16))}." for _ in range(SENTENCES)]
            parts.append(" ".join(sentences) + "\n")
        at = points[place % len(points)]
        parts.append(
            f"{say(5)} {{{{ratio at={at} rough=yes}}}} {say(4)}, where a page takes "
            f'{{{{stat DatabaseOnly "page median" at={at} rough=yes}}}} [@one].\n'
        )
    labels = {name: dice.choice(words) for name in "abcdefg"}
    other = (n + 7) % PAGES
    parts += [
        DIAGRAM.format(title=say(6), n=n, **labels),
        f"## {say(3)} {{#code}}\n",
        f"::: code CacheAside.page CacheAside.cached\ntitle: {say(3)}\n:::\n",
        f"## {say(3)} {{#measured}}\n\n::: verdict\n:::\n",
        CURVE.format(title=say(7), caption=f"{say(12)}."),
        f"| {say(1)} | {say(1)} |\n|---|---|\n" + f"| {say(2)} | {say(2)} |\n" * 4,
        f"Read [[generated-{other % CHAPTERS}/unit-{other}]] next.\n" if n < PAGES - 7 else "",
    ]
    return "\n".join(parts)
