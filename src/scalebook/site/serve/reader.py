"""What the pages tell of their reader: that one was read, and what was guessed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scalebook.errors import UsageError
from scalebook.site.serve.orders import UNIT_ID

__all__ = ["Note", "Reader", "noted"]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Reader(Protocol):
    """Keeps the reader's progress; it is handed in, since the site itself practises nothing."""

    def read(self, unit: str) -> None:
        """The page was read to its end."""

    def predicted(self, unit: str, guess: float, measured: float) -> None:
        """A guess was made, and the figure shown."""

    def standings(self) -> Sequence[dict[str, object]]:
        """What was done on each unit, as plain data."""


class Note(BaseModel):
    """One call of a page: read, or a guess with the figure that was then shown."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    unit: Annotated[str, Field(pattern=UNIT_ID, max_length=100)]
    guess: Positive | None = None
    measured: Positive | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.guess is None) != (self.measured is None):
            raise ValueError("guess and measured belong together")
        return self


def noted(body: bytes) -> Note:
    """The note in a body of JSON; `UsageError` names the first field that is wrong."""
    try:
        return Note.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the note"
        raise UsageError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None
