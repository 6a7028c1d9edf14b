"""The architecture can be seen in the folders, and this test keeps it true.

Each part may import only what stands behind it in the table; `scalebook.errors` and
`scalebook.files` are for all.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "scalebook"
MEASURING = {"lab", "stats", "services", "load", "results", "labfile"}
LAYERS: dict[str, set[str]] = {
    "errors": set(),
    "files": set(),
    "lab": set(),
    "stats": set(),
    "labfile": {"lab"},
    "services": {"lab", "labfile"},
    "load": {"lab", "labfile"},
    "results": {"stats"},
    "engine": MEASURING,
    "models": {"stats"},
    "book": {"results", "stats"},
    # Of authoring the site takes what is static; tests/site holds that no engine comes with it.
    "site": {"book", "results", "stats", "authoring"},
    "practice": {"engine", "book", *MEASURING},
    "authoring": {"engine", "book", *MEASURING},
    "chapters": {"lab", "services"},
}
# What is handed in may be named for the type checker, though not imported when running.
TYPES_ONLY = {"load": {"services"}}
# The way in may use everything; nothing may use it.
TOP = {"cli", "__main__"}
EVERYBODY = {"errors", "files", "__version__"}


def imported_parts(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield (line, part of scalebook) for each import, also those inside functions.

    `package` is the dotted name of the module's package, for relative imports.
    """
    for node in walk_running(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from parts_of(node.lineno, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = [*base, *(node.module or "").split(".")]
            for alias in node.names:
                yield from parts_of(node.lineno, [part for part in [*module, alias.name] if part])


def walk_running(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every node but those inside `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield child
            yield from walk_running(child)


def types_imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield (line, part) for each import inside `if TYPE_CHECKING:`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for child in node.body:
                yield from imported_parts(ast.Module([child], []), package)


def parts_of(line: int, dotted: list[str]) -> Iterator[tuple[int, str]]:
    if dotted[0] == "scalebook" and len(dotted) > 1:
        yield line, dotted[1]


def faults(path: str, text: str) -> list[str]:
    """Return the forbidden imports of the module at `path` (relative to the package)."""
    place = Path(path)
    part = place.parts[0].removesuffix(".py")
    if part in TOP or path == "__init__.py":
        return []
    if part not in LAYERS:
        return [f"{path}:1: {part} is no known part; add it to LAYERS in {Path(__file__).name}"]
    allowed = LAYERS[part] | EVERYBODY | {part}
    package = ("scalebook", *place.parent.parts)
    tree = ast.parse(text)
    types = allowed | TYPES_ONLY.get(part, set())
    found = [found for found in imported_parts(tree, package) if found[1] not in allowed]
    found += [found for found in types_imported(tree, package) if found[1] not in types]
    return [
        f"{path}:{line}: {part} must not import scalebook.{name}; move what both need to a "
        f"part that {part} may import ({', '.join(sorted(LAYERS[part])) or 'none'}), or pass it in"
        for line, name in found
    ]


def test_parts_import_only_what_stands_behind_them() -> None:
    found = [
        fault
        for path in sorted(PACKAGE.rglob("*.py"))
        for fault in faults(path.relative_to(PACKAGE).as_posix(), path.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lab/lab.py", "from scalebook.engine import run"),
        ("lab/lab.py", "import scalebook.services.redis"),
        ("stats/estimate.py", "from scalebook import lab"),
        ("services/redis.py", "def f():\n    from scalebook.results.store import Store"),
        ("load/closed.py", "from ..engine import plan"),
        ("results/store.py", "from scalebook.services import Redis"),
        ("site/serve.py", "from scalebook.engine import run"),
        ("engine/run.py", "from scalebook.cli import main"),
        ("load/closed.py", "from scalebook.services.rundir import RunDirectory"),
        ("lab/lab.py", "if TYPE_CHECKING:\n    from scalebook.services import Redis"),
        ("helpers/misc.py", "x = 1"),
    ],
)
def test_a_forbidden_import_is_caught(path: str, text: str) -> None:
    assert len(faults(path, text)) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lab/lab.py", "from scalebook.errors import LabError\nfrom .client import Client"),
        ("services/redis.py", "from scalebook.lab import Lab\nfrom . import cache"),
        ("engine/run.py", "from scalebook.load import closed"),
        ("load/closed.py", "if TYPE_CHECKING:\n    from scalebook.services import Redis"),
        ("cli/run.py", "from scalebook.engine import run"),
        ("cli.py", "from scalebook.site import serve"),
        ("site/serve.py", "import json"),
    ],
)
def test_what_the_table_allows_passes(path: str, text: str) -> None:
    assert faults(path, text) == []
