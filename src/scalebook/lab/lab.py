"""The lab: one frozen piece of data that joins the whole vocabulary, checked when it is made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scalebook.errors import LabError
from scalebook.lab import rules
from scalebook.lab.agree import Comparator
from scalebook.lab.claim import Claim
from scalebook.lab.client import Client
from scalebook.lab.promise import Promise
from scalebook.lab.trials import Trial
from scalebook.lab.workload import Role, Workload

__all__ = ["Lab", "LabAt"]


@dataclass(frozen=True)
class LabAt:
    """A lab at one point of its axis: every field a plain value."""

    point: Any
    services: Mapping[str, Any]
    load: str | Callable[[Any, Any], Any] | None
    workload: Workload | None
    roles: Sequence[Role]
    variants: Sequence[type[Client]]
    promises: Sequence[Promise]
    trials: Sequence[Trial]
    agree: Mapping[str, Comparator]


@dataclass(frozen=True, kw_only=True)
class Lab:
    """One experiment. Any field but `at`, `claim` and `agree` may be a function of the point.

    `at` is the axis: its name and its points, in rising order. `load(services, point)`, or SQL
    with `{axis}` in it, fills an arm before its clients open; PostgreSQL's random() and
    `services.random` then follow the run's seed. Wrong use raises `LabError`.
    """

    at: tuple[str, Sequence[Any]]
    services: Mapping[str, Any] | Callable[[Any], Mapping[str, Any]]
    variants: Sequence[type[Client]] | Callable[[Any], Sequence[type[Client]]]
    trials: Sequence[Trial] | Callable[[Any], Sequence[Trial]]
    claim: Claim
    load: str | Callable[[Any, Any], Any] | None = None
    workload: Workload | Callable[[Any], Workload] | None = None
    roles: Sequence[Role] | Callable[[Any], Sequence[Role]] = ()
    promises: Sequence[Promise] | Callable[[Any], Sequence[Promise]] = ()
    agree: Mapping[str, Comparator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = _caller()
        try:
            rules.check_axis(self.at)
            resolved = [self.resolved(point) for point in self.points]
            rules.check(resolved[0], self.claim)
        except rules.Broken as broken:
            raise LabError(f"{where}: {broken.what}", remedy=broken.remedy) from None

    @property
    def axis(self) -> str:
        """The axis's name, with its unit."""
        return self.at[0]

    @property
    def points(self) -> list[Any]:
        """The points, in rising order."""
        return list(self.at[1])

    def resolved(self, point: Any) -> LabAt:
        """Every field at `point`; a function of the point is called with it."""

        def value(field_value: Any) -> Any:
            is_function = callable(field_value) and not isinstance(field_value, type)
            return field_value(point) if is_function else field_value

        services = {name: _made(kind) for name, kind in value(self.services).items()}
        return LabAt(
            point=point,
            services=services,
            load=_filled(self.load, self.axis, point),
            workload=self._keyed(value(self.workload), point),
            roles=[self._keyed(role, point) for role in value(self.roles)],
            variants=list(value(self.variants)),
            promises=list(value(self.promises)),
            trials=list(value(self.trials)),
            agree=self.agree,
        )

    def _keyed(self, work: Any, point: Any) -> Any:
        """`keys="rows"` means as many keys as the point of axis "rows"."""
        if not isinstance(getattr(work, "keys", None), str):
            return work
        if work.keys != self.axis:
            remedy = f"give a number, a distribution, or {self.axis!r}, the axis"
            raise rules.Broken(f"keys={work.keys!r}", remedy)
        return replace(work, keys=int(point))


def _made(service: Any) -> Any:
    return service() if isinstance(service, type) else service


def _filled(load: Any, axis: str, point: Any) -> Any:
    if not isinstance(load, str):
        return load
    return load.replace("{" + axis + "}", str(point)).replace("{at}", str(point))


def _caller() -> str:
    """The line of the author's file that is being read, as file:line."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(
        ("scalebook.lab.", "dataclasses")
    ):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
