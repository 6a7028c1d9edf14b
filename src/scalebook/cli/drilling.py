"""`scalebook drill`: the book's interview questions, again when you are about to forget them."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from scalebook.cli import failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scalebook.practice.cards import Card
    from scalebook.practice.drill import Drill

__all__ = ["command"]

WIDEST = 100


@click.command("drill")
@click.argument("names", metavar="[UNIT]...", nargs=-1)
@click.option("--new", type=click.IntRange(0), default=10, help="At most so many new cards (10).")
@click.option("--json", "as_json", is_flag=True, help="The cards and their schedule; asks nothing.")
def command(names: tuple[str, ...], new: int, as_json: bool) -> int:
    """Answer interview questions: think, press Enter, compare, grade yourself.

    The grades are again, hard, good and easy (1 to 4, or a letter); q ends. Each grade is kept
    at once, and decides when the card comes again (FSRS).

    \b
    Examples:
      scalebook drill
      scalebook drill redis/counter --new 5
    """
    from scalebook.book import find
    from scalebook.book.page import Book
    from scalebook.practice.cards import cards_of
    from scalebook.practice.drill import Drill
    from scalebook.practice.progress import Progress

    units = [find(name) for name in names]
    book = Book()
    wanted = {unit.id for unit in units}
    found = cards_of(book, [u for u in book.units if not wanted or u.id in wanted])
    for fault in found.faults:
        click.echo(str(fault), err=True)
    drill = Drill(found.cards, Progress(), new=new)
    if as_json:
        facts = [_facts(card, drill) for card in found.cards]
        click.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return int(bool(found.faults))
    return _sitting(drill)


def _facts(card: Card, drill: Drill) -> dict[str, object]:
    state = drill.state(card)
    return {
        "card": card.id,
        "unit": card.unit,
        "ask": card.ask,
        "answer": card.answer,
        "follow_up": card.follow_up,
        "red_flag": card.red_flag,
        "due": state.due.isoformat() if state else None,
    }


def _sitting(drill: Drill) -> int:
    """Ask until nothing is due, the reader leaves or the input ends; the exit status."""
    grades = [0, 0, 0, 0]
    status = 0
    try:
        while (card := drill.next()) is not None:
            grade = _asked(card, drill)
            if grade is None:
                break
            due = drill.grade(card, grade)
            grades[grade - 1] += 1
            click.echo(f"Again {_when(due)}.\n")
    except KeyboardInterrupt:
        click.echo()
        status = failure.INTERRUPTED
    click.echo(_summary(grades, drill))
    return status


def _asked(card: Card, drill: Drill) -> int | None:
    """Show a card and return its grade; None where the reader leaves."""
    click.echo(f"{card.title}  ({drill.due} due, {drill.new} new)")
    _paragraph(card.ask, "  ")
    if _line("[Enter shows the answer, q ends] ") in (None, "q"):
        return None
    _paragraph(card.answer, "  ")
    if card.follow_up:
        _paragraph(f"Follow-up: {card.follow_up}", "  ")
    if card.red_flag:
        _paragraph(f"Red flag: {card.red_flag}", "  ")
    while True:
        said = _line("[1 again, 2 hard, 3 good, 4 easy, q ends] ")
        if said in (None, "q"):
            return None
        if grade := _grade(said):
            return grade
        click.echo("One of 1, 2, 3, 4 (or a, h, g, e), please.")


def _grade(said: str | None) -> int | None:
    """The number of a grade, from its number, its name or the beginning of it; None for none."""
    from scalebook.practice.drill import GRADES

    for number, name in enumerate(GRADES, 1):
        if said and (said == str(number) or name.startswith(said)):
            return number
    return None


def _line(prompt: str) -> str | None:
    """What the reader types, in small letters; None at the end of the input."""
    click.echo(prompt, nl=False)
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line or not sys.stdin.isatty():
        click.echo()
    return line.strip().lower() if line else None


def _paragraph(text: str, indent: str) -> None:
    width = min(WIDEST, shutil.get_terminal_size().columns)
    click.echo(textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent))


def _when(due: datetime) -> str:
    """How long until then, in the largest unit that fits."""
    seconds = max(0, round((due - datetime.now(UTC)).total_seconds()))
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 0.9 * size:
            count = max(1, round(seconds / size))
            return f"in {count} {name}{'' if count == 1 else 's'}"
    return "in a moment"


def _summary(grades: Sequence[int], drill: Drill) -> str:
    from scalebook.practice.drill import GRADES

    count = sum(grades)
    if not count:
        waits = drill.next_due
        if drill.next() is None and waits is not None:
            return f"Nothing is due. The next card comes {_when(waits)}."
        return "No card was graded."
    parts = [f"{n} {name}" for n, name in zip(grades, GRADES, strict=True) if n]
    said = f"{count} graded: {', '.join(parts)}."
    if drill.next_due is not None:
        said += f" The next card comes {_when(drill.next_due)}."
    return said
