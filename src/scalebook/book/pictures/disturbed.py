"""Disturbed trials: which there are, and what was done to them from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scalebook.book.pictures.svg import PictureError
from scalebook.book.pictures.words import count

if TYPE_CHECKING:
    from scalebook.results import Result, TimelineRecord

__all__ = ["Disturbance", "disturbances", "timelines_of"]

DONE = {
    "pause": "{} paused",
    "kill": "{} killed",
    "restart": "{} restarted",
    "cut": "{} cut off",
    "lose": "answers of {} lost",
    "delay": "{} delayed",
}


@dataclass(frozen=True)
class Disturbance:
    """Something done to a trial: in words, from and until in seconds."""

    said: str
    start: float
    end: float


def disturbances(record: TimelineRecord) -> list[Disturbance]:
    """Faults from their beginning to their end ("end of pause"), and steps as long as they took.

    A fault without an end lasts until the trial's.
    """
    found = []
    ends = [window for window in record.windows if window.kind.startswith("end of ")]
    for window in record.windows:
        if window.kind.startswith("end of "):
            continue
        end = window.end
        if window.kind in DONE and window.kind != "restart":
            matching = (
                w.start
                for w in ends
                if (w.kind, w.target) == (f"end of {window.kind}", window.target)
                and w.start >= window.start
            )
            end = min(matching, default=record.seconds)
        name = window.kind.replace("_", " ")
        said = DONE[window.kind].format(window.target) if window.kind in DONE else name
        found.append(Disturbance(said, window.start, end))
    return found


def timelines_of(
    result: Result,
    trial: str,
    point: float | str | None = None,
    variants: Sequence[str] | None = None,
) -> list[TimelineRecord]:
    """The timelines of a trial at a point (the only one if None), in the order asked for."""
    named = [t for t in result.timelines if t.trial == trial]
    if not named:
        known = ", ".join(dict.fromkeys(t.trial for t in result.timelines))
        remedy = f"use one of {known}" if known else "only trials with steps or faults have one"
        raise PictureError(f"no timeline of a trial '{trial}' in {result.unit}", remedy)
    points = list(dict.fromkeys(t.point for t in named))
    if point is None and len(points) > 1:
        said = ", ".join(count(p) for p in points)
        raise PictureError(f"the trial '{trial}' ran at several points", f"use one of {said}")
    found = [t for t in named if point is None or str(t.point) == str(point)]
    if not found:
        said = ", ".join(count(p) for p in points)
        raise PictureError(f"no timeline at {count(point or 0)}", f"use one of {said}")
    if not variants:
        return found
    by_name = {t.variant: t for t in found}
    missing = [name for name in variants if name not in by_name]
    if missing:
        raise PictureError(f"no timeline of {missing[0]}", f"use one of {', '.join(by_name)}")
    return [by_name[name] for name in variants]
