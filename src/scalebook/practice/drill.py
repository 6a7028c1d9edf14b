"""The drill: which card comes next, and when it comes again after its grade (FSRS)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import cast

import fsrs
from fsrs.card import CardDict

from scalebook.errors import HarnessError
from scalebook.practice.cards import Card
from scalebook.practice.progress import CardState, Progress

__all__ = ["GRADES", "Drill"]

GRADES = ("again", "hard", "good", "easy")
"""The grades 1 to 4, by which a reader says how well the answer was known."""


def _now() -> datetime:
    return datetime.now(UTC)


class Drill:
    """One sitting: the cards that are due, the longest overdue first, then some new ones.

    A card that is due again while the sitting lasts comes again. Each grade is kept at once.
    """

    def __init__(
        self,
        cards: Sequence[Card],
        progress: Progress,
        *,
        new: int = 10,
        now: Callable[[], datetime] = _now,
        scheduler: fsrs.Scheduler | None = None,
    ) -> None:
        """`cards` in the order in which new ones come, `new` the most of them; `now` is in UTC."""
        self._cards = {card.id: card for card in cards}
        self._progress = progress
        self._states = {
            name: state for name, state in progress.cards().items() if name in self._cards
        }
        self._new = [card for card in cards if card.id not in self._states][:new]
        self._now = now
        self._scheduler = scheduler or fsrs.Scheduler()

    @property
    def due(self) -> int:
        """Cards that are due now."""
        now = self._now()
        return sum(state.due <= now for state in self._states.values())

    @property
    def new(self) -> int:
        """New cards that are still to come in this sitting."""
        return len(self._new)

    @property
    def next_due(self) -> datetime | None:
        """When the next card is due; None where none was ever graded."""
        return min((state.due for state in self._states.values()), default=None)

    def next(self) -> Card | None:
        """The card to ask now; None when the sitting is over."""
        now = self._now()
        due = sorted((s.due, s.id) for s in self._states.values() if s.due <= now)
        if due:
            return self._cards[due[0][1]]
        return self._new[0] if self._new else None

    def state(self, card: Card) -> CardState | None:
        """The schedule of a card; None for one that was never graded."""
        return self._states.get(card.id)

    def grade(self, card: Card, grade: int) -> datetime:
        """Keep a grade from 1 to 4, and return when the card is due again."""
        reviewed, _ = self._scheduler.review_card(
            self._known(card), fsrs.Rating(grade), self._now()
        )
        state = CardState(card.id, reviewed.due, cast("dict[str, object]", reviewed.to_dict()))
        self._progress.graded(state, grade)
        self._states[card.id] = state
        self._new = [other for other in self._new if other.id != card.id]
        return reviewed.due

    def _known(self, card: Card) -> fsrs.Card:
        """What the scheduler knows of a card."""
        state = self._states.get(card.id)
        if state is None:
            number = int.from_bytes(hashlib.sha256(card.id.encode()).digest()[:6])
            return fsrs.Card(card_id=number, due=self._now())
        try:
            return fsrs.Card.from_dict(cast("CardDict", dict(state.state)))
        except (KeyError, TypeError, ValueError) as error:
            raise HarnessError(
                f"{self._progress.file}: the schedule of {card.id} cannot be read: {error!r}",
                remedy="restore a copy of the file, or name another in SCALEBOOK_PROGRESS",
            ) from error
