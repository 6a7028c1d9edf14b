"""What a judge says of a solution: verdict, findings with their witness, the bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["EXIT_STATUS", "Bar", "Finding", "Judgement", "Verdict"]

Verdict = Literal["pass", "fail", "undecided"]
EXIT_STATUS: Mapping[str, int] = {"pass": 0, "fail": 1, "undecided": 5}


@dataclass(frozen=True)
class Finding:
    """One reason against a solution.

    `kind`: "answers", "promise", "code" (it raised, hung, or ended its process), "bar", or "few"
    (too few operations succeeded to say anything), which alone leaves the verdict undecided.
    `witness`: the smallest one, a line each, with the milliseconds since its first operation.
    """

    kind: Literal["answers", "promise", "code", "bar", "few"]
    text: str
    promise: str | None = None
    trial: str | None = None
    point: Any = None
    workers: int | None = None
    seed: int | None = None
    witness: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bar:
    """How a solution compares: its figure over the reference's, above 1 where it is better.

    `low` and `high` bound the 95 % interval over `pairs` randomised pairs.
    """

    of: str
    value: float
    low: float
    high: float
    pairs: int
    needed: float


@dataclass(frozen=True)
class Judgement:
    """The outcome of one check. `tried` tells what was done, one line each."""

    unit: str
    technique: str
    verdict: Verdict
    seed: int
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    bar: Bar | None = None
    stray: str = ""
    """What the learner's code printed."""
    seconds: float = 0.0

    @property
    def exit_status(self) -> int:
        """Of the command that made it."""
        return EXIT_STATUS[self.verdict]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Judgement:
        """What `to_json` gave, also through JSON text."""
        findings = tuple(
            Finding(**{**found, "witness": tuple(found["witness"])}) for found in data["findings"]
        )
        bar = Bar(**data["bar"]) if data.get("bar") else None
        lists = {name: tuple(data[name]) for name in ("notes", "tried")}
        return cls(**{**data, **lists, "findings": findings, "bar": bar})
