"""A lab's source as a page quotes it: constants and symbols, read with `ast`, never imported."""

from __future__ import annotations

import ast
import tokenize
from dataclasses import dataclass

from scalebook.book.faults import Mistake
from scalebook.book.lookups import choose
from scalebook.book.page import Book
from scalebook.results.parsed import parsed

__all__ = ["LabSource", "lab_source", "setting"]


@dataclass(frozen=True)
class LabSource:
    """A lab file: its lines and its tree."""

    lines: tuple[str, ...]
    tree: ast.Module


def lab_source(book: Book, unit: str) -> LabSource:
    """Read the lab of a unit; `Mistake` where there is none, or none that parses."""
    if unit not in book.by_id:
        raise book.unknown(unit)
    here = book.by_id[unit]
    file = here.folder / "lab.py"
    if not here.has_lab:
        raise Mistake("missing", f"{unit} has no lab", "name a unit that has one")
    try:
        with tokenize.open(file) as opened:
            text = opened.read()
        return LabSource(tuple(text.splitlines()), parsed(file))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        said = getattr(error, "msg", None) or str(error)
        raise Mistake("lab", f"{file}:{line}: {said}", "mend the syntax of the lab") from error
    except OSError as error:
        raise Mistake("lab", f"{file}: {error.strerror}", "write it") from error


def setting(book: Book, unit: str, name: str) -> int | float | str:
    """A module-level constant of a lab; `Mistake` where there is none, or none that is plain."""
    found: dict[str, object] = {}
    for node in lab_source(book, unit).tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(node, ast.Assign):
                try:
                    found[target.id] = ast.literal_eval(node.value)
                except (ValueError, TypeError):
                    found[target.id] = None
    if name not in found:
        raise choose(f"constant of the lab of {unit}", name, found)
    value = found[name]
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Mistake("setting", f"{name} is no plain number or text", "bind another constant")
    return value
