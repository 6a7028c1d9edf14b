"""The digest of a lab: it changes when the measured code changes, not when its words do."""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

from scalebook.errors import LabError, UsageError
from scalebook.results.parsed import parsed

__all__ = ["ENGINE_REVISION", "digest"]

ENGINE_REVISION = 2
"""Raised by hand when the engine measures differently, so that old numbers go stale."""

_BOOK = "scalebook.chapters"


def digest(lab_path: Path, chapters: Path | None = None) -> str:
    """Hash `lab.py` and all that it imports from `scalebook.chapters`, 16 hexadecimal digits.

    Docstrings, comments and layout do not count. `chapters` is the folder of the book; without
    it the nearest parent of that name is taken, else the installed one. LabError with file and
    line for bad syntax, UsageError for a file that cannot be read.
    """
    path = lab_path.resolve()
    root = (chapters or _chapters_of(path)).resolve()
    sha = hashlib.sha256(f"engine revision {ENGINE_REVISION}".encode())
    todo, texts = [path], {}
    while todo:
        file = todo.pop()
        if file in texts:
            continue
        tree = _parse(file)
        texts[file] = _canonical(tree)
        todo.extend(found for found in _imports(tree, file, root) if found not in texts)
    names = {file: "" if file == path else _name(file, root, path) for file in texts}
    for file in sorted(texts, key=names.__getitem__):
        sha.update(f"\0{names[file]}\0{texts[file]}".encode())
    return sha.hexdigest()[:16]


def _chapters_of(path: Path) -> Path:
    """The folder of the book that holds `path`."""
    for parent in path.parents:
        if parent.name == "chapters":
            return parent
    return Path(__file__).parents[1] / "chapters"


def _name(file: Path, root: Path, lab: Path) -> str:
    """A name of the file that is the same wherever the book lies."""
    base = root if file.is_relative_to(root) else lab.parent
    return file.relative_to(base).as_posix() if file.is_relative_to(base) else file.name


def _parse(file: Path) -> ast.Module:
    """Parse one file."""
    try:
        return parsed(file)
    except SyntaxError as error:
        raise LabError(
            f"{file}:{error.lineno or 1}: {error.msg}",
            remedy="Mend the syntax of the lab; nothing of it was run.",
        ) from error
    except ValueError as error:
        raise LabError(f"{file}:1: {error}", remedy="Save the lab as UTF-8 text.") from error
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be read: {error.strerror or error}",
            remedy="Run `scalebook list` to see which units there are.",
        ) from error


def _canonical(node: object) -> str:
    """Text of a tree without positions, docstrings and empty fields.

    Not `ast.dump`, whose text differs between versions of Python.
    """
    if isinstance(node, ast.AST):
        fields = [
            f"{name}={_canonical(value)}"
            for name in node._fields
            if name not in ("ctx", "kind", "type_ignores")
            and (value := getattr(node, name, None)) not in (None, [])
        ]
        return f"{type(node).__name__}({', '.join(fields)})"
    if isinstance(node, list):
        return f"[{', '.join(_canonical(item) for item in node if not _words(item))}]"
    return repr(node)


def _words(node: object) -> bool:
    """Say whether a statement is a bare string: a docstring, which does nothing."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _imports(tree: ast.Module, file: Path, root: Path) -> Iterator[Path]:
    """Files of the book that a module imports, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(_below(alias.name, root), root)
        elif isinstance(node, ast.ImportFrom):
            folder = _from(node, file, root)
            yield from _files(folder, root)
            if folder is not None:
                for alias in node.names:
                    yield from _files(folder / alias.name, root)


def _below(dotted: str, root: Path) -> Path | None:
    """Where a dotted name of the book lies, without suffix; None for other modules."""
    if dotted == _BOOK:
        return root
    if not dotted.startswith(f"{_BOOK}."):
        return None
    return root.joinpath(*dotted.removeprefix(f"{_BOOK}.").split("."))


def _from(node: ast.ImportFrom, file: Path, root: Path) -> Path | None:
    """Where the module of a `from` import lies, without suffix."""
    parts = node.module.split(".") if node.module else []
    if node.level == 0:
        if parts == ["scalebook"]:
            return root.parent if any(alias.name == "chapters" for alias in node.names) else None
        return _below(node.module or "", root)
    return file.parents[node.level - 1].joinpath(*parts)


def _files(place: Path | None, root: Path) -> Iterator[Path]:
    """The module at `place` and the packages around it inside the book, where they exist."""
    if place is None:
        return
    for file in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        if file.is_file():
            yield file.resolve()
    for parent in place.parents:
        if parent.is_relative_to(root) and (parent / "__init__.py").is_file():
            yield (parent / "__init__.py").resolve()
