"""Import a lab file, with its constants replaced where the user says so (`--set NAME=value`)."""

from __future__ import annotations

import ast
import importlib.util
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from scalebook.errors import LabError, ScalebookError, UsageError
from scalebook.lab import Lab

__all__ = ["constants", "import_lab", "import_lab_module", "module_name", "parse"]

CHAPTERS = Path(__file__).parent / "chapters"


def module_name(path: Path) -> str:
    """The name under which a lab file is imported; inside the book, its place in the package."""
    path = path.resolve()
    if path.is_relative_to(CHAPTERS):
        inner = path.relative_to(CHAPTERS).with_suffix("")
        return ".".join(["scalebook", "chapters", *inner.parts])
    return f"scalebook_lab_{path.parent.name}_{path.stem}"


def parse(path: Path) -> ast.Module:
    """The lab's syntax tree; `LabError` with file:line where it does not parse."""
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}", remedy="give the path of a lab file"
        ) from None
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        text = getattr(error, "msg", None) or str(error)
        raise LabError(f"{path}:{line}: {text}", remedy="mend the syntax of the lab") from None


def constants(tree: ast.Module) -> dict[str, object]:
    """The lab's parameters: its module-level constants in capitals, name -> default."""
    found: dict[str, object] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name) and target.id.isupper():
                try:
                    value = ast.literal_eval(node.value)
                except ValueError:
                    continue
                if isinstance(value, int | float | str) and not isinstance(value, bool):
                    found[target.id] = value
    return found


def import_lab_module(path: Path, settings: Mapping[str, object] | None = None) -> ModuleType:
    """Run the lab file as a module. A fault in it is a `LabError` that names file and line."""
    tree = parse(path)
    if settings:
        _replace(tree, settings, path)
    spec = importlib.util.spec_from_loader(module_name(path), loader=None, origin=str(path))
    if spec is None:
        raise UsageError(f"{path} is no lab file", remedy="give the path of a lab.py")
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        exec(compile(tree, str(path), "exec"), module.__dict__)  # noqa: S102 - it is the lab
    except ScalebookError:
        raise
    except Exception as error:
        raise LabError(f"{_line(error, path)}: {type(error).__name__}: {error}") from error
    return module


def import_lab(path: Path, settings: Mapping[str, object] | None = None) -> Lab:
    """The file's `LAB`."""
    module = import_lab_module(path, settings)
    lab = getattr(module, "LAB", None)
    if not isinstance(lab, Lab):
        raise LabError(f"{path}: no LAB", remedy="end the file with LAB = Lab(...)")
    return lab


def _replace(tree: ast.Module, settings: Mapping[str, object], path: Path) -> None:
    known = constants(tree)
    for name, value in settings.items():
        if name not in known:
            choice = ", ".join(known) or "none"
            raise UsageError(f"{path}: no parameter {name!r}", remedy=f"its parameters: {choice}")
        if isinstance(known[name], str) is not isinstance(value, str):
            raise UsageError(f"{name}={value!r}", remedy=f"give a value like {known[name]!r}")
        if isinstance(known[name], int) and isinstance(value, float):
            remedy = f"give a whole number like {known[name]!r}"
            raise UsageError(f"{name}={value!r} is not whole", remedy=remedy)
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in settings:
                constant: Any = settings[name]
                node.value = ast.copy_location(ast.Constant(constant), node.value)


def _line(error: Exception, path: Path) -> str:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == str(path):
            return f"{path}:{frame.lineno}"
    return str(path)
