"""Starters: what stays, what is emptied, and that no solution is left in them."""

import ast
import re
from pathlib import Path

import pytest

from scalebook.book import all_units, find
from scalebook.errors import LabError, UsageError
from scalebook.practice.hints import solution_of
from scalebook.practice.starter import Starter, starter_of

LABS = [unit for unit in all_units() if unit.has_lab]
LAB = '''"""Is it a question?"""
import json
import zlib

from scalebook.lab import Client, Lab, Promise, Slices, Speedup, Workload
from scalebook.services import Redis

KEYS = 3
LIMIT = 7
TABLE = "things"
SCRIPT = "return 1"
SQL = f"SELECT {TABLE}"


def packed(value):
    return zlib.compress(value)


class Old(Client):
    """The baseline."""

    def open(self, services):
        self.redis = services.redis.connect()

    def read(self, key):
        return self.redis.get(TABLE)


class New(Old):
    """The technique."""

    script = SCRIPT
    batches = {"read": KEYS}

    def read(self, key):
        """Says what it returns."""
        return json.loads(self.redis.eval(self.script, 0)) or packed(SQL)


class Bad(New):
    """Broken on purpose."""

    def read(self, key):
        return None


def all_is_well(run):
    """Nothing exceeds the limit."""
    if len(run.history) > LIMIT:
        yield "too many"


LAB = Lab(
    at=("rows", [1, 2]),
    services={"redis": Redis},
    workload=Workload(mix={"read": 1}),
    variants=[Old, New, Bad],
    promises=[Promise(all_is_well, kept_by=[New], broken_by=[Bad])],
    trials=[Slices()],
    claim=Speedup(2, of="read", technique=New, over=Old),
)
'''


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "lab.py").write_text(LAB)
    return tmp_path


def names(text: str) -> set[str]:
    """What a file binds at its top level."""
    found: set[str] = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {t.id for t in node.targets if isinstance(t, ast.Name)}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.name for alias in node.names}
    return found


def test_what_only_the_bodies_used_is_gone(small: Path) -> None:
    text = starter_of("redis/small", small)
    assert names(text) == {"Client", "Old", "New", "KEYS", "LIMIT", "TABLE"}
    for gone in ("SCRIPT", "json", "zlib", "packed", "Bad", "script"):
        assert gone not in text
    new = next(n for n in ast.parse(text).body if getattr(n, "name", "") == "New")
    assert "raise NotImplementedError('write New.read')" in ast.unparse(new)
    assert "Says what it returns." in ast.unparse(new)
    assert "return self.redis.get(TABLE)" in text


def test_it_says_what_will_be_checked(small: Path) -> None:
    head = ast.get_docstring(ast.parse(starter_of("redis/small", small))) or ""
    assert "Is it a question?" in head
    assert "all is well: Nothing exceeds the limit." in head
    assert "0.7" in head
    assert "services.redis" in head
    assert "2, 8 and 64 workers in a closed loop" in " ".join(head.split())
    assert all(len(line) <= 80 for line in head.splitlines())


def test_trials_are_told_in_plain_words(small: Path) -> None:
    text = LAB.replace("import Client, Lab", "import Client, Fault, Interleaved, Lab")
    text = text.replace("Slices, Speedup", "Slices, Speedup, Step, Whole").replace(
        "trials=[Slices()]",
        """trials=[
        Slices(seconds=0.02),
        Whole(KEYS, fresh=False),
        Whole(1.5 * KEYS, faults=[Fault.kill("redis", at=0.2, back=0.4)], name="crash"),
        Whole(2, steps=[Step(0.5, "migrate")]),
        Interleaved(clients=2, operations=KEYS),
    ]""",
    )
    text = text.replace("Promise(all_is_well,", "Promise(few,")
    text = text.replace("LAB = Lab(", "few = checks.at_most(LIMIT, of='read')\nLAB = Lab(")
    text = text.replace("from scalebook.lab import", "from scalebook.lab import checks,")
    text = text.replace('{"redis": Redis}', '{"redis": Redis(appendonly="always")}')
    (small / "lab.py").write_text(text)
    head = ast.get_docstring(ast.parse(starter_of("redis/small", small))) or ""
    said = " ".join(head.split())
    assert (
        "Trials of the lab: slices of 0.02 s, in random order; whole runs of 3 s that go on from "
        "one another; whole runs with faults ('crash'); whole runs of 2 s with steps; "
        "races of 2 clients, 3 operations each. "
    ) in said
    assert "Fault: redis is killed (SIGKILL), at 0.2 s, and back at 0.4 s." in said
    assert "Step: migrate is called of the client, at 0.5 s." in said
    assert "Promise, few: At most 7 operations `read` per key return something true." in said
    assert "services.redis: Redis, appendonly always; connect()" in said


CODE = re.compile(r"\b(Whole|Slices|Interleaved|Exact|Fault|Step|checks|settings)\b[.(=]")


@pytest.mark.parametrize("unit", LABS, ids=lambda unit: unit.id)
def test_no_head_shows_the_labs_code(unit) -> None:  # type: ignore[no-untyped-def]
    head = ast.get_docstring(ast.parse(starter_of(unit.id, unit.folder))) or ""
    assert CODE.search(head.partition("What the judge checks:")[2]) is None
    assert all(len(line) <= 80 for line in head.splitlines())


def test_private_helpers_of_the_lab_are_not_to_be_written(small: Path) -> None:
    """Nobody but the solution calls `unpack`; a check asks for `everything`."""
    text = LAB.replace(
        "return json.loads(self.redis.eval(self.script, 0)) or packed(SQL)",
        "return self.unpack(self.redis.eval(self.script, 0))\n\n"
        "    def unpack(self, value):\n        return json.loads(value) or packed(SQL)\n\n"
        "    def everything(self):\n        return [self.read(0)]",
    ).replace("len(run.history)", "len(run.client.everything())")
    (small / "lab.py").write_text(text)
    starter = Starter("redis/small", small / "lab.py")
    assert starter.emptied == ["read", "everything"]
    assert "To be written: read, everything." in starter.text()
    assert "unpack" not in starter.text()
    assert "cached" not in Starter("", find("redis/key-value-cache").folder / "lab.py").emptied


def test_what_is_loaded_is_shown_with_its_numbers(small: Path) -> None:
    load = """def load(services, rows):
    services.redis.connect().mset({n: SCRIPT * SIZE for n in range(min(rows, LIMIT))})


LAB = Lab(
    load=load,"""
    text = LAB.replace("LAB = Lab(", load).replace("KEYS = 3", "KEYS, SIZE = 3, 9")
    (small / "lab.py").write_text(text.replace('{"read": KEYS}', '{"read": 3}'))
    text = starter_of("redis/small", small)
    assert "# Loaded before your clients open:\n# KEYS, SIZE = 3, 9\n# def load(" in text
    assert text.count("LIMIT = 7") == 1, "what the file has is not said again"
    assert '"return 1"' not in text, "a text may be the solution"


def test_of_a_technique_without_a_baseline_what_others_change_is_emptied() -> None:
    assert Starter("", find("redis/distributed-lock").folder / "lab.py").emptied == [
        "acquire",
        "release",
    ]
    text = starter_of("redis/distributed-lock", find("redis/distributed-lock").folder)
    assert "RELEASE" not in text
    assert "WRITE" in names(text)


@pytest.mark.parametrize("unit", LABS, ids=lambda unit: unit.id)
def test_every_lab_has_a_starter_that_is_whole(unit) -> None:  # type: ignore[no-untyped-def]
    text = starter_of(unit.id, unit.folder)
    module: dict[str, object] = {"__name__": "starter"}
    exec(compile(text, "starter.py", "exec"), module)  # Nothing that it needs is gone.
    assert f"# scalebook practice {unit.id}" in text
    assert "NotImplementedError" in text
    assert all(len(line) <= 100 for line in text.splitlines())
    technique = Starter(unit.id, unit.folder / "lab.py").contract.technique
    assert isinstance(module[technique], type)


def test_the_solution_comes_with_what_it_uses(small: Path) -> None:
    text = solution_of(small)
    assert "class New" in text
    assert "SCRIPT = " in text
    assert "def packed" in text
    assert "class Old" not in text


def test_a_lab_without_a_claim_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lab.py").write_text("LAB = 1\n")
    with pytest.raises(UsageError, match="no claim"):
        starter_of("redis/small", tmp_path)
    (tmp_path / "lab.py").write_text("LAB = (\n")
    with pytest.raises(LabError, match=r"lab\.py:1"):
        starter_of("redis/small", tmp_path)
