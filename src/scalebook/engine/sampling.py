"""Sampled operations before anything is timed: the validity gates and the exact evidence."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import redis

from scalebook.engine.arm import Arm
from scalebook.errors import HarnessError
from scalebook.lab import Client, Command, Op, Plan, Workload, same
from scalebook.lab.lab import LabAt
from scalebook.lab.workload import Keys, Uniform
from scalebook.load.session import close_client
from scalebook.results.figures import Figure, Gate
from scalebook.services.redis import RedisAccess

__all__ = ["Sample", "draws", "gates", "keys_of", "sample"]

SAMPLES = 5
READS = ("select", "with", "insert", "update", "delete", "table", "values")
NOT_COMMANDS = {"info", "auth", "hello", "client", "select", "ping", "config"} | {
    "keyspace_hits",
    "keyspace_misses",
    "used_memory",
}
EMPTY: tuple[object, ...] = (None, "", b"", [], (), {}, set())


@dataclass
class Sample:
    """What one variant did when it was asked the same questions as the others."""

    results: dict[str, list[Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    plans: dict[str, Any] = field(default_factory=dict)
    nodes: dict[str, set[tuple[str, str | None]]] = field(default_factory=dict)
    commands: dict[str, set[str]] = field(default_factory=dict)
    counters: dict[str, list[float]] = field(default_factory=dict)
    """Counter -> what each sampled call of its operation added, 0 where it added nothing."""
    trips: dict[str, dict[str, float]] = field(default_factory=dict)
    """Operation -> service -> round trips of the median sample."""
    ops: list[Op] = field(default_factory=list)
    """The sampled operations themselves: they changed the arm's state."""

    def figures(self) -> dict[str, Figure]:
        """The counters, per operation."""
        figures = {}
        for name, seen in sorted(self.counters.items()):
            mean = sum(seen) / len(seen)
            unit = "bytes" if name.endswith("bytes") else "per operation"
            figures[name] = Figure(
                value=mean, low=min(seen), high=max(seen), n=len(seen), unit=unit
            )
        return figures


def draws(workload: Workload, seed: int) -> Iterator[tuple[str, int]]:
    """The same sampled questions for every variant: each operation in turn, with a key."""
    source = random.Random(seed)  # noqa: S311 - a seeded choice
    keys = keys_of(workload)
    for _ in range(SAMPLES):
        for op in workload.mix:
            yield op, keys.draw(source)


def keys_of(workload: Workload) -> Keys:
    """The distribution that the workload's keys stand for."""
    if isinstance(workload.keys, str):
        raise TypeError("the axis's name is replaced by the point when a lab is resolved")
    return Uniform(workload.keys) if isinstance(workload.keys, int) else workload.keys


def sample(arm: Arm, workload: Workload, seed: int) -> Sample:
    """Ask one arm; its state is as the load left it."""
    found = Sample()
    client = arm.client(0)
    client.open(arm.handed)
    trips: dict[str, dict[str, list[float]]] = {}
    calls: dict[str, list[Counter[str]]] = {}
    for op, key in draws(workload, seed):
        caches = [(n, a) for n, a in arm.accesses.items() if isinstance(a, RedisAccess)]
        before = {name: (_counts(access), access.round_trips) for name, access in caches}
        connections = list(_connections(client))
        for connection in connections:
            connection.recorded = []
        begun = time.perf_counter()
        try:
            result = getattr(client, op)(key)
        except (psycopg.Error, redis.RedisError, OSError) as error:
            found.errors.setdefault(op, f"{type(error).__name__}: {error}".strip())
            break
        trips_after = {name: access.round_trips for name, access in caches}
        found.results.setdefault(op, []).append(result)
        found.ops.append(Op(op, 0, key, begun, time.perf_counter(), result=result, role="sample"))
        per_service = trips.setdefault(op, {})
        counted: Counter[str] = Counter()
        calls.setdefault(op, []).append(counted)
        statements = [s for connection in connections for s in connection.recorded]
        for connection in connections:
            ran, connection.recorded = connection.recorded, None
            counted.update(_explain(found, op, connection, ran, arm))
        if connections:
            database = _first(arm, "postgresql")
            per_service.setdefault(database, []).append(len(statements))
            counted["statements"] += len(statements)
        for name, (counts, trips_before) in before.items():
            sent = _difference(counts, _counts(arm.accesses[name]))
            found.commands.setdefault(op, set()).update(sent)
            per_service.setdefault(name, []).append(trips_after[name] - trips_before)
            counted.update({f"{name} {command}": count for command, count in sent.items()})
    found.counters = {
        f"{op}: {name}": [float(counted[name]) for counted in of_op]
        for op, of_op in calls.items()
        for name in set().union(*of_op)
    }
    found.trips = {
        op: {name: sorted(seen)[len(seen) // 2] for name, seen in services.items()}
        for op, services in trips.items()
    }
    close_client(client)
    return found


def gates(
    lab: LabAt, samples: Mapping[str, Sample], variants: Sequence[type[Client]]
) -> list[Gate]:
    """Non-empty data, equal answers, and the intended plan or command, for these variants."""
    found = [*_errors(samples)]
    if found:
        return found
    first = variants[0].__name__
    for op in lab.workload.mix if lab.workload else ():
        answers = {name: sample.results.get(op, []) for name, sample in samples.items()}
        empty = [n for n, got in answers.items() if all(_is_empty(x) for x in got)]
        if 0 < len(empty) < len(answers) or (empty and op in lab.agree):
            found.append(_gate("data", False, f"{op} of {', '.join(empty)} returns nothing"))
        elif not empty:
            found.append(_gate("data", True, f"{op} returns data"))
        agree = lab.agree.get(op, same)
        for name, got in answers.items():
            pairs = list(zip(answers[first], got, strict=False))
            differing = [(a, b) for a, b in pairs if not agree(a, b)]
            if differing:
                a, b = differing[0]
                text = f"{op}: {first} answers {a!r}, {name} answers {b!r}"
                found.append(_gate("equal answers", False, text[:300]))
        if not any(g.name == "equal answers" and not g.passed for g in found):
            found.append(_gate("equal answers", True, f"{op}: {agree.__name__}"))
    return found + [gate for v in variants for gate in _uses(v, samples[v.__name__])]


def _errors(samples: Mapping[str, Sample]) -> Iterator[Gate]:
    for name, sampled in samples.items():
        for op, error in sampled.errors.items():
            yield _gate("operations succeed", False, f"{name}.{op}: {error}"[:300])


def _uses(variant: type[Client], sampled: Sample) -> Iterator[Gate]:
    for op, use in variant.uses.items():
        if op not in sampled.results:
            continue
        who = f"{variant.__name__}.{op}"
        if isinstance(use, Plan):
            nodes = sampled.nodes.get(op, set())
            used = any(use.node == node and use.on in (None, on) for node, on in nodes)
            seen = ", ".join(sorted(f"{n} on {on}" if on else n for n, on in nodes)) or "no query"
            wanted = use.node + (f" on {use.on}" if use.on else "")
            yield _gate("plan", used, f"{who} uses {wanted}" if used else f"{who}: {seen}")
        elif isinstance(use, Command):
            seen_commands = sampled.commands.get(op, set())
            missing = [name for name in use.names if name not in seen_commands]
            text = f"{who} never sent {', '.join(missing)}" if missing else f"{who}: as intended"
            yield _gate("commands", not missing, text)


def _gate(name: str, passed: bool, detail: str) -> Gate:
    return Gate(name=name, passed=passed, detail=detail)


def _is_empty(answer: Any) -> bool:
    return any(answer is e or (type(answer) is type(e) and answer == e) for e in EMPTY)


def _first(arm: Arm, kind: str) -> str:
    return next(name for name, access in arm.accesses.items() if access.kind == kind)


def _connections(client: Client) -> Iterator[Any]:
    """The recording connections that the client keeps, each once."""
    seen = set()
    for held in vars(client).values():
        if hasattr(held, "recorded") and id(held) not in seen:
            seen.add(id(held))
            yield held


def _counts(access: Any) -> dict[str, int]:
    """Commands so far, without those that connecting and asking cost."""
    counters: dict[str, int] = access.counters()
    return {n: c for n, c in counters.items() if n.split("|")[0] not in NOT_COMMANDS}


def _difference(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {n: c - before.get(n, 0) for n, c in after.items() if c > before.get(n, 0)}


def _explain(found: Sample, op: str, connection: Any, ran: Sequence[Any], arm: Arm) -> Counter[str]:
    """EXPLAIN what the operation really ran, with its own parameters; rolled back.

    Returns the pages that it touched.
    """
    touched: Counter[str] = Counter()
    access: Any = arm.accesses[_first(arm, "postgresql")]
    for statement, parameters in ran:
        if not str(statement).lstrip().lower().startswith(READS):
            continue
        if connection.info.transaction_status.name not in {"IDLE", "INTRANS"}:
            raise HarnessError(f"the connection of {op} is in the middle of something")
        plan = access.explain(connection, statement, parameters)
        root = plan["Plan"]
        found.plans.setdefault(op, plan)
        found.nodes.setdefault(op, set()).update(_nodes(root))
        buffers = root.get("Shared Hit Blocks", 0) + root.get("Shared Read Blocks", 0)
        touched["buffers"] += buffers
    return touched


def _nodes(plan: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    yield plan["Node Type"], plan.get("Relation Name")
    if "Index Name" in plan:
        yield plan["Node Type"], plan["Index Name"]
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
