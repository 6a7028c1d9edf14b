"""The terminal that we print to."""

from __future__ import annotations

from typing import IO

from rich.console import Console

__all__ = ["WIDEST", "screen"]

WIDEST = 100


def screen(file: IO[str] | None = None) -> Console:
    """A console of the terminal's width, at most 100 columns; plain where it is no terminal.

    Colours go away with NO_COLOR and on dumb terminals.
    """
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    if console.width > WIDEST:
        console.width = WIDEST
    return console
