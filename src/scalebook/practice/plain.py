"""What a lab's source says in code, in plain words: its trials, faults, stock checks, services.

Only the syntax tree is read. What it does not show, such as a number that follows the point, is
left out.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scalebook.lab import Exact, Fault, Interleaved, Slices, Step, Whole

__all__ = ["check_in_words", "constants", "faults_in_words", "in_words", "trial_in_words"]

FAULTS = {
    "kill": "is killed (SIGKILL)",
    "restart": "is restarted",
    "pause": "is paused (SIGSTOP)",
    "cut": "is cut off, every connection breaks",
    "lose": "is silent once on each connection: what was asked is done, the answer is lost",
    "delay": "is slowed down",
}
SERVICES = {
    "Postgres": "connect(autocommit=True) gives a psycopg connection, run(sql) runs a script",
    "Redis": "connect() gives a redis-py client (text, no hidden retries)",
}
KINDS: dict[str, Callable[..., Any]] = {
    "Slices": Slices,
    "Whole": Whole,
    "Interleaved": Interleaved,
    "Exact": Exact,
}
Known = Mapping[str, Any]


def constants(tree: ast.Module) -> dict[str, Any]:
    """Name -> value of the module's plain constants."""
    found: dict[str, Any] = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for name, value in pairs:
                if isinstance(name, ast.Name) and isinstance(value, ast.Constant):
                    found[name.id] = value.value
    return found


def trial_in_words(call: ast.Call, known: Known) -> str:
    """`Whole(2, faults=[...], name="crash")` as "whole runs of 2 s with faults ('crash')"."""
    kind = _last(call)
    given = _given(KINDS[kind], call)
    if kind == "Exact":
        return f"{_number(given['method'], known)} is called once, and its figures are read"
    if kind == "Slices":
        length = _seconds(given.get("seconds"), known, " of {}", Slices.seconds)
        return f"slices{length}, in random order"
    if kind == "Interleaved":
        return f"races{_race(given, known)}"
    with_what = [word for word in ("steps", "faults") if word in given]
    words = ["whole runs", _seconds(given.get("seconds"), known, "of {}")]
    words += ["with " + " and ".join(with_what)] if with_what else []
    words += ["that go on from one another"] if "fresh" in given else []
    name = _number(given.get("name"), known)
    return " ".join(word for word in words if word) + (f" ('{name}')" if name else "")


def _race(given: Mapping[str, ast.expr], known: Known) -> str:
    clients = _number(given.get("clients"), known, Interleaved.clients)
    operations = _number(given.get("operations"), known, Interleaved.operations)
    text = f" of {clients} clients" if clients else ""
    if operations is None:
        return text
    return text + f", {operations} operation{'s' if operations != 1 else ''} each"


def faults_in_words(tree: ast.AST, known: Known) -> Iterator[str]:
    """One sentence per fault and step of the lab, without its full stop."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "Fault":
            given = _given(getattr(Fault, call.func.attr), call)
            target = _number(given.get("target"), known) or "a service"
            yield f"Fault: {target} {FAULTS[call.func.attr]}{_when(given, known)}"
        elif isinstance(call.func, ast.Name) and call.func.id == "Step":
            given = _given(Step, call)
            action = _number(given.get("action"), known) or "a method"
            when = _seconds(given.get("at"), known, ", at {}")
            yield f"Step: {action} is called of the client{when}"


def _when(given: Mapping[str, ast.expr], known: Known) -> str:
    text = _seconds(given.get("seconds"), known, ", by {}")
    text += _seconds(given.get("at"), known, ", at {}")
    text += _seconds(given.get("until"), known, " until {}")
    return text + _seconds(given.get("back"), known, ", and back at {}")


def check_in_words(check: Callable[..., Any], call: ast.Call, known: Known) -> str:
    """What a stock check says of itself, with the names and numbers of this use of it."""
    says = " ".join((inspect.getdoc(check) or "").split())
    defaults = inspect.signature(check).parameters
    given = _given(check, call)
    for name, parameter in defaults.items():
        value = _number(given.get(name), known, parameter.default)
        if value is None or value is inspect.Parameter.empty:
            continue
        shown = f"{value} s" if name == "seconds" else f"{value}"
        says = says.replace(f"client.{name}(", f"client.{shown}(")
        says = says.replace(f"`{name}`", shown if not isinstance(value, str) else f"`{value}`")
    return says


def in_words(source: str) -> str:
    """A service as "Redis, appendonly always; connect() gives ..."; from its source."""
    node = ast.parse(source, mode="eval").body
    kind = ast.unparse(node.func if isinstance(node, ast.Call) else node).split(".")[-1]
    words = [kind]
    for keyword in node.keywords if isinstance(node, ast.Call) else ():
        if isinstance(keyword.value, ast.Dict):
            pairs = zip(keyword.value.keys, keyword.value.values, strict=True)
            words += [_setting(ast.literal_eval(key), value) for key, value in pairs if key]
        else:
            words.append(_setting(keyword.arg or "", keyword.value))
    return f"{', '.join(words)}; {SERVICES.get(kind, '')}".rstrip("; ")


def _setting(name: str, value: ast.expr) -> str:
    shown = _number(value, {})
    words = name.replace("_", " ") if shown is not None and not isinstance(shown, str) else name
    return f"{name} set" if shown is None else f"{words} {shown}"


def _given(function: Callable[..., Any], call: ast.Call) -> dict[str, ast.expr]:
    """Parameter -> what this call gives for it."""
    names = list(inspect.signature(function).parameters)
    found: dict[str, ast.expr] = dict(zip(names, call.args, strict=False))
    return found | {word.arg: word.value for word in call.keywords if word.arg}


def _number(node: ast.expr | None, known: Known, default: Any = None) -> Any:
    """The constant, or the value of the named one; `default` if not given, None if not known."""
    if node is None:
        return default
    if isinstance(node, ast.Constant):
        return node.value
    return known.get(node.id) if isinstance(node, ast.Name) else None


def _seconds(node: ast.expr | None, known: Known, words: str, default: Any = None) -> str:
    value = _number(node, known, default)
    return "" if value is None else words.format(f"{value:g} s")


def _last(node: ast.Call) -> str:
    return ast.unparse(node.func).split(".")[-1]
