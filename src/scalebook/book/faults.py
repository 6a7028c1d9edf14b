"""What is wrong with a page or a unit, and where: the findings of the binder and the linter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scalebook.errors import ClaimFailed

__all__ = ["Fault", "Mistake", "PageError"]


@dataclass(frozen=True, order=True)
class Fault:
    """One finding: file and line, the rule that it breaks, what is wrong, what to do next."""

    file: Path
    line: int
    rule: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        """As in a terminal: file:line: message; remedy."""
        tail = f"; {self.remedy}" if self.remedy else ""
        return f"{self.file}:{self.line}: {self.message}{tail}"


class Mistake(ClaimFailed):
    """An author's mistake, before its place is known; `rule` is the rule that it breaks.

    Whoever knows the file and the line makes a `Fault` of it.
    """

    def __init__(self, rule: str, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy or None)
        self.rule = rule

    def at(self, file: Path, line: int) -> Fault:
        """The fault at its place."""
        return Fault(file, line, self.rule, self.what, self.remedy or "")


class PageError(ClaimFailed):
    """A page cannot be built; `faults` are all the reasons (exit status 1)."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        first = self.faults[0]
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        super().__init__(
            f"{first.file}:{first.line}: {first.message}{more}", remedy=first.remedy or None
        )
