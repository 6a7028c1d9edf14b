"""What is known while one page is rendered: the page, its book, and what was found on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from markdown_it.common.utils import escapeHtml

from scalebook.book.faults import Fault, Mistake
from scalebook.book.page import Book, Page
from scalebook.errors import ScalebookError
from scalebook.results import Result

if TYPE_CHECKING:
    from scalebook.book.diagrams import DiagramCache

__all__ = ["Scope"]

T = TypeVar("T")


@dataclass
class Scope:
    """The state of one rendering. Whatever is wrong goes to `faults` with its line."""

    page: Page
    book: Book
    diagrams: DiagramCache
    link: Callable[[str], str]
    faults: list[Fault] = field(default_factory=list)
    cited: list[str] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    images: list[str] = field(default_factory=list)
    bound: int = 0
    models: list[tuple[str, str]] = field(default_factory=list)
    """Expression and result of the models shown so far."""
    tokens: list[Any] = field(default_factory=list)
    on_reference: bool = False
    """Is the reference looked at, although a reader's run is shown?"""
    _results: dict[tuple[str, bool], Result] = field(default_factory=dict)

    def fault(self, mistake: ScalebookError, line: int, rule: str = "binding") -> str:
        """Note a mistake at its line of the page; returns the HTML that stands in its place."""
        if not isinstance(mistake, Mistake):
            mistake = Mistake(rule, mistake.what, mistake.remedy or "")
        found = mistake.at(self.page.file, line)
        if found not in self.faults:
            self.faults.append(found)
        return f'<span class="fault">{escapeHtml(mistake.what)}</span>'

    def result(self, unit: str | None) -> Result:
        """The result of a unit (None: of this page's own), fit to be quoted; or `Mistake`."""
        asked = (unit or self.page.unit.id, self.on_reference)
        if asked not in self._results:
            self._results[asked] = self.book.measured(asked[0], reference=asked[1])
        return self._results[asked]

    def is_own(self, result: Result) -> bool:
        """Is it a reader's run, which is shown in place of the reference?"""
        return self.book.own.get(result.unit) is result

    def answered(self, make: Callable[[], T]) -> tuple[T, bool]:
        """What `make` returns; where a reader's run has no answer, that of the reference.

        The second says whether it is the reference's. `Mistake` where neither has one.
        """
        if not self.book.own or self.on_reference:
            return make(), False
        try:
            return make(), False
        except Mistake:
            self.on_reference = True
        try:
            return make(), True
        finally:
            self.on_reference = False

    def run_href(self, result: Result) -> str:
        """Where a reader finds the run of a number; "" where no page shows it."""
        anchor = f"#run-{result.run[:6]}"
        if result.unit == self.page.unit.id:
            return anchor
        href = self.unit_href(result.unit)
        return href + anchor if href else ""

    def unit_href(self, unit: str) -> str:
        """The address of another unit's page; "" where it has none."""
        there = self.book.by_id.get(unit)
        return self.link(unit) if there is not None and there.has_article else ""

    def new_id(self, kind: str) -> str:
        """An id that nothing else on the page has, such as "e7"."""
        self.ids[kind] = self.ids.get(kind, 0) + 1
        return f"{kind}{self.ids[kind]}"

    def cite(self, key: str) -> int:
        """The number of a source, which is its place in the order of citation; or `Mistake`."""
        if self.page.front.source(key) is None:
            keys = ", ".join(source.key for source in self.page.front.sources) or "none"
            raise Mistake("source", f"no source has the key {key!r}", f"the keys: {keys}")
        if key not in self.cited:
            self.cited.append(key)
        return self.cited.index(key) + 1
