"""The book as its pages see it: who stands before and after whom, chapters, verdicts, progress."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from scalebook.book import pictures
from scalebook.book.faults import Mistake
from scalebook.book.page import Book
from scalebook.book.paths import Paths, load_paths
from scalebook.site.chapters import chapter_title, chapter_words
from scalebook.site.facts import Facts, facts_of
from scalebook.site.links import href
from scalebook.site.trusted import trusted

if TYPE_CHECKING:
    from scalebook.authoring.ledger import Ledger, LedgerRow
    from scalebook.authoring.plan import ChapterProgress, Plan, UnitProgress
    from scalebook.results import Result

__all__ = ["Around", "Chapter", "Group", "Hero", "Link", "Listed", "Site"]

HEROES = ("databases/btree-index", "redis/key-value-cache")
"""Labs whose curve may open the book: the first that has a result, and a point to change sides."""

WORDS = {
    "holds": "holds",
    "holds-from": "holds from a point",
    "holds-up-to": "holds up to a point",
    "never": "never",
    "unresolved": "unresolved",
    "not-tested": "not tested",
}
GLYPHS = {"not-tested": "untested"}


@dataclass(frozen=True)
class Link:
    """A unit by its id and title; `href` is None for one that has no page yet."""

    id: str
    title: str
    href: str | None


@dataclass(frozen=True)
class Group:
    """Links under a name, such as "Read next"."""

    name: str
    units: tuple[Link, ...]


@dataclass(frozen=True)
class Around:
    """What surrounds a page: its neighbours, what to read first and next."""

    previous: Link | None
    following: Link | None
    before: tuple[Link, ...]
    after: tuple[Link, ...]
    title: str

    def plain(self) -> list[tuple[str, str, str | None] | None]:
        """All of it as plain data."""
        links = (self.previous, self.following, *self.before, None, *self.after)
        return [(link.id, link.title, link.href) if link else None for link in links]

    @property
    def groups(self) -> tuple[Group, ...]:
        """The links as lists, without empty ones."""
        both = (Group("Read first", self.before), Group("Read next", self.after))
        return tuple(group for group in both if group.units)

    @property
    def drawing(self) -> Markup | None:
        """The same as a small map; None for a page that stands alone."""
        if not self.groups:
            return None
        hrefs = {link.id: link.href for link in (*self.before, *self.after)}
        before, after = (
            [(link.id, link.title) for link in links] for links in (self.before, self.after)
        )
        return trusted(pictures.chapter_map(before, self.title, after, hrefs.get, id="map"))


@dataclass(frozen=True)
class Listed:
    """One unit on its chapter's page: its mark, and its page's facts (None: not written)."""

    title: str
    href: str | None
    shape: str
    mark: str
    number: int | None
    facts: Facts | None
    state: str | None
    words: str


@dataclass(frozen=True)
class Chapter:
    """A chapter with its progress, and one mark per unit."""

    name: str
    title: str
    words: str
    progress: ChapterProgress
    marks: Markup
    units: tuple[Listed, ...]

    @property
    def written(self) -> tuple[Listed, ...]:
        """Those that have a page."""
        return tuple(unit for unit in self.units if unit.facts)

    @property
    def planned(self) -> tuple[Listed, ...]:
        """Those that have none yet."""
        return tuple(unit for unit in self.units if not unit.facts)


@dataclass(frozen=True)
class Hero:
    """The curve that opens the book, and what is said around it."""

    unit: str
    title: str
    question: str
    plate: Markup
    curve: Markup
    figure: str
    claim: str


class Site:
    """All that documents need beyond their own page. `url` is the public address, if any."""

    def __init__(
        self,
        book: Book,
        facts: Mapping[str, Facts] | None = None,
        url: str | None = None,
        plan: Plan | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        """`facts` are those of all pages in the book's order; they are read where not given."""
        self.book = book
        self.url = url.rstrip("/") if url else None
        self.facts: Mapping[str, Facts] = (
            {unit.id: facts_of(unit, book) for unit in book.pages} if facts is None else facts
        )
        self._order = list(self.facts)
        self._place = {unit: place for place, unit in enumerate(self._order)}
        self._plan, self._ledger = plan, ledger

    @functools.cached_property
    def plan(self) -> Plan:
        """The plan as it stands."""
        from scalebook.authoring.plan import make_plan

        return self._plan or make_plan(units=self.book.units)

    @functools.cached_property
    def ledger(self) -> Ledger:
        """The ledger as it stands."""
        from scalebook.authoring.ledger import make_ledger

        return self._ledger or make_ledger(self.book.units)

    @functools.cached_property
    def paths(self) -> Paths:
        """The paths through the book, in their order."""
        return load_paths(self.book)

    def quoted(self, unit: str) -> Result | None:
        """The result that a page may quote; None where there is none or it is stale."""
        try:
            return self.book.measured(unit)
        except Mistake:
            return None

    def title(self, unit: str) -> str:
        """The title of a unit, of its page where it has one."""
        return self.facts[unit].title if unit in self.facts else self.book.title(unit)

    def around(self, unit: str) -> Around:
        """The surroundings of a page, with addresses as its chapter writes them."""
        facts, place = self.facts[unit], self._place[unit]
        chapter = facts.chapter
        after = [other for other in self._leaning.get(unit, ()) if other != unit]
        after += [other for other in facts.related if other not in after]
        after = [other for other in after if other not in facts.prerequisites]
        last = len(self._order) - 1
        return Around(
            previous=self._link(self._order[place - 1], chapter) if place > 0 else None,
            following=self._link(self._order[place + 1], chapter) if place < last else None,
            before=tuple(self._link(other, chapter) for other in facts.prerequisites),
            after=tuple(self._link(other, chapter) for other in after),
            title=facts.title,
        )

    @property
    def frieze(self) -> list[tuple[str, str, int]]:
        """(glyph, word, how many claims) of each verdict that some claim has."""
        counts = self.ledger.counts.items()
        return [(GLYPHS.get(s, s), WORDS.get(s, s), many) for s, many in counts if many]

    @property
    def ledger_groups(self) -> list[tuple[str, list[LedgerRow]]]:
        """(title of a chapter, its claims) in the order of the book."""
        chapters = dict.fromkeys(row.chapter for row in self.ledger.rows)
        return [
            (chapter_title(name), [row for row in self.ledger.rows if row.chapter == name])
            for name in chapters
        ]

    def forest(self, row: LedgerRow) -> Markup:
        """Our figure over the published one, on the axis of the ledger; empty without one."""
        ours = row.ours
        if ours is None or not ours.share or ours.share <= 0:
            return Markup("")
        span = row.span if row.span and row.span[0] > 0 else None
        return trusted(pictures.forest_row(ours.share, ours.share_low, ours.share_high, span))

    def spark(self, row: LedgerRow) -> Markup:
        """The claim's curve in little; empty where no point has a ratio."""
        if not any(point.share and point.share > 0 for point in row.curve):
            return Markup("")
        crossing = row.crossing[0] if row.crossing else None
        return trusted(pictures.spark([(p.at, p.share) for p in row.curve], crossing))

    @functools.cached_property
    def chapters(self) -> list[Chapter]:
        """Every chapter of the catalogue and of the folders."""
        return [self._chapter(progress) for progress in self.plan.chapters]

    def chapter(self, name: str) -> Chapter:
        """The chapter of that name; KeyError for an unknown one."""
        for chapter in self.chapters:
            if chapter.name == name:
                return chapter
        raise KeyError(name)

    @functools.cached_property
    def hero(self) -> Hero | None:
        """The curve of a real run, rather one whose claim changes sides on the axis."""
        for row in self._heroes():
            result = self.quoted(row.unit)
            if result is None or row.ours is None:
                continue
            return Hero(
                unit=row.unit,
                title=row.title,
                question=_question(result.question, row.title),
                plate=trusted(pictures.verdict_plate(result, row.claim)),
                curve=trusted(pictures.curve(result, id="home")),
                figure=row.ours.text,
                claim=row.factor_text,
            )
        return None

    def _heroes(self) -> Iterator[LedgerRow]:
        rows = [row for row in self.ledger.rows if row.has_page and len(row.curve) > 2]
        rows.sort(key=lambda row: (row.crossing is None, row.unit not in HEROES, row.unit))
        yield from rows

    @functools.cached_property
    def _leaning(self) -> Mapping[str, Sequence[str]]:
        """Unit -> the pages that want it read first."""
        found: dict[str, list[str]] = {}
        for facts in self.facts.values():
            for before in facts.prerequisites:
                found.setdefault(before, []).append(facts.id)
        return found

    @functools.cached_property
    def _claims(self) -> Mapping[str, LedgerRow]:
        return {row.unit: row for row in self.ledger.rows}

    def _link(self, unit: str, chapter: str) -> Link:
        known = unit in self.facts or self.book.knows(unit)
        title = self.title(unit) if known else unit
        return Link(unit, title, href(unit, chapter) if unit in self.facts else None)

    def _chapter(self, progress: ChapterProgress) -> Chapter:
        units = [unit for unit in self.plan.units if unit.chapter == progress.chapter]
        return Chapter(
            progress.chapter,
            chapter_title(progress.chapter),
            chapter_words(progress.chapter),
            progress,
            trusted(pictures.marks_row([(unit.shape, unit.mark) for unit in units])),
            tuple(self._listed(unit) for unit in units),
        )

    def _listed(self, unit: UnitProgress) -> Listed:
        facts, row = self.facts.get(unit.id), self._claims.get(unit.id)
        return Listed(
            facts.title if facts else unit.title,
            href(unit.id, unit.chapter) if facts else None,
            unit.shape,
            unit.mark,
            unit.number,
            facts,
            GLYPHS.get(row.state, row.state) if row else None,
            _verdict_words(row) if row else "",
        )


def _question(question: str, title: str) -> str:
    """A lab's question without the title that it may begin with."""
    said = question.removeprefix(f"{title}: ")
    return said[:1].upper() + said[1:]


def _verdict_words(row: LedgerRow) -> str:
    """The verdict in one line: "holds from 81,200 members", "never: best 15× at ..."."""
    if row.where.startswith(("from ", "up to ")):
        return f"holds {row.where}"
    state = row.state.replace("-", " ")
    return f"{state}: {row.where}" if row.where else state
