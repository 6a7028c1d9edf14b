"""A page in HTML, with all that is wrong with it: faults are found here, never raised."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from scalebook.book import bindings
from scalebook.book.diagrams import no_diagram
from scalebook.book.faults import Fault, Mistake
from scalebook.book.frontmatter import Source, line_of
from scalebook.book.markdown import inline_html, parser, plain_text
from scalebook.book.page import Book, Page
from scalebook.book.scope import Scope

if TYPE_CHECKING:
    from scalebook.book.diagrams import DiagramCache

__all__ = ["PredictView", "Rendered", "SourceEntry", "TocEntry", "render"]

WORDS_PER_MINUTE = 220


@dataclass(frozen=True)
class TocEntry:
    """A heading of the second level."""

    id: str
    title: str


@dataclass(frozen=True)
class SourceEntry:
    """A source with its number in the text; `html` is what stands in the list of sources."""

    number: int
    id: str
    source: Source
    html: str


@dataclass(frozen=True)
class PredictView:
    """The guess that is asked for before the text. `claim` is the published figure, if any."""

    question_html: str
    answer_html: str
    value: float
    low: float | None
    high: float | None
    dial_low: float
    dial_high: float
    unit: str
    claim: str | None
    claim_value: float | None


@dataclass(frozen=True)
class Rendered:
    """A rendered page.

    `html` is the text alone, from the first heading to the last; `text` the same in plain words.
    `sources` are in the order of citation, `images` the files of the unit's folder that it shows,
    `bound` counts the figures that are bound to a result, a model or a setting of the lab.
    """

    page: Page
    html: str
    toc: tuple[TocEntry, ...]
    questions_html: str
    sources: tuple[SourceEntry, ...]
    predict: PredictView | None
    words: int
    minutes: int
    text: str
    headings: tuple[str, ...]
    bound: int
    images: tuple[str, ...]
    faults: tuple[Fault, ...]


def render(
    page: Page, book: Book, *, diagrams: DiagramCache, link: Callable[[str], str]
) -> Rendered:
    """Render a page. `link` gives the address of another unit's page from its id."""
    scope = Scope(page, book, diagrams, link)
    md = parser()
    env = {"scope": scope, "first_line": page.first_line}
    tokens = md.parse(page.body.replace("\0", "\ufffd"), env)
    scope.tokens = tokens
    predict = _predict(scope)
    html = md.renderer.render(tokens, md.options, env)
    questions_html, questions_text = _questions(scope)
    sources = _sources(scope)
    text = plain_text(tokens)
    headings = list(_headings(tokens))
    words = len(f"{text} {questions_text}".split())
    return Rendered(
        page=page,
        html=html,
        toc=tuple(TocEntry(name, title) for tag, name, title in headings if tag == "h2"),
        questions_html=questions_html,
        sources=sources,
        predict=predict,
        words=words,
        minutes=max(1, math.ceil(words / WORDS_PER_MINUTE)),
        text=f"{page.front.title}\n{page.front.takeaway}\n{text}\n{questions_text}",
        headings=tuple(title for _, _, title in headings),
        bound=scope.bound,
        images=tuple(scope.images),
        faults=tuple(sorted(scope.faults)),
    )


def _headings(tokens: list[Token]) -> list[tuple[str, str, str]]:
    """(tag, id, words) of the headings."""
    return [
        (token.tag, str(token.attrs["id"]), plain_text(text.children or []).strip())
        for token, text in pairwise(tokens)
        if token.type == "heading_open" and "id" in token.attrs
    ]


def _predict(scope: Scope) -> PredictView | None:
    """The question with its answer; None where there is none, or where it is at fault."""
    asked = scope.page.front.predict
    if asked is None:
        return None
    lines = scope.page.lines
    question, _ = inline_html(asked.question, scope, line_of(lines, "predict", "question"))
    line = line_of(lines, "predict", "answer")
    text = asked.answer.strip()
    if not (text.startswith("{{") and text.endswith("}}")) or text.count("{{") != 1:
        remedy = 'write a binding alone, such as answer: "{{ratio at=1000}}"'
        scope.fault(Mistake("predict", "the answer is no binding", remedy), line)
        return None
    try:
        shown = bindings.bind(text[2:-2], scope)
        if shown.value is None:
            raise Mistake("predict", "the answer is no number", "bind a ratio or a statistic")
        value = shown.value
        scope.bound += 1
    except Mistake as mistake:
        scope.fault(mistake, line)
        return None
    claim, claim_value = _claim(scope)
    return PredictView(
        question_html=question,
        answer_html=shown.html,
        value=value,
        low=shown.low,
        high=shown.high,
        dial_low=asked.low,
        dial_high=asked.high,
        unit=asked.unit,
        claim=claim,
        claim_value=claim_value,
    )


def _claim(scope: Scope) -> tuple[str | None, float | None]:
    """The published figure, in words and as a number, where the unit has one."""
    entry = scope.page.unit.entry
    if entry is None or entry.claim is None:
        return None, None
    return bindings.claim_text(scope), entry.claim.value


def _questions(scope: Scope) -> tuple[str, str]:
    """The interview cards, as HTML and as plain text."""
    cards, words = [], []
    for place, question in enumerate(scope.page.front.questions):
        parts = [
            ("answer", "A good answer", question.answer),
            ("follow_up", "Follow-up", question.follow_up),
            ("red_flag", f"{_BROKE} Red flag", question.red_flag),
        ]
        rows = ""
        for key, label, text in parts:
            if text is not None:
                html, plain = _inline(scope, text, "questions", place, key)
                rows += f"<dt>{label}</dt><dd>{html}</dd>"
                words.append(plain)
        missing = no_diagram(question.diagram, scope.page.body) if question.diagram else None
        if missing is not None:
            scope.fault(missing, line_of(scope.page.lines, "questions", place, "diagram"))
        ask, plain = _inline(scope, question.ask, "questions", place, "ask")
        words.append(plain)
        cards.append(f"<details><summary>{ask}</summary><dl>{rows}</dl></details>")
    return f'<div class="qa">{"".join(cards)}</div>', "\n".join(words)


_BROKE = '<svg class="g" aria-hidden="true"><use href="#broke"></use></svg>'


def _inline(scope: Scope, text: str, *path: str | int) -> tuple[str, str]:
    return inline_html(" ".join(text.split()), scope, line_of(scope.page.lines, *path))


def _sources(scope: Scope) -> tuple[SourceEntry, ...]:
    """Those cited, in the order of citation, then those that the front matter uses alone."""
    front = scope.page.front
    named = [user.source for user in front.users]
    named += [given.source for given in front.assume.values() if given.source]
    for key in named:
        scope.cite(key)
    for place, source in enumerate(front.sources):
        if source.key not in scope.cited:
            remedy = f"cite it as [@{source.key}], or leave it out"
            line = line_of(scope.page.lines, "sources", place, "key")
            scope.fault(Mistake("uncited", f"source {source.key!r} is never cited", remedy), line)
    found = [(key, front.source(key)) for key in scope.cited]
    return tuple(
        SourceEntry(place, f"source-{key}", source, _source_html(source))
        for place, (key, source) in enumerate(found, 1)
        if source is not None
    )


def _source_html(source: Source) -> str:
    """Author: title, publisher, date, with the link and a label where nobody verified it."""
    host = source.url.split("/")[2].removeprefix("www.")
    author = f"{escapeHtml(source.author)}: " if source.author else ""
    label = ' <span class="unverified">unverified</span>' if source.unverified else ""
    date = source.date if source.date == "undated" else f"<time>{source.date}</time>"
    return (
        f"{author}{escapeHtml(source.title)}. <cite>{escapeHtml(source.publisher)}</cite>, "
        f'{date}. <a href="{escapeHtml(source.url)}">{escapeHtml(host)}</a>'
        f"{label}"
    )
