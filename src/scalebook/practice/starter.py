"""The starter of an exercise: one file, made from a lab's source with the technique emptied."""

from __future__ import annotations

import ast
import copy
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from scalebook.errors import UsageError
from scalebook.lab import Client
from scalebook.labfile import parse
from scalebook.practice.contract import Contract, contract_of

__all__ = ["MARK", "Starter", "starter_of"]

MARK = "# scalebook practice"
"""Begins the line that says to which unit a file belongs."""
KEPT_ATTRIBUTES = {"batches", "programs"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Starter:
    """A lab's source, and what of it a learner is given.

    Ancestors of the technique and the class that it is compared with stay as they are. Of the
    technique all methods are emptied; where it has no ancestor in the lab, those that the other
    variants change (they carry the argument), or all if there are none. Names that nobody else
    uses go with the bodies: the script or the statement is the solution, and so is the way in
    which the lab divides it among methods of its own.
    """

    def __init__(self, unit: str, path: Path) -> None:
        """Read the lab. `LabError` where it does not parse, `UsageError` where it has no claim."""
        self.unit = unit
        self.tree = parse(path)
        self.lines = path.read_text(encoding="utf-8").splitlines()
        self.classes = {n.name: n for n in self.tree.body if isinstance(n, ast.ClassDef)}
        self.contract: Contract = contract_of(self.tree, path)
        self.technique = self.classes.get(self.contract.technique)
        if self.technique is None:
            raise UsageError(
                f"{path}: {self.contract.technique} is no class of this file",
                remedy="define the technique in the lab itself",
            )

    @property
    def emptied(self) -> list[str]:
        """The names of the technique's methods that the learner writes."""
        gone = self._private()
        return [m.name for m in self._methods() if self._is_emptied(m) and m.name not in gone]

    def text(self) -> str:
        """The whole file."""
        assert self.technique is not None
        kept = self._given()
        technique = self._emptied_class()
        wanted = self._wanted([*(self.classes[name] for name in kept), technique])
        parts = [self.contract.docstring(self.unit, self.emptied), f"{MARK} {self.unit}"]
        imports = list(self._imports(wanted))
        parts.append("\n".join(imports))
        for node in self.tree.body:
            if node is self.technique:
                parts.append(self._written(technique))
            elif isinstance(node, ast.ClassDef):
                parts += [self._source(node)] if node.name in kept else []
            elif _names(node) & wanted and not isinstance(node, ast.Import | ast.ImportFrom):
                parts.append(self._source(node))
        loaded = self._loaded(wanted)
        parts += [loaded] if loaded else []
        return _joined(parts)

    def _given(self) -> list[str]:
        """The classes that stay as they are, by name."""
        assert self.technique is not None
        found = dict.fromkeys(self._ancestors(self.technique))
        over = self.contract.over
        if over in self.classes and self.technique.name not in (
            *self._ancestors(self.classes[over]),
            over,
        ):
            found |= dict.fromkeys([*self._ancestors(self.classes[over]), over])
        return list(found)

    def _ancestors(self, node: ast.ClassDef) -> Iterator[str]:
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in self.classes:
                yield base.id
                yield from self._ancestors(self.classes[base.id])

    def _methods(self) -> list[Function]:
        assert self.technique is not None
        return [node for node in self.technique.body if isinstance(node, Function)]

    def _is_emptied(self, node: Function) -> bool:
        """Is this a method to be written? What yields evidence (`@figure`) never is."""
        assert self.technique is not None
        if any("figure" in ast.unparse(decorator) for decorator in node.decorator_list):
            return False
        changed = self._changed_by_others()
        rooted = not list(self._ancestors(self.technique))
        return not (rooted and changed) or node.name in changed

    def _private(self) -> set[str]:
        """The technique's methods that only its emptied bodies call."""
        assert self.technique is not None
        kept = [self.classes[name] for name in self._given()]
        kept_methods = [node for node in self._methods() if not self._is_emptied(node)]
        others = [node for node in self.tree.body if not isinstance(node, ast.ClassDef)]
        asked = {name for part in [*others, *kept, *kept_methods] for name in _asked(part)}
        inherited = {
            member.name
            for name in self._ancestors(self.technique)
            for member in self.classes[name].body
            if isinstance(member, Function)
        }
        return {
            node.name
            for node in self._methods()
            if self._is_emptied(node)
            and node.name not in asked | inherited
            and not hasattr(Client, node.name)
        }

    def _changed_by_others(self) -> set[str]:
        """The technique's methods that variants derived from it define anew."""
        assert self.technique is not None
        own = {node.name for node in self._methods()}
        return {
            member.name
            for node in self.classes.values()
            if self.technique.name in self._ancestors(node)
            for member in node.body
            if isinstance(member, Function) and member.name in own
        }

    def _emptied_class(self) -> ast.ClassDef:
        """The technique without bodies, and without attributes that the bodies alone used."""
        assert self.technique is not None
        node = copy.deepcopy(self.technique)
        gone, private = set(self.emptied), self._private()
        node.body = [m for m in node.body if getattr(m, "name", None) not in private]
        staying = [m for m in node.body if isinstance(m, Function) and m.name not in gone]
        others = [self.classes[name] for name in self._given()]
        attributes = {
            found.attr
            for part in [*staying, *others]
            for found in ast.walk(part)
            if isinstance(found, ast.Attribute)
        }
        known = {m.name for m in node.body if isinstance(m, Function)}
        body: list[ast.stmt] = []
        for member in node.body:
            if isinstance(member, Function) and member.name in gone:
                body.append(self._without_body(member))
            elif isinstance(member, ast.Assign | ast.AnnAssign):
                alias = isinstance(member.value, ast.Name) and member.value.id in known
                if alias or _names(member) & (attributes | KEPT_ATTRIBUTES):
                    body.append(member)
            else:
                body.append(member)
        node.body = body
        return node

    def _without_body(self, node: Function) -> Function:
        what = f"{self.contract.technique}.{node.name}"
        raising = ast.parse(f"raise NotImplementedError('write {what}')").body
        words = node.body[:1] if ast.get_docstring(node) else []
        node.body = [*words, *raising]
        return node

    def _wanted(self, given: Iterable[ast.AST]) -> set[str]:
        """The module-level names that what is given needs, directly or through others.

        A plain constant that a check reads is part of what is promised, so it stays too.
        """
        defined: dict[str, ast.stmt] = {
            name: node
            for node in self.tree.body
            if not isinstance(node, ast.ClassDef)
            for name in _names(node)
        }
        todo, found = [name for node in given for name in _used(node)], set[str]()
        for check in self.contract.checks:
            todo += [name for name in _used(check) if _is_constant(defined.get(name))]
        while todo:
            name = todo.pop()
            if name in defined and name not in found:
                found.add(name)
                node = defined[name]
                if not isinstance(node, ast.Import | ast.ImportFrom):
                    todo += _used(node)
        return found

    def _imports(self, wanted: set[str]) -> Iterator[str]:
        for node in self.tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                kept = [a for a in node.names if (a.asname or a.name).split(".")[0] in wanted]
                if kept:
                    changed = copy.copy(node)
                    changed.names = kept
                    yield ast.unparse(changed)

    def _written(self, node: ast.ClassDef) -> str:
        """The class as text: what stays, in the words and the layout of the lab."""
        head = ast.ClassDef(node.name, node.bases, node.keywords, [], node.decorator_list)
        gone = set(self.emptied)
        parts = [f"{ast.unparse(head).splitlines()[0]}"]
        for member in node.body:
            if isinstance(member, Function) and member.name in gone:
                text = ast.unparse(member)
            else:
                text = textwrap.dedent(self._source(member))
            parts.append(textwrap.indent(text, "    "))
            parts.append("")
        return "\n".join(parts).rstrip()

    def _source(self, node: ast.stmt) -> str:
        decorated = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorated)])
        return "\n".join(self.lines[first - 1 : node.end_lineno])

    def _loaded(self, wanted: set[str]) -> str | None:
        """What is in the engines before a client opens, as a comment; with numbers it names."""
        load = self.contract.load
        if load is None:
            return None
        named = isinstance(load, ast.Name)
        node = next((n for n in self.tree.body if named and ast.unparse(load) in _names(n)), None)
        text = self._source(node) if node else ast.get_source_segment("\n".join(self.lines), load)
        lines = textwrap.dedent(f"        {text}" if node is None else text or "").splitlines()
        named_there = set(_used(node or load)) - wanted
        numbers = [n for n in self.tree.body if _names(n) & named_there and _is_number(n)]
        lines = [*(self._source(number) for number in numbers), *lines]
        return "\n".join(["# Loaded before your clients open:", *(f"# {x}" for x in lines)])


def starter_of(unit: str, folder: Path) -> str:
    """The text of a unit's starter. Raises as `Starter` does."""
    return Starter(unit, folder / "lab.py").text()


def _names(node: ast.stmt) -> set[str]:
    """What a statement binds in its module or class."""
    if isinstance(node, Function | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    found = [name for target in targets if target is not None for name in ast.walk(target)]
    return {name.id for name in found if isinstance(name, ast.Name)}


def _used(node: ast.AST) -> list[str]:
    return [
        found.id
        for found in ast.walk(node)
        if isinstance(found, ast.Name) and isinstance(found.ctx, ast.Load)
    ]


def _asked(node: ast.AST) -> Iterator[str]:
    """Every name by which a method could be called here: an attribute, or the text of one."""
    for found in ast.walk(node):
        if isinstance(found, ast.Attribute):
            yield found.attr
        elif isinstance(found, ast.Constant) and isinstance(found.value, str):
            yield found.value


def _is_constant(node: ast.stmt | None) -> bool:
    if not isinstance(node, ast.Assign):
        return False
    return all(isinstance(target, ast.Name) and target.id.isupper() for target in node.targets)


def _is_number(node: ast.stmt) -> bool:
    value = node.value if isinstance(node, ast.Assign) else None
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    return all(isinstance(part, ast.Constant) and not isinstance(part.value, str) for part in parts)


def _joined(parts: list[str]) -> str:
    """The parts with the blank lines that a formatter would leave."""
    text = ""
    for part in parts:
        if not text:
            text = part
            continue
        big = part.startswith(("class ", "def ", "@", "# Loaded"))
        one_after_other = " = " in part[:40] and " = " in text.splitlines()[-1][:40]
        text += ("\n\n\n" if big else "\n" if one_after_other and not big else "\n\n") + part
    return text.replace("\n\n\n\n", "\n\n\n") + "\n"
