"""What a disturbed trial looked like from second to second, small enough to be quoted."""

from scalebook.results.figures import AxisValue
from scalebook.results.model import Record

__all__ = ["Bucket", "TimelineRecord", "Window", "WitnessStep"]


class Window(Record):
    """Something done on the timeline of a trial, in seconds from its first operation."""

    kind: str
    """"pause", "end of pause", "step": as the lab names it."""
    target: str
    start: float
    end: float


class Bucket(Record):
    """The operations of one name that were due in one slice of a trial."""

    at: float
    """Seconds from the trial's first operation to the middle of the slice."""
    ok: int = 0
    failed: int = 0
    unknown: int = 0
    worst: float | None = None
    """Longest latency, in seconds, of those that succeeded (from the schedule in an open loop)."""


class TimelineRecord(Record):
    """One trial with steps or faults: what was done, and how the operations fared meanwhile."""

    variant: str
    trial: str
    point: AxisValue
    seed: int
    seconds: float
    windows: tuple[Window, ...]
    buckets: dict[str, tuple[Bucket, ...]]
    """Operation -> its slices, all of the same length, in order."""
    percentiles: dict[str, dict[str, float]]
    """Operation -> percentile ("50", "99.9", "100") -> seconds, of those that succeeded."""


class WitnessStep(Record):
    """One operation of a witness; times in seconds from the first of them."""

    who: str
    what: str
    answer: str
    start: float
    end: float
    guilty: bool = False
    """Is this the operation that the check accuses?"""
