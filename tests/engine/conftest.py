"""A warm workbench for the tests of this folder, and units made of a lab file."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from scalebook.engine import Event, Outcome, Workbench, run_unit

HEADER = '''"""A small question?"""
from scalebook.lab import *
from scalebook.lab.checks import *
from scalebook.services import Postgres, Redis

ANSWER = 7


class Old(Client):
    """The baseline."""

    def open(self, services):
        self.redis = services.redis.connect()

    def read(self, key):
        return self.redis.get("answer")


class New(Old):
    """The technique."""


def load(services, point):
    services.redis.connect().set("answer", ANSWER)


GOOD = dict(
    at=("rows", [1, 2]),
    services={"redis": Redis},
    load=load,
    workload=Workload(mix={"read": 1}),
    variants=[Old, New],
    trials=[Slices(seconds=0.01)],
    claim=Speedup(2, of="read", technique=New, over=Old),
)


'''


@dataclass(frozen=True)
class Unit:
    folder: Path
    id: str = "tests/small"
    number: int | None = 1
    title: str = "A small lab"
    question: str = "A small question?"
    claim_text: str | None = "2x faster"


Measure = Callable[..., Outcome]
Write = Callable[[str], Unit]


@contextmanager
def fresh_bench() -> Iterator[Workbench]:
    """A workbench whose run directory goes away."""
    base = Path(tempfile.mkdtemp(prefix="sb-", dir="/var/tmp"))
    base.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCALEBOOK_RUN_DIR", str(base))
        with Workbench() as bench:
            yield bench
    shutil.rmtree(base)


@pytest.fixture(scope="session")
def bench() -> Iterator[Workbench]:
    with fresh_bench() as bench:
        yield bench


@pytest.fixture
def own_bench() -> Iterator[Workbench]:
    """For a test that breaks its engines."""
    with fresh_bench() as bench:
        yield bench


@pytest.fixture
def events(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """What the workbench reports during this test."""
    told: list[Event] = []
    monkeypatch.setattr(bench, "reporter", told.append)
    return told


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Makes a unit of the end of a lab, which finds the names of HEADER."""

    def make(text: str) -> Unit:
        (tmp_path / "lab.py").write_text(HEADER + dedent(text), encoding="utf-8")
        return Unit(tmp_path)

    return make


@pytest.fixture
def measure(bench: Workbench, write: Write) -> Measure:
    """Runs the text of a lab, or a folder with a lab, with the quick budget and a fixed seed."""

    def run(lab: str | Path, **options: Any) -> Outcome:
        unit = write(lab) if isinstance(lab, str) else Unit(lab)
        return run_unit(bench, unit, **{"budget": "quick", "seed": 7, **options})

    return run
