"""What `run` is asked for, checked before anything starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from scalebook.book import Unit, all_units, with_lab
from scalebook.errors import LabError, ScalebookError, UsageError

__all__ = [
    "Asked",
    "assignments",
    "engines_option",
    "named",
    "plain",
    "points_of",
    "readable",
    "refuse_clashes",
]

engines_option = click.option(
    "--engine",
    "engines",
    multiple=True,
    metavar="NAME=PATH",
    help="Use this binary, or this source (wheel, debian, PATH).",
)
"""`--engine` of every command that starts engines; `assignments` reads it."""


@dataclass(frozen=True)
class Asked:
    """One unit as it was asked for; `fault` where no unit answers to it."""

    name: str
    unit: Unit | None = None
    fault: ScalebookError | None = None


def named(names: Sequence[str], chapters: Sequence[str]) -> list[Asked]:
    """The units of these names and all labs of these chapters, each once.

    A name that no unit has is kept with its fault, so that the others can run. `UsageError`
    where nothing is named at all, or a chapter has no lab.
    """
    if not names and not chapters:
        raise UsageError("no unit is named", remedy="for example: scalebook run 1; or --chapter")
    asked = [_asked(name) for name in names]
    for chapter in chapters:
        labs = [Asked(unit.id, unit) for unit in all_units(chapter) if unit.has_lab]
        if not labs:
            raise UsageError(f"chapter {chapter} has no lab yet", remedy="see: scalebook plan")
        asked += labs
    once: dict[str, Asked] = {}
    for one in asked:
        once.setdefault(str(one.unit.folder) if one.unit else one.name, one)
    return list(once.values())


def _asked(name: str) -> Asked:
    try:
        return Asked(name, with_lab(name))
    except UsageError as error:
        return Asked(name, fault=error)


def readable(unit: Unit) -> None:
    """`LabError` for a lab that cannot even be parsed."""
    if unit.fault:
        raise LabError(unit.fault, remedy="mend the syntax of the lab; nothing of it was run")


def refuse_clashes(chosen: dict[str, bool]) -> None:
    """`UsageError` where two flags contradict each other."""
    clashes = [
        ("--quick", "--full"),
        ("--events", "--json"),
        ("--reference", "--quick"),
        ("--reference", "--set"),
        ("--reference", "--at"),
    ]
    for one, other in clashes:
        if chosen.get(one) and chosen.get(other):
            why = ""
            if one == "--reference":
                why = ": a page quotes the lab as it is written, looked at closely"
            raise UsageError(f"{one} and {other} exclude each other{why}", remedy="leave one out")


def assignments(given: Sequence[str], option: str) -> dict[str, str]:
    """`key=value` options as a dictionary; `UsageError` for another form or a key given twice."""
    found: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise UsageError(f"{option} {text}: not of the form key=value")
        if key in found:
            raise UsageError(f"{option} {key} is given twice", remedy="leave one out")
        found[key] = value
    return found


def plain(text: str) -> int | float | str:
    """A number where the text is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def points_of(text: str | None) -> list[object] | None:
    """`--at 10,1_000` as points; None where it was not given."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise UsageError(f"--at {text}: an empty point", remedy="for example: --at 10,1000")
    return [plain(part) for part in parts]
