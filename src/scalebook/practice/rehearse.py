"""For authors: an exercise is fair if its judge fails the starter, passes the reference, and fails
each broken variant of the lab by the promise that it breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scalebook.book import Unit
from scalebook.engine import Reporter, silent
from scalebook.labfile import import_lab
from scalebook.practice.front import Exercise, judge
from scalebook.practice.judgement import Judgement
from scalebook.practice.starter import Starter

__all__ = ["CORRECTNESS", "Rehearsed", "rehearse", "wrong_answers"]

CORRECTNESS = ("answers", "promises", "sweep")
"""All but the comparison with the reference, which noise may leave undecided."""


@dataclass(frozen=True)
class Rehearsed:
    """How one answer fared; `wanted`: the verdict it must get, and by which promises."""

    who: str
    wanted: str
    promises: tuple[str, ...]
    found: Judgement

    @property
    def good(self) -> bool:
        """Did the judge say what it must?"""
        broken = {finding.promise for finding in self.found.findings}
        by_name = not self.promises or bool(broken & set(self.promises))
        return self.found.verdict == self.wanted and by_name

    @property
    def text(self) -> str:
        """In one line."""
        reasons = [f"'{f.promise}'" if f.promise else f.text for f in self.found.findings]
        said = f"{self.found.verdict}{': ' if reasons else ''}{'; '.join(reasons)}"
        asked = f" (wanted: {self.wanted}" + (
            f" by {' or '.join(map(repr, self.promises))})" if self.promises else ")"
        )
        return f"{self.who}: {said}{'' if self.good else asked}"

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        return {
            "who": self.who,
            "good": self.good,
            "wanted": self.wanted,
            "promises": list(self.promises),
            "judgement": self.found.to_json(),
        }


def wrong_answers(unit: Unit) -> dict[str, tuple[str, ...]]:
    """Variant -> the promises that it breaks at a point where the technique keeps them."""
    lab = import_lab(unit.folder / "lab.py")
    technique = lab.claim.technique
    found: dict[str, list[str]] = {}
    for point in lab.points:
        for promise in lab.resolved(point).promises:
            if technique in promise.kept_by:
                for variant in promise.broken_by:
                    found.setdefault(variant.__name__, []).append(promise.name)
    return {name: tuple(dict.fromkeys(promises)) for name, promises in found.items()}


def rehearse(
    unit: Unit,
    *,
    seed: int | None = None,
    engines: Mapping[str, str] = MappingProxyType({}),
    reporter: Reporter = silent,
) -> Iterator[Rehearsed]:
    """Judge the starter, the reference and the broken variants of a unit, correctness only.

    The broken ones are asked for their promises alone: some also answer otherwise than the
    reference does, which would be found first.
    """
    lab = unit.folder / "lab.py"
    starter, text = Starter(unit.id, lab), lab.read_text(encoding="utf-8")

    def judged(text: str, named: str | None, parts: tuple[str, ...]) -> Judgement:
        shown = f"{unit.folder}/solution.py"
        exercise = Exercise(unit, text, shown, named=named, parts=parts, engines=engines)
        return judge(exercise, seed=seed, reporter=reporter)

    yield Rehearsed("the starter", "fail", (), judged(starter.text(), None, CORRECTNESS))
    yield Rehearsed("the reference", "pass", (), judged(text, None, CORRECTNESS))
    for name, promises in wrong_answers(unit).items():
        found = judged(text, name, CORRECTNESS[1:])
        yield Rehearsed(name, "fail", promises, found)
