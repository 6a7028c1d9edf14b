"""The immutable record of one run of one unit, as stored, exported and printed by `run --json`."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, JsonValue

from scalebook.results.environment import Environment
from scalebook.results.figures import AxisValue, Figure, PointRecord
from scalebook.results.model import Record
from scalebook.results.timelines import TimelineRecord, WitnessStep
from scalebook.stats import State

__all__ = [
    "SCHEMA_VERSION",
    "CapacityRecord",
    "CheckRecord",
    "Counterexample",
    "CrossingRecord",
    "Result",
    "ServiceRecord",
    "Validity",
    "VerdictRecord",
    "new_run_id",
    "now",
]

SCHEMA_VERSION = 1
"""Raised whenever an older Scalebook could no longer read a record."""

Utc = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]


def new_run_id() -> str:
    """Twelve hexadecimal digits; any unique beginning of them names the run."""
    return secrets.token_hex(6)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class CrossingRecord(Record):
    """Where the claim changes sides, in units of the axis."""

    at: float
    low: float
    high: float


class VerdictRecord(Record):
    """Verdict on the published claim; `factor` and `metric` are None for invariants."""

    state: State
    crossing: CrossingRecord | None
    reason: str
    claim: str
    factor: float | None = None
    metric: str | None = None
    technique: str | None = None
    over: str | None = None


class CheckRecord(Record):
    """A promise checked on one variant that should keep it; `under` names the fault, if any."""

    promise: str
    variant: str
    trial: str
    attempts: int
    violations: int
    under: str | None = None
    point: AxisValue | None = None
    witness: tuple[str, ...] = ()
    steps: tuple[WitnessStep, ...] = ()


class Counterexample(Record):
    """A promise checked on one variant that should break it; `caught` says whether it did.

    `witness` is the smallest history that shows it, in lines, and `steps` its operations;
    `replay` the command that repeats it from `seed`.
    """

    promise: str
    variant: str
    trial: str
    caught: bool
    attempts: int
    seed: int | None = None
    witness: tuple[str, ...] = ()
    steps: tuple[WitnessStep, ...] = ()
    replay: str | None = None
    under: str | None = None
    point: AxisValue | None = None


class Validity(Record):
    """Whether reality matched the lab's matrix and all gates passed; if not, what was wrong."""

    valid: bool
    problems: tuple[str, ...] = ()


class CapacityRecord(Record):
    """Imposed service time: at most `slots` requests at once, each held for `seconds`."""

    slots: int
    seconds: float


class ServiceRecord(Record):
    """An engine that took part: what it was, where it came from, and how it was set."""

    kind: str
    version: str
    label: str
    source: str
    settings: dict[str, JsonValue] = {}
    capacity: CapacityRecord | None = None
    details: dict[str, JsonValue] = {}
    """Whatever else the engine says of itself, such as its allocator."""


class Result(Record):
    """One run of one unit: all trials, what follows from them, and where they were made."""

    schema_version: int = SCHEMA_VERSION
    run: str
    unit: str
    number: int | None
    title: str
    question: str = ""
    started: Utc
    finished: Utc
    purpose: Literal["run", "reference", "test"] = "run"
    budget: Literal["quick", "default", "full"] = "default"
    settings: dict[str, JsonValue] = {}
    """What `--set` changed on the command line."""
    axis: str | None = None
    points: tuple[PointRecord, ...]
    checks: tuple[CheckRecord, ...] = ()
    counterexamples: tuple[Counterexample, ...] = ()
    timelines: tuple[TimelineRecord, ...] = ()
    """Of trials with steps or faults: the last run of each variant at each point."""
    floor: dict[str, Figure] = {}
    """Service -> seconds of the client's cheapest round trip."""
    verdict: VerdictRecord
    validity: Validity
    environment: Environment
    services: dict[str, ServiceRecord] = {}
    digest: str
    engine_revision: int
    interrupted: bool = False
    noisy: bool = False
