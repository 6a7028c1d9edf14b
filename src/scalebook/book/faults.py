"""What is wrong with a page or a unit, and where: the findings of the binder and the linter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scalebook.errors import ClaimFailed

__all__ = ["Fault", "PageError"]


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


class PageError(ClaimFailed):
    """A page cannot be built; `faults` are all the reasons (exit status 1)."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        first = self.faults[0]
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        super().__init__(
            f"{first.file}:{first.line}: {first.message}{more}", remedy=first.remedy or None
        )
