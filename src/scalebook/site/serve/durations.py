"""How long a run will take, as far as earlier ones tell."""

from __future__ import annotations

from scalebook.results import Result
from scalebook.site.serve.jobs import Job

__all__ = ["expected_seconds"]


def expected_seconds(
    unit: str, budget: str, jobs: list[Job], reference: Result | None
) -> float | None:
    """Seconds of the last whole run of this kind on this machine, else of the reference.

    None where neither was of this budget. Runs of chosen points or constants do not count.
    """
    for job in reversed(jobs):
        order = job.order
        plain = not order.points and not order.settings
        if plain and (order.unit, order.budget) == (unit, budget) and job.state == "finished":
            return job.seconds
    if reference is not None and reference.budget == budget:
        return (reference.finished - reference.started).total_seconds()
    return None
