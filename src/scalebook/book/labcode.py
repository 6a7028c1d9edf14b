"""Code by symbol: taken from the lab that ran, with a bar at what a subclass adds."""

from __future__ import annotations

import ast
import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass

from scalebook.book.highlight import lines_html
from scalebook.book.labsource import LabSource, lab_source
from scalebook.book.lookups import choose
from scalebook.book.page import Book

__all__ = ["Quote", "quote"]

Symbol = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign
Method = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Quote:
    """Symbols of a lab as HTML lines; `title` names them, `place` says where they stand."""

    html: str
    title: str
    place: str


def quote(book: Book, unit: str, names: Sequence[str]) -> Quote:
    """Quote `Class.method`, classes, functions or constants; `Mistake` for an unknown one."""

    def make() -> str:
        return json.dumps(astuple(_quoted(book, unit, names)))

    key = ("code", unit, tuple(names), book.lab_stamp(unit))
    return Quote(*json.loads(book.kept.text(key, make)))


def _quoted(book: Book, unit: str, names: Sequence[str]) -> Quote:
    source = lab_source(book, unit)
    classes = {node.name: node for node in source.tree.body if isinstance(node, ast.ClassDef)}
    parts, places, bars = [], [], False
    for name in names:
        node = _find(source, classes, name, unit)
        first, last = _span(node)
        text = textwrap.dedent("\n".join(source.lines[first - 1 : last]))
        added = {line - first for line in _added(source, classes, name, node)}
        bars = bars or bool(added)
        parts.append(lines_html(text, "python", added))
        places.append(f"{first}\u2013{last}" if last > first else f"{first}")
    where = f"{unit.replace('-', '_')}/lab.py, line{'s' if places != places[:1] else ''} "
    where += ", ".join(places)
    if "\u2013" in where:
        where = where.replace("line ", "lines ")
    tail = " · the bar marks what the subclass adds" if bars else ""
    gap = '<span class="ln">\n</span>'
    return Quote(gap.join(parts), ", ".join(names), f"{where}{tail}")


def _find(source: LabSource, classes: dict[str, ast.ClassDef], name: str, unit: str) -> Symbol:
    """The node of a symbol; the last one where a name is bound twice."""
    owner, dot, member = name.partition(".")
    if dot:
        if owner not in classes:
            raise choose(f"class of the lab of {unit}", owner, classes)
        there = dict(_named(classes[owner].body))
        if member not in there:
            raise choose(f"member of {owner}", member, there)
        return there[member]
    there = dict(_named(source.tree.body))
    if name not in there:
        raise choose(f"symbol of the lab of {unit}", name, there)
    return there[name]


def _named(body: Iterable[ast.stmt]) -> Iterator[tuple[str, Symbol]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node


def _span(node: Symbol) -> tuple[int, int]:
    """First and last line, decorators included."""
    above = [] if isinstance(node, ast.Assign) else node.decorator_list
    first = min([node.lineno, *(decorator.lineno for decorator in above)])
    return first, node.end_lineno or node.lineno


def _added(
    source: LabSource, classes: dict[str, ast.ClassDef], name: str, node: Symbol
) -> Iterator[int]:
    """Lines of a symbol that its class adds to a parent of the same file."""
    owner = name.partition(".")[0]
    if owner not in classes:
        return
    parents = list(_parents(classes, classes[owner]))
    if not parents:
        return
    members = [node] if "." in name else [m for _, m in _named(classes[owner].body)]
    for member in members:
        inherited = _inherited(parents, member)
        known = set()
        if inherited is not None:
            first, last = _span(inherited)
            known = {source.lines[line - 1].strip() for line in range(first, last + 1)}
        passed = _passed_on(member) if inherited is not None else set()
        head = member.body[0].lineno if isinstance(member, Method) else None
        for line in range(_span(member)[0], _span(member)[1] + 1):
            text = source.lines[line - 1].strip()
            is_head = inherited is not None and head is not None and line < head
            if text and not is_head and line not in passed and text not in known:
                yield line


def _parents(
    classes: dict[str, ast.ClassDef], node: ast.ClassDef, depth: int = 0
) -> Iterator[ast.ClassDef]:
    """The classes of the same file from which a class inherits, nearest first."""
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in classes and depth < 20:
            yield classes[base.id]
            yield from _parents(classes, classes[base.id], depth + 1)


def _inherited(parents: Sequence[ast.ClassDef], member: Symbol) -> Symbol | None:
    """What the nearest parent has under the same name."""
    names = [name for name, _ in _named([member])]
    for parent in parents:
        there = dict(_named(parent.body))
        for name in names:
            if name in there:
                return there[name]
    return None


def _passed_on(member: Symbol) -> set[int]:
    """Lines that only call the parent's method and hand its answer on."""
    if not isinstance(member, Method):
        return set()
    lines: set[int] = set()
    answers: set[str] = set()
    for node in ast.walk(member):
        if (
            isinstance(node, ast.Assign | ast.Expr | ast.Return)
            and node.value
            and _is_super(node.value)
        ):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            if isinstance(node, ast.Assign):
                answers |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    for node in ast.walk(member):
        handed = node.value if isinstance(node, ast.Return) else None
        if isinstance(handed, ast.Name) and handed.id in answers:
            lines.add(handed.lineno)
    return lines


def _is_super(value: ast.expr) -> bool:
    """Is it a call super().method(...)?"""
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and isinstance(value.func.value, ast.Call)
        and ast.unparse(value.func.value) == "super()"
    )
