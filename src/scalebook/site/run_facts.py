"""The run behind a page's numbers, as a reader may want to check it: machine, engines, when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scalebook.results import Result, ServiceRecord

__all__ = ["Fact", "RunFacts", "engines_of", "run_facts"]


SHORT = 6
"""Digits of a run that a page shows, as in the addresses of its numbers."""


@dataclass(frozen=True)
class Fact:
    """One line: what it is, its text, and labels that stand beside it."""

    name: str
    text: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunFacts:
    """The facts of one run; `date` is ISO 8601, `day` the same in words."""

    id: str
    date: str
    day: str
    machine: str
    noisy: bool
    facts: tuple[Fact, ...]


def run_facts(result: Result) -> RunFacts:
    """What a page shows of the run that it quotes."""
    environment = result.environment
    arch = environment.system.split()[-1]
    day = f"{result.started.day} {result.started:%b %Y}"
    return RunFacts(
        id=result.run[:SHORT],
        date=f"{result.started:%Y-%m-%d}",
        day=day,
        machine=f"{environment.cores}-core {arch}",
        noisy=result.noisy,
        facts=tuple(_facts(result)),
    )


def engines_of(result: Result) -> tuple[str, ...]:
    """The engines that took part, each once, with their versions."""
    return tuple(dict.fromkeys(_engine(service) for service in result.services.values()))


def _facts(result: Result) -> Iterator[Fact]:
    environment = result.environment
    seconds = (result.finished - result.started).total_seconds()
    yield Fact("Run", f"{result.run}, {result.started:%Y-%m-%d %H:%M} UTC, {_long(seconds)}")
    yield Fact(
        "Machine",
        f"{environment.cpu}, {environment.cores} cores, {environment.memory_gb} GB, "
        f"{environment.system}, kernel {environment.kernel}",
    )
    load = f"load {environment.load_before:g} before"
    if environment.load_after is not None:
        load += f", {environment.load_after:g} after"
    if environment.fsync_seconds is not None:
        load += f"; a synchronous write takes {environment.fsync_seconds * 1000:.2g} ms"
    yield Fact("State", load, ("noisy machine",) if result.noisy else ())
    clients = [f"{name} {version}" for name, version in environment.clients.items()]
    yield Fact("Client", ", ".join([environment.python, *clients]))
    for name, service in result.services.items():
        yield _service(name, service)
    if result.settings:
        changed = ", ".join(f"{name} = {value}" for name, value in result.settings.items())
        yield Fact("Settings", changed)
    yield Fact("Code", f"digest {result.digest[:12]}, engine revision {result.engine_revision}")


def _service(name: str, service: ServiceRecord) -> Fact:
    text = f"{_engine(service)}, from {service.source}"
    labels: tuple[str, ...] = ()
    if service.capacity is not None:
        ms = service.capacity.seconds * 1000
        slots = service.capacity.slots
        requests = "request" if slots == 1 else "requests"
        text += f", at most {slots} {requests} at once, each held for {ms:g} ms"
        labels = ("imposed capacity",)
    return Fact(f"Engine {name}", text, labels)


def _engine(service: ServiceRecord) -> str:
    return (
        service.label if service.version in service.label else f"{service.label} {service.version}"
    )


def _long(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s long" if whole < 60 else f"{whole // 60} min {whole % 60} s long"
