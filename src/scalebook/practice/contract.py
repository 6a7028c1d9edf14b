"""What the judge of an exercise will check, in plain words, read from the lab's syntax tree."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scalebook.errors import UsageError
from scalebook.lab import checks as stock
from scalebook.practice.plain import (
    check_in_words,
    constants,
    faults_in_words,
    in_words,
    trial_in_words,
)

__all__ = ["BAR", "WORKERS", "Contract", "contract_of"]

BAR = 0.7
"""Where a claim is about speed or size: how much of the reference a solution must reach."""
WORKERS = (2, 8, 64)
"""With how many workers the promises are tried, where a lab has workers to be more or fewer."""
WIDTH = 78
CLAIMS = ("Speedup", "ThroughputRatio", "Saving", "Latency", "Throughput", "Invariant")
TRIALS = ("Interleaved", "Slices", "Whole", "Exact")


@dataclass(frozen=True)
class Contract:
    """A lab's claim, promises, trials and services, as far as its source shows them."""

    question: str
    metric: str
    technique: str
    over: str
    of: str
    promises: dict[str, str]
    """Name of each promise, in words -> what its check says of itself."""
    checks: tuple[ast.AST, ...]
    trials: tuple[str, ...]
    races: bool
    faults: tuple[str, ...]
    operations: tuple[str, ...]
    concurrency: str
    """What is varied, in words; empty for an exact lab, which has no workers."""
    services: dict[str, str]
    load: ast.expr | None

    def lines(self) -> Iterator[str]:
        """What will be checked, one paragraph each."""
        if self.operations:
            named = ", ".join(self.operations)
            yield f"Answers: {named} must answer as the reference does, on sampled keys."
        for name, says in self.promises.items():
            yield f"Promise, {name}: {says}"
        if self.promises and self.races:
            yield "Races: a scheduler decides whose command goes next, and can replay it."
        yield "Trials of the lab: " + "; ".join(self.trials) + "."
        yield from (f"{fault}." for fault in self.faults)
        if self.promises and self.concurrency:
            yield f"Concurrency: {self.concurrency}."
        if self.promises and self.operations:
            yield (
                "The wire: answers are lost after the work was done, then every request comes late;"
                " a promise counts here as far as the lab's own solution keeps it."
            )
        if self.metric == "Saving":
            yield f"Size: of {self.of} you may need at most 1/{BAR} of what the reference needs."
        elif self.metric != "Invariant":
            yield (
                f"Speed: {self.of} must reach {BAR} of the reference's, in randomised pairs in the"
                " same session."
            )

    def docstring(self, unit: str, emptied: list[str]) -> str:
        """The head of a starter."""
        methods = ", ".join(emptied)
        parts = [
            f'"""Practice {unit}: write {self.technique}.',
            textwrap.fill(self.question, WIDTH),
            textwrap.fill(f"To be written: {methods}. Then: scalebook check THIS_FILE", WIDTH),
            "What the judge checks:\n" + "\n".join(_item(line) for line in self.lines()),
            "Services at hand:\n"
            + "\n".join(
                _item(f"services.{name}: {in_words(kind)}".rstrip("; "))
                for name, kind in self.services.items()
            ),
        ]
        return "\n\n".join(parts).replace("\\", "\\\\") + '\n"""'


def contract_of(tree: ast.Module, path: Path) -> Contract:
    """Read the contract of a lab. `UsageError` where its source shows no claim."""
    lab = _call(tree, ("Lab",))
    claim = _call(tree, CLAIMS)
    if lab is None or claim is None:
        raise UsageError(f"{path}: no claim to be seen", remedy="write claim=Speedup(...) in LAB")
    given = {word.arg: ast.unparse(word.value) for word in claim.keywords if word.arg}
    fields = {word.arg: word.value for word in lab.keywords if word.arg}
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    known = constants(tree)
    found = dict(_promises(tree, functions, known))
    return Contract(
        question=" ".join((ast.get_docstring(tree) or "").split()),
        metric=ast.unparse(claim.func).split(".")[-1],
        technique=given.get("technique", ""),
        over=given.get("over", ""),
        of=given.get("of", "").strip("'\""),
        promises={name: says for name, (says, _) in found.items()},
        checks=tuple(node for _, node in found.values()),
        trials=tuple(dict.fromkeys(trial_in_words(c, known) for c in _calls(tree, TRIALS))),
        races=_call(tree, ("Interleaved",)) is not None,
        faults=tuple(dict.fromkeys(faults_in_words(tree, known))),
        operations=tuple(_operations(tree, fields)),
        concurrency=_concurrency(tree, fields),
        services=dict(_services(fields.get("services"))),
        load=fields.get("load"),
    )


def _concurrency(tree: ast.Module, fields: dict[str, ast.expr]) -> str:
    """How the judge varies the number of workers; it does the same with the lab itself."""
    counts = f"the promises are tried with {', '.join(map(str, WORKERS[:-1]))} and {WORKERS[-1]}"
    if "workload" in fields:
        if _call(tree, ("OpenLoop",)) is None:
            return f"{counts} workers in a closed loop"
        return f"{counts} sessions; requests arrive at the lab's own rate all the same"
    roles = list(_calls(tree, ("Role",)))
    if not roles:
        return ""
    varied = [ast.literal_eval(role.args[0]) for role in roles if _varied(role)]
    if varied:
        others = ", the other roles as they are" if len(varied) < len(roles) else ""
        return f"{counts} clients of {' and of '.join(varied)}{others}"
    return (
        "the number of clients is not varied, because each role here has a rate of its own, "
        "listens, or is one client by design"
    )


def _varied(role: ast.Call) -> bool:
    """Has it several clients in a closed loop, as the source shows it?"""
    given = dict(zip(("name", "clients", "rate", "listens"), role.args, strict=False))
    given |= {word.arg: word.value for word in role.keywords if word.arg}
    paced = [ast.unparse(given[name]) for name in ("rate", "listens") if name in given]
    one = ast.unparse(given["clients"]) == "1" if "clients" in given else True
    return not one and set(paced) <= {"None", "False"} and isinstance(given["name"], ast.Constant)


def _item(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ")


def _calls(tree: ast.AST, names: tuple[str, ...]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in names:
            yield node


def _call(tree: ast.AST, names: tuple[str, ...]) -> ast.Call | None:
    return next(_calls(tree, names), None)


def _promises(
    tree: ast.Module, functions: dict[str, ast.FunctionDef], known: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[str, ast.AST]]]:
    """Name -> (docstring, node) of each check that a Promise of this file may name."""
    wanted = [
        name.id
        for call in _calls(tree, ("Promise",))
        for part in call.args[:1]
        for name in ast.walk(part)
        if isinstance(name, ast.Name)
    ]
    loose = any(name not in functions for name in wanted)
    if loose:  # A comprehension over checks: all functions of a run are meant.
        wanted += [n for n, f in functions.items() if [a.arg for a in f.args.args] == ["run"]]
        wanted = [n for n in wanted if n not in functions or _yields(functions[n])]
    made = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for name in dict.fromkeys(wanted):
        if name in functions:
            says = ast.get_docstring(functions[name]) or ""
            yield name.replace("_", " "), (" ".join(says.split()), functions[name])
        elif name in made and (kind := getattr(stock, _last(made[name]), None)):
            says = check_in_words(kind, made[name], known)
            yield name.replace("_", " "), (says, made[name])


def _yields(node: ast.FunctionDef) -> bool:
    return any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(node))


def _last(node: ast.expr) -> str:
    return ast.unparse(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""


def _operations(tree: ast.Module, fields: dict[str, ast.expr]) -> Iterator[str]:
    """The operations of the workload's mix, or the methods that must agree."""
    for call in _calls(tree, ("Workload",)):
        for part in [*call.args[:1], *(w.value for w in call.keywords if w.arg == "mix")]:
            if isinstance(part, ast.Dict):
                for key in part.keys:
                    if isinstance(key, ast.Constant):
                        yield str(key.value)
    agree = fields.get("agree")
    if _call(tree, ("Exact",)) and isinstance(agree, ast.Dict):
        for key in agree.keys:
            if isinstance(key, ast.Constant):
                yield str(key.value)


def _services(node: ast.expr | None) -> Iterator[tuple[str, str]]:
    body = node.body if isinstance(node, ast.Lambda) else node
    if isinstance(body, ast.Dict):
        for key, value in zip(body.keys, body.values, strict=True):
            if isinstance(key, ast.Constant):
                yield str(key.value), ast.unparse(value)
