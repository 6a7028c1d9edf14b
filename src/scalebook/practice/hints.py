"""Hints, one after the other, and the solution: from the page and the lab, nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

from scalebook.book import Unit
from scalebook.book.faults import PageError
from scalebook.book.page import read_page
from scalebook.labfile import parse
from scalebook.practice.progress import Progress
from scalebook.practice.starter import Starter

__all__ = ["hints_of", "may_see_solution", "next_hint", "solution_of"]


def hints_of(unit: Unit) -> list[str]:
    """The hints of a unit's page; without any, what the technique and its methods say they do."""
    if unit.has_article:
        try:
            front = read_page(unit).front
        except PageError:
            front = None
        if front is not None and front.hints:
            return list(front.hints)
    starter = Starter(unit.id, unit.folder / "lab.py")
    assert starter.technique is not None
    found = [ast.get_docstring(starter.technique) or ""]
    for node in starter.technique.body:
        if isinstance(node, ast.FunctionDef) and (says := ast.get_docstring(node)):
            found.append(f"{node.name}: {says}")
    return [" ".join(text.split()) for text in found if text][:4]


def next_hint(unit: Unit, progress: Progress) -> tuple[int, int, str] | None:
    """(step from 1, steps, hint): the first that was not shown; None after the last."""
    hints = hints_of(unit)
    seen = [e.facts.get("step") for e in progress.events("hinted") if e.unit == unit.id]
    steps = [step for step in range(1, len(hints) + 1) if step not in seen]
    return (steps[0], len(hints), hints[steps[0] - 1]) if steps else None


def may_see_solution(unit: Unit, progress: Progress) -> bool:
    """Was the exercise passed, so that looking needs no record?"""
    checked = [e for e in progress.events("checked") if e.unit == unit.id]
    return any(event.facts.get("verdict") == "pass" for event in checked)


def solution_of(folder: Path) -> str:
    """The technique as the lab has it, with the module-level names that it uses."""
    path = folder / "lab.py"
    starter = Starter("", path)
    assert starter.technique is not None
    lines, used = path.read_text(encoding="utf-8").splitlines(), set[str]()
    todo: list[ast.AST] = [starter.technique]
    parts: list[ast.stmt] = [starter.technique]
    while todo:
        names = {n.id for n in ast.walk(todo.pop()) if isinstance(n, ast.Name)} - used
        used |= names
        for node in parse(path).body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            bound = {target.id for target in targets if isinstance(target, ast.Name)}
            bound |= {node.name} if isinstance(node, ast.FunctionDef) else set()
            if bound & names:
                todo.append(node)
                parts.append(node)
    ordered = sorted(parts, key=lambda node: node.lineno)
    return "\n\n".join("\n".join(lines[n.lineno - 1 : n.end_lineno]) for n in ordered)
