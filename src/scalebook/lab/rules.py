"""How the vocabulary fits together; each rule says what is wrong and how to mend it."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from scalebook.lab.claim import Claim, Invariant, Latency, Saving
from scalebook.lab.client import Client, figures_of
from scalebook.lab.program import Program
from scalebook.lab.promise import Promise
from scalebook.lab.trials import Exact, Fault, Interleaved, Slices, Whole
from scalebook.lab.workload import Role, Workload

if TYPE_CHECKING:
    from scalebook.lab.lab import LabAt

__all__ = ["Broken", "check", "check_axis"]

FAULT_KINDS = {"kill", "restart", "pause", "cut", "lose", "delay"}


class Broken(Exception):
    """A rule that a lab breaks."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def _demand(truth: object, what: str, remedy: str) -> None:
    if not truth:
        raise Broken(what, remedy)


def check_axis(at: Any) -> None:
    """The axis is a name and some points in rising order."""
    good = isinstance(at, tuple) and len(at) == 2 and isinstance(at[0], str)
    _demand(good, "`at` is not an axis", 'write it as at=("rows", [1_000, 10_000])')
    points = list(at[1])
    _demand(points, f"axis {at[0]!r} has no points", "give it at least one point")
    numbers = [p for p in points if isinstance(p, int | float) and not isinstance(p, bool)]
    if len(numbers) == len(points):
        rising = all(a < b for a, b in itertools.pairwise(points))
        _demand(rising, f"the points of {at[0]!r} do not rise", "sort them and drop repetitions")
    else:
        _demand(
            len(set(points)) == len(points), f"{at[0]!r} repeats a point", "drop the repetition"
        )


def check(lab: LabAt, claim: Claim) -> None:
    """Everything else, at the first point."""
    _variants(lab.variants)
    _services(lab)
    _trials(lab)
    _load(lab)
    _operations(lab)
    for promise in lab.promises:
        _promise(promise, lab)
    _claim(claim, lab)
    _timelines(lab)


def _variants(variants: Sequence[Any]) -> None:
    _demand(variants, "there are no variants", "list the client classes, the baseline first")
    for variant in variants:
        is_client = isinstance(variant, type) and issubclass(variant, Client)
        _demand(is_client, f"variant {variant!r} is not a Client class", "derive it from Client")
        own = variant.__dict__.get("__doc__")
        _demand(own, f"{variant.__name__} has no docstring", "say in a sentence what it does")
    names = [variant.__name__ for variant in variants]
    _demand(len(set(names)) == len(names), "two variants share a name", "rename one")


def _services(lab: LabAt) -> None:
    _demand(lab.services, "there are no services", 'name them: services={"pg": Postgres}')
    for name, spec in lab.services.items():
        text = "services.random is the random source of a load"
        _demand(name != "random", text, "call the service otherwise")
        _demand(
            hasattr(spec, "kind") and hasattr(spec, "start"),
            f"service {name!r} is {spec!r}, not an engine",
            "use a class of scalebook.services, e.g. Postgres or Redis(appendonly='always')",
        )
    for variant in lab.variants:
        for name, program in variant.programs.items():
            good = isinstance(program, type) and issubclass(program, Program)
            _demand(good, f"program {name!r} is not a Program class", "derive it from Program")
            _demand(name not in lab.services, f"{name!r} names a service and a program", "rename")
        for op, native in variant.native.items():
            _demand(
                native.on in lab.services,
                f"{variant.__name__}.native[{op!r}] runs on unknown service {native.on!r}",
                f"say on= one of {_names(lab.services)}",
            )


def _trials(lab: LabAt) -> None:
    _demand(lab.trials, "there are no trials", "add one of Slices, Whole, Exact, Interleaved")
    names = []
    for trial in lab.trials:
        good = isinstance(trial, Slices | Whole | Exact | Interleaved)
        _demand(good, f"{trial!r} is not a trial", "use Slices, Whole, Exact or Interleaved")
        names.append(trial.name)
        if isinstance(trial, Interleaved):
            _demand(
                2 <= trial.clients <= 5 and trial.runs >= 1,
                f"Interleaved(clients={trial.clients}, runs={trial.runs})",
                "races are found by 2 to 5 clients in at least one run",
            )
            known = set(lab.workload.mix) if lab.workload else set()
            text = f"the mix of {trial.name!r} names {_names(set(trial.mix or {}) - known)}"
            remedy = f"name operations of the workload: {_names(known) or 'there is none'}"
            _demand(set(trial.mix or {}) <= known, text, remedy)
    twice = {name for name in names if names.count(name) > 1}
    _demand(not twice, f"two trials are called {_names(twice)}", 'tell them apart by name="..."')
    numeric = isinstance(lab.point, int | float)
    exact = any(isinstance(trial, Exact) for trial in lab.trials)
    _demand(numeric or not exact, f"Exact at {lab.point!r}", "its axis is a number of members")
    driven = [t for t in lab.trials if not isinstance(t, Exact)]
    if driven:
        both = bool(lab.workload) + bool(lab.roles)
        remedy = 'give workload=Workload(mix={"read": 1}), or roles=[Role("publish"), ...]'
        _demand(both == 1, "the trials need a workload or roles, and one of them only", remedy)


def _load(lab: LabAt) -> None:
    if callable(lab.load):
        count = len(inspect.signature(lab.load).parameters)
        _demand(count == 2, "`load` takes the wrong arguments", "define load(services, at)")
    if isinstance(lab.load, str):
        databases = [n for n, s in lab.services.items() if s.kind == "postgresql"]
        _demand(
            len(databases) == 1,
            "`load` is SQL, but there is not exactly one PostgreSQL service",
            "define load(services, at) and say where each statement goes",
        )


def _operations(lab: LabAt) -> None:
    work, ops = lab.workload, set[str]()
    if work is not None:
        _demand(isinstance(work, Workload), f"{work!r} is not a workload", "use Workload(mix=...)")
        _demand(work.mix, "the workload's mix is empty", 'e.g. mix={"read": 99, "write": 1}')
        _demand(all(w > 0 for w in work.mix.values()), "a weight is not positive", "drop it")
        ops = set(work.mix)
        opened = work.arrivals is not None and work.clients != 1
        _demand(not opened, "an open loop has no clients", "say OpenLoop(rate, workers=...)")
    for role in lab.roles:
        _demand(isinstance(role, Role), f"{role!r} is not a role", "use Role(name, clients=...)")
        ops.add("follow" if role.listens else role.name)
    ops |= {trial.method for trial in lab.trials if isinstance(trial, Exact)}
    for variant in lab.variants:
        for op in ops:
            method = getattr(variant, op, None)
            has = callable(method) and (op != "follow" or variant.follow is not Client.follow)
            _demand(has, f"{variant.__name__} has no operation {op!r}", f"define def {op}(...)")
        for field in ("uses", "native", "batches"):
            for op in getattr(variant, field):
                known = callable(getattr(variant, op, None))
                what = f"{variant.__name__}.{field} names {op!r}"
                _demand(known, what, "name one of its methods")
    for op in lab.agree:
        known = any(callable(getattr(v, op, None)) for v in lab.variants)
        _demand(known, f"agree names {op!r}, which no variant has", "name an operation")


def _promise(promise: Any, lab: LabAt) -> None:
    _demand(isinstance(promise, Promise), f"{promise!r} is no promise", "use Promise(check, ...)")
    _demand(callable(promise.check), "a promise's check is not a function", "pass the function")
    name = promise.name
    listed = [*promise.kept_by, *promise.broken_by]
    _demand(listed, f"promise {name!r} names no variant", "say kept_by=[...] and broken_by=[...]")
    for variant in listed:
        known = variant in lab.variants
        text = f"promise {name!r} names {getattr(variant, '__name__', variant)}"
        _demand(known, text + ", not a variant", "add it to variants")
    both = set(promise.kept_by) & set(promise.broken_by)
    _demand(not both, f"promise {name!r} is kept and broken by {_names(both)}", "choose, or split")
    if not getattr(promise.check, "__stock__", False):
        _demand(
            promise.broken_by,
            f"promise {name!r} is broken by nobody, so nothing shows that it can fail",
            "add a variant with the bug and list it under broken_by",
        )
    trials = [trial.name for trial in lab.trials]
    if promise.under is not None:
        known = promise.under in trials
        text = f"promise {name!r} is under {promise.under!r}"
        _demand(known, text, f"the trials are called {_names(trials)}")


def _claim(claim: Any, lab: LabAt) -> None:
    _demand(isinstance(claim, Claim), f"{claim!r} is no claim", "use Speedup, Saving, Invariant...")
    for role in ("technique", "over"):
        variant = getattr(claim, role)
        needed = variant is not None or (role == "over" and _absolute(claim))
        _demand(needed, f"the claim has no {role}", f"say {role}=<a variant>")
        text = f"the claim's {role}, {getattr(variant, '__name__', variant)}, is not a variant"
        _demand(variant is None or variant in lab.variants, text, "add it to variants")
    if claim.over is not None:
        order = lab.variants.index(claim.over) < lab.variants.index(claim.technique)
        remedy = f"list {claim.over.__name__} before {claim.technique.__name__}"
        _demand(order, "each variant is compared with those before it", remedy)
    if isinstance(claim, Invariant):
        known = any(promise.check == claim.check for promise in lab.promises)
        _demand(known, "the claim's check is no promise of this lab", "add Promise(check, ...)")
        return
    if isinstance(claim, Saving):
        _demand(0 < claim.fraction < 1, "a saving is a fraction", "99.6 % is 0.996")
        known = claim.of in figures_of(claim.technique)
        remedy = 'mark the method with @figure("bytes")'
        _demand(known, f"{claim.technique.__name__} has no figure {claim.of!r}", remedy)
        return
    ops = set(lab.workload.mix) if lab.workload else {role.name for role in lab.roles}
    ops |= {"delivery"} if any(role.listens for role in lab.roles) else set()
    text = f"the claim is of {claim.of!r}"
    _demand(claim.of in ops, text, f"name one of the operations {_names(ops)}")
    _demand(claim.factor > 0, "the claim's factor is not positive", "give the published factor")


def _absolute(claim: Claim) -> bool:
    bound = isinstance(claim, Latency) and claim.seconds is not None
    return bound or isinstance(claim, Invariant) or claim.metric == "throughput"


def _timelines(lab: LabAt) -> None:
    roles = {role.name for role in lab.roles}
    programs = {name for variant in lab.variants for name in variant.programs}
    targets = set(lab.services) | programs | roles
    for trial in lab.trials:
        if not isinstance(trial, Whole):
            continue
        disturbed = trial.steps or trial.faults
        remedy = "drop fresh=False: what a fault leaves behind is no state to go on from"
        _demand(trial.fresh or not disturbed, f"{trial.name!r} is disturbed and not fresh", remedy)
        for step in trial.steps:
            for variant in lab.variants:
                known = callable(getattr(variant, step.action, None))
                remedy = f"define def {step.action}(self, services)"
                _demand(known, f"{variant.__name__} has no step {step.action!r}", remedy)
            _demand(0 <= step.at < trial.seconds, f"step {step.action!r} is too late", "move it")
        for fault in trial.faults:
            _fault(fault, targets, lab, trial)


def _fault(fault: Fault, targets: set[str], lab: LabAt, trial: Whole) -> None:
    _demand(fault.kind in FAULT_KINDS, f"no fault is called {fault.kind!r}", _names(FAULT_KINDS))
    text = f"a fault hits {fault.target!r}"
    _demand(fault.target in targets, text, f"the targets are {_names(targets)}")
    if fault.kind in {"cut", "lose", "delay"}:
        text = f"{fault.kind} hits {fault.target!r}, which is no service"
        _demand(fault.target in lab.services, text, f"the services are {_names(lab.services)}")
    end = fault.at if fault.until is None else fault.until
    good = 0 <= fault.at <= end <= trial.seconds
    text = f"{fault.kind} of {fault.target!r} from {fault.at} to {end} s"
    _demand(good, text, f"it must lie within the trial's {trial.seconds} s")


def _names(things: Iterable[Any]) -> str:
    return ", ".join(sorted(getattr(thing, "__name__", str(thing)) for thing in things))
