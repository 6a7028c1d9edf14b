"""The interview questions of the pages as cards, each with an id that stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from scalebook.book.diagrams import DiagramCache, no_diagram, titled
from scalebook.book.faults import Fault, Mistake, PageError
from scalebook.book.frontmatter import Question, line_of
from scalebook.book.markdown import inline_html
from scalebook.book.page import Book, Page
from scalebook.book.renamed import Renamed, load_renamed
from scalebook.book.scope import Scope
from scalebook.book.units import Unit

__all__ = ["Card", "Cards", "Picture", "cards_of"]


@dataclass(frozen=True)
class Picture:
    """A Mermaid diagram of the page."""

    title: str
    source: str


@dataclass(frozen=True)
class Card:
    """One question with its answer, in plain words.

    `id` is the unit's first id and the question's `key`, or a hash of its words: it outlives a
    renamed unit, and with a `key` new words too.
    """

    id: str
    unit: str
    title: str
    tags: tuple[str, ...]
    ask: str
    answer: str
    follow_up: str | None
    red_flag: str | None
    picture: Picture | None


@dataclass(frozen=True)
class Cards:
    """All cards in the order of the book, and what is wrong with the pages that gave none."""

    cards: tuple[Card, ...]
    faults: tuple[Fault, ...]


def cards_of(book: Book, units: Iterable[Unit], renamed: Renamed | None = None) -> Cards:
    """The cards of these units' pages. Faults are found, never raised; such cards are left out."""
    table = renamed or load_renamed()
    cards: list[Card] = []
    faults: list[Fault] = []
    for unit in units:
        if not unit.has_article:
            continue
        try:
            page = book.page(unit.id)
        except PageError as error:
            faults += error.faults
            continue
        for place in range(len(page.front.questions)):
            card, found = _card(page, place, book, table)
            if any(card.id == other.id for other in cards):
                line = line_of(page.lines, "questions", place)
                again = Mistake("front-matter", f"question {card.ask!r} again", "ask it once")
                found.append(again.at(page.file, line))
            if found:
                faults += found
            else:
                cards.append(card)
    return Cards(tuple(cards), tuple(faults))


def _card(page: Page, place: int, book: Book, renamed: Renamed) -> tuple[Card, list[Fault]]:
    """The card of one question, and what is wrong with it."""
    question = page.front.questions[place]
    scope = Scope(page, book, DiagramCache(), lambda _: "")
    if question.diagram is not None:
        missing = no_diagram(question.diagram, page.body)
        if missing is not None:
            scope.fault(missing, line_of(page.lines, "questions", place, "diagram"))

    def plain(key: str, text: str | None) -> str | None:
        if text is None:
            return None
        line = line_of(page.lines, "questions", place, key)
        return inline_html(" ".join(text.split()), scope, line)[1].strip()

    card = Card(
        id=f"{renamed.first(page.unit.id)}#{question.key or _hashed(question)}",
        unit=page.unit.id,
        title=page.front.title,
        tags=tuple(page.front.tags),
        ask=plain("ask", question.ask) or "",
        answer=plain("answer", question.answer) or "",
        follow_up=plain("follow_up", question.follow_up),
        red_flag=plain("red_flag", question.red_flag),
        picture=_picture(question, page),
    )
    return card, scope.faults


def _hashed(question: Question) -> str:
    words = " ".join(question.ask.split()).casefold()
    return hashlib.sha256(words.encode()).hexdigest()[:10]


def _picture(question: Question, page: Page) -> Picture | None:
    """The diagram that a question names by its title; None where it has none."""
    source = titled(page.body).get(question.diagram or "")
    return Picture(question.diagram, source) if question.diagram and source is not None else None
