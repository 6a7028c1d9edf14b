"""What a reader may change of a lab, read from its syntax tree: points of its axis, constants."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scalebook.results.parsed import parsed

__all__ = ["Parameters", "parameters", "read_parameters"]

Point = int | float | str


@dataclass(frozen=True)
class Parameters:
    """The axis and its points in rising order, and the constants that `--set` takes.

    `axis` is None and `points` empty where the lab computes them; `constants` are the
    module-level constants in capitals, name -> number or text as the lab has it.
    """

    axis: str | None = None
    points: tuple[Point, ...] = ()
    constants: Mapping[str, int | float | str] = field(default_factory=dict)

    @property
    def numbers(self) -> dict[str, int | float]:
        """The constants that are numbers; the others are often programs of the lab."""
        return {n: v for n, v in self.constants.items() if not isinstance(v, str)}


def parameters(path: Path) -> Parameters:
    """Read a lab file without running it; of one that cannot be read, nothing is known."""
    try:
        tree = parsed(path)
    except (OSError, SyntaxError, ValueError):
        return Parameters()
    return read_parameters(tree)


def read_parameters(tree: ast.Module) -> Parameters:
    """The parameters of a lab that is parsed already."""
    literals = _literals(tree)
    axis, points = _axis(tree, {**_unpacked(tree), **literals})
    constants = {
        name: value
        for name, value in literals.items()
        if name.isupper() and isinstance(value, int | float | str) and not isinstance(value, bool)
    }
    return Parameters(axis, points, constants)


def _literals(tree: ast.Module) -> dict[str, object]:
    """Module-level names with a literal value."""
    found: dict[str, object] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name):
                try:
                    found[target.id] = ast.literal_eval(node.value)
                except (ValueError, TypeError):
                    continue
    return found


def _unpacked(tree: ast.Module) -> dict[str, object]:
    """The same of `A, B = 1, 2`, whose names are no parameters."""
    found: dict[str, object] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            names = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else ()
            for name, value in zip(names, node.value.elts, strict=False):
                if isinstance(name, ast.Name):
                    found[name.id] = _value(value, {})
    return found


def _axis(tree: ast.Module, literals: Mapping[str, object]) -> tuple[str | None, tuple[Point, ...]]:
    """`at=("rows", [1_000, ...])` of the Lab in the file, its parts by name or literally."""
    for node in tree.body:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        for keyword in node.value.keywords:
            if keyword.arg != "at" or not isinstance(keyword.value, ast.Tuple):
                continue
            parts = [_value(part, literals) for part in keyword.value.elts]
            if len(parts) == 2 and isinstance(parts[0], str):
                return parts[0], _points(parts[1])
    return None, ()


def _value(node: ast.expr, literals: Mapping[str, object]) -> object:
    if isinstance(node, ast.Name):
        return literals.get(node.id)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return None


def _points(value: object) -> tuple[Point, ...]:
    if not isinstance(value, list | tuple):
        return ()
    known = all(isinstance(p, int | float | str) and not isinstance(p, bool) for p in value)
    return tuple(value) if known else ()
