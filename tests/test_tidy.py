"""The style guide (docs/STYLE.md) as a test: each message names the place and the remedy."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).parent.parent
LONGEST_FILE = 500
LONGEST_LAB = 120
LONGEST_FUNCTION = 69
LONGEST_LINE = 100
LARGEST_BYTES = 1_000_000
# The second starts `scalebook run` alone, which ends when its standard input does.
STARTERS = {"src/scalebook/services/rundir.py", "src/scalebook/site/serve/child.py"}
# Written in halves, so that this file passes its own rule.
HOSTS = re.compile(
    r"(pypi|pythonhosted|debian|npmjs|maven|crates|golang)" + r"\.(org|net|com|io)\b", re.I
)
SOCIAL_MARKS = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
Node = TypeVar("Node", bound=ast.AST)


class Source:
    """One Python file: its path relative to the checkout, its text and its tree."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text, self.lines = path, text, text.splitlines()
        self.in_package = path.startswith("src/scalebook/")
        self.in_chapters = path.startswith("src/scalebook/chapters/")
        self.in_cli = re.match(r"src/scalebook/cli(\.py|/)", path) is not None

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def nodes(self, kind: type[Node]) -> Iterator[Node]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kind))

    def says(self, line: int, text: str) -> str:
        return f"{self.path}:{line}: {text}"


Rule = Callable[[Source], Iterator[str]]


def short_file(source: Source) -> Iterator[str]:
    lab = source.in_chapters and source.path.endswith("/lab.py")
    most = LONGEST_LAB if lab else LONGEST_FILE
    if len(source.lines) > most:
        remedy = "show less in one lab" if lab else "split it by its nouns"
        yield source.says(most + 1, f"{len(source.lines)} lines, at most {most}; {remedy}")


def short_function(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield source.says(
                    node.lineno,
                    f"{node.name} has {length} lines, at most {LONGEST_FUNCTION}; "
                    "give its steps names of their own",
                )


def short_line(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.lines, 1):
        if len(line) > LONGEST_LINE and "noqa: E501" not in line:
            yield source.says(number, f"{len(line)} columns, at most {LONGEST_LINE}; break it")


def docstring(source: Source) -> Iterator[str]:
    if source.in_package and not source.in_chapters and not ast.get_docstring(source.tree):
        yield source.says(1, "no docstring; say in one line what the module is for")


def public_names(source: Source) -> Iterator[str]:
    """`__all__` names what exists, and every public function and class is in it."""
    if not source.in_package or source.in_chapters or source.path.endswith("__main__.py"):
        return
    listed = names_listed(source.tree)
    if listed is None:
        yield source.says(
            1, "no __all__; list the public names (or none: `__all__: list[str] = []`)"
        )
        return
    line, names = listed
    defined = dict(names_defined(source.tree.body))
    for name in names:
        if name not in defined:
            yield source.says(line, f"__all__ names {name}, which does not exist; remove it")
    for name, (where, own) in defined.items():
        if own and not name.startswith("_") and name not in names:
            yield source.says(where, f"{name} is not in __all__; add it, or call it _{name}")


def names_listed(tree: ast.Module) -> tuple[int, list[str]] | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            value = getattr(node, "value", None)
            return node.lineno, list(ast.literal_eval(value)) if value else []
    return None


def names_defined(body: list[ast.stmt]) -> Iterator[tuple[str, tuple[int, bool]]]:
    """Yield (name, (line, is it a function or class of this module)) for the top level."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, (node.lineno, True)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield (alias.asname or alias.name).split(".")[0], (node.lineno, False)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            inner = (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))
            yield from names_defined(list(inner))
        else:
            for name in ast.walk(node):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    yield name.id, (node.lineno, False)


def no_swallowing(source: Source) -> Iterator[str]:
    for node in source.nodes(ast.ExceptHandler):
        if node.type is None:
            yield source.says(node.lineno, "bare except; name the errors that you expect")
        elif is_broad(node.type) and all(does_nothing(child) for child in node.body):
            yield source.says(node.lineno, "swallows every error; name those that may pass")
    for call in calls(source, "suppress"):
        if any(is_broad(argument) for argument in call.args):
            yield source.says(call.lineno, "swallows every error; name those that may pass")


def is_broad(node: ast.expr) -> bool:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(isinstance(p, ast.Name) and p.id in {"Exception", "BaseException"} for p in parts)


def does_nothing(node: ast.stmt) -> bool:
    constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return constant or isinstance(node, ast.Pass | ast.Continue)


def calls(source: Source, *names: str) -> Iterator[ast.Call]:
    """Yield the calls of a function by its last name or by its whole dotted name."""
    for call in source.nodes(ast.Call):
        dotted = ast.unparse(call.func)
        if dotted in names or dotted.split(".")[-1] in names:
            yield call


def no_print(source: Source) -> Iterator[str]:
    if source.in_package and not source.in_cli and not source.in_chapters:
        for call in source.nodes(ast.Call):
            if isinstance(call.func, ast.Name) and call.func.id == "print":
                yield source.says(call.lineno, "print outside the CLI; return it or raise it")


def no_wall_clock(source: Source) -> Iterator[str]:
    for call in source.nodes(ast.Call):
        if ast.unparse(call.func) == "time.time":
            yield source.says(
                call.lineno,
                "time.time() jumps when the clock is set; use time.perf_counter() for durations "
                "and datetime.now(UTC) for dates",
            )


def no_assert(source: Source) -> Iterator[str]:
    """In the package `assert` may only tell the type checker what cannot be otherwise."""
    if not source.in_package or source.in_chapters:
        return
    for node in source.nodes(ast.Assert):
        if not narrows_a_type(node.test):
            yield source.says(node.lineno, "assert vanishes under -O; raise an error with a remedy")


def narrows_a_type(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return all(narrows_a_type(value) for value in test.values)
    if isinstance(test, ast.Compare):
        last = test.comparators[-1]
        return isinstance(test.ops[0], ast.IsNot) and ast.unparse(last) == "None"
    return isinstance(test, ast.Call) and ast.unparse(test.func) in {"callable", "isinstance"}


def no_marks(source: Source) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT and SOCIAL_MARKS.search(token.string):
            yield source.says(token.start[0], "unfinished work; finish it or open an issue")


def no_shell(source: Source) -> Iterator[str]:
    remedy = "a shell splits names with spaces; give the command as a list"
    for call in calls(source, "os.system", "os.popen"):
        yield source.says(call.lineno, f"{ast.unparse(call.func)}: {remedy}")
    for word in source.nodes(ast.keyword):
        if word.arg == "shell" and ast.unparse(word.value) == "True":
            yield source.says(word.value.lineno, f"shell=True: {remedy}")


def one_way_to_start(source: Source) -> Iterator[str]:
    if source.in_package and source.path not in STARTERS:
        for call in calls(source, "subprocess.Popen", "create_subprocess_exec"):
            yield source.says(
                call.lineno,
                "a process outside the run directory can be left behind; use RunDirectory.spawn",
            )


RULES: list[Rule] = [
    short_file,
    short_function,
    short_line,
    docstring,
    public_names,
    no_swallowing,
    no_print,
    no_wall_clock,
    no_assert,
    no_marks,
    no_shell,
    one_way_to_start,
]


def no_hosts(path: str, data: bytes) -> Iterator[str]:
    """Registries are set up by whoever runs this: no file names one. Locks name no URL."""
    text = data.decode("utf-8", "replace")
    for number, line in enumerate(text.splitlines(), 1):
        if path.endswith((".lock", ".lock.json", "package-lock.json")) and "://" in line:
            yield f"{path}:{number}: a lock file with a URL; make it with --no-emit-index-url"
        elif is_configuration(path) and HOSTS.search(line):
            yield f"{path}:{number}: names a registry's host; name the package only"


def is_configuration(path: str) -> bool:
    """Articles may cite such a site; code and settings may not depend on one."""
    return not path.endswith((".md", "catalogue.yaml", "sources.yaml"))


def small(path: str, data: bytes) -> Iterator[str]:
    if len(data) > LARGEST_BYTES:
        yield f"{path}:1: {len(data)} bytes, at most {LARGEST_BYTES}; generate it, or make it less"


def not_generated(path: str, data: bytes) -> Iterator[str]:
    page = path.endswith(".html") and "templates/" not in path and not path.startswith("tests/")
    if page or path.startswith(("_site/", "public/", "build/", "dist/")):
        yield f"{path}:1: generated; `git rm --cached` it and add its folder to .gitignore"


FileRule = Callable[[str, bytes], Iterator[str]]
FILE_RULES: list[FileRule] = [no_hosts, small, not_generated]


def tracked_files() -> list[str]:
    """Return what git tracks; in an unpacked archive, whatever is not hidden or a cache."""
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "ls-files", "-z"]
    if (ROOT / ".git").exists():
        said = subprocess.run(git, capture_output=True, text=True, check=True).stdout
        return [path for path in said.split("\0") if (ROOT / path).is_file()]
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    hidden = re.compile(r"(^|/)(\.|__pycache__)")
    return [path.as_posix() for path in found if not hidden.search(path.as_posix())]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_code_keeps(rule: Rule) -> None:
    sources = [
        Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
        for folder in ("src", "tests", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    found = [fault for source in sources for fault in rule(source)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("rule", FILE_RULES, ids=lambda rule: rule.__name__)
def test_files_keep(rule: FileRule) -> None:
    found = [fault for path in tracked_files() for fault in rule(path, (ROOT / path).read_bytes())]
    assert not found, "\n".join(found)


MODULE = "src/scalebook/engine/x.py"
LAB = "src/scalebook/chapters/redis/x/lab.py"
HEAD = '"""A module."""\n__all__ = []\n'
BAD: list[tuple[Rule, str, str]] = [
    (short_file, MODULE, "x = 1\n" * 501),
    (short_file, LAB, "x = 1\n" * 121),
    (short_function, MODULE, "def f():\n" + "    x = 1\n" * 69),
    (short_line, LAB, f"x = '{'a' * 100}'"),
    (docstring, MODULE, "x = 1"),
    (public_names, MODULE, '"""A module."""'),
    (public_names, MODULE, "__all__ = ['missing']"),
    (public_names, MODULE, HEAD + "def hidden(): ..."),
    (public_names, MODULE, HEAD + "if True:\n    class Hidden: ..."),
    (no_swallowing, LAB, "try:\n    f()\nexcept:\n    raise"),
    (no_swallowing, MODULE, "try:\n    f()\nexcept Exception:\n    pass"),
    (no_swallowing, MODULE, "with contextlib.suppress(Exception):\n    f()"),
    (no_print, MODULE, "print(1)"),
    (no_wall_clock, MODULE, "start = time.time()"),
    (no_assert, MODULE, "assert x > 0"),
    (no_marks, LAB, "x = 1  # TO" + "DO: more"),
    (no_shell, MODULE, "os.system('ls')"),
    (no_shell, "tests/x.py", "subprocess.run('ls', shell=True)"),
    (one_way_to_start, MODULE, "subprocess.Popen(['redis-server'])"),
]
GOOD = '''"""A module that keeps every rule."""

import time

from scalebook.errors import UsageError

__all__ = ["UsageError", "measure"]

LIMIT = 3


def measure(client: object | None) -> float:
    """Return seconds."""
    assert client is not None
    start = time.perf_counter()
    try:
        _work()
    except ValueError:
        pass
    return time.perf_counter() - start


def _work() -> None:
    raise UsageError("no")
'''


@pytest.mark.parametrize(
    ("rule", "path", "text"), BAD, ids=lambda value: getattr(value, "__name__", "")
)
def test_each_rule_catches_its_fault(rule: Rule, path: str, text: str) -> None:
    found = list(rule(Source(path, text)))
    assert found
    assert re.match(rf"{re.escape(path)}:\d+: .+[;:] ?.+", found[0])


def test_every_rule_is_proven() -> None:
    assert {rule for rule, _, _ in BAD} == set(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_good_code_passes(rule: Rule) -> None:
    assert list(rule(Source(MODULE, GOOD))) == []


@pytest.mark.parametrize(
    ("rule", "path", "data"),
    [
        (no_hosts, "requirements.lock", b"--index-url https://example.com/simple"),
        (no_hosts, ".ci/run", b"curl https://py" + b"pi.org/simple"),
        (small, "picture.png", bytes(LARGEST_BYTES + 1)),
        (not_generated, "_site/index.html", b""),
        (not_generated, "docs/page.html", b""),
    ],
)
def test_each_rule_about_files_catches_its_fault(rule: FileRule, path: str, data: bytes) -> None:
    assert list(rule(path, data))
    assert list(rule("docs/page.md", b"Read about py" + b"pi.org.")) == []
