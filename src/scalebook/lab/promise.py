"""Promises: a check, the variants that keep it and the variants that break it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scalebook.lab.client import Client
from scalebook.lab.history import Run, Violation

__all__ = ["Check", "Promise", "stock"]

Check = Callable[[Run], Iterable[Violation | str]]


def stock(check: Check) -> Check:
    """Mark a check of ours as proven both ways in Scalebook's own tests."""
    check.__stock__ = True  # type: ignore[attr-defined]
    return check


@dataclass(frozen=True)
class Promise:
    """`check` finds nothing in any run of `kept_by`, and something in some run of `broken_by`.

    `under` restricts it to the trial of that name. A check that is written in a lab needs
    somebody in `broken_by`: one that cannot fail proves nothing.
    """

    check: Check
    kept_by: Sequence[type[Client]] = ()
    broken_by: Sequence[type[Client]] = ()
    under: str | None = None

    @property
    def name(self) -> str:
        """The check's name, in words."""
        name: str = getattr(self.check, "__name__", str(self.check))
        return name.replace("_", " ")
