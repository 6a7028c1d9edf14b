"""The shell and a run on real engines, with a lab as small as they come."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

Add = Callable[..., Path]

pytestmark = [pytest.mark.requires("postgresql"), pytest.mark.requires("redis")]

LAB = '''"""How fast is a count?"""

from scalebook.lab import Client, Lab, Slices, Speedup, Workload
from scalebook.services import Postgres, Redis


def load(services, rows):
    services.pg.run(f"CREATE TABLE thing AS SELECT generate_series(1, {rows}) AS id")
    services.redis.connect().set("rows", rows)


class Slow(Client):
    """Every row is counted."""

    def open(self, services):
        self.db = services.pg.connect(autocommit=True)

    def read(self, key):
        return self.db.execute("SELECT count(*) FROM thing").fetchone()[0]


class Fast(Slow):
    """The count is kept."""

    def open(self, services):
        self.cache = services.redis.connect()

    def read(self, key):
        return int(self.cache.get("rows"))


LAB = Lab(
    at=("rows", [10, 1000]),
    services={"pg": Postgres, "redis": Redis},
    load=load,
    workload=Workload(mix={"read": 1}),
    variants=[Slow, Fast],
    trials=[Slices(0.02)],
    claim=Speedup(2, of="read", technique=Fast, over=Slow),
)
'''


@pytest.fixture(autouse=True)
def unpacked_engines(chapters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the engines where they are unpacked, not in a cache of the test's own."""
    monkeypatch.delenv("SCALEBOOK_CACHE")


def start(*arguments: str) -> "subprocess.Popen[str]":
    code = "import sys; from scalebook.cli import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )


@pytest.mark.parametrize(
    ("service", "typed", "answer"),
    [
        ("pg", "SELECT count(*) + 32 FROM thing;\n", "42"),
        ("redis", "get rows\n", "10"),
    ],
)
def test_the_shell_talks_to_the_engine_with_the_units_data(
    add: Add, service: str, typed: str, answer: str
) -> None:
    add("mine/small", LAB)
    out, err = start("shell", "small", "--service", service).communicate(typed)
    assert f"{service} of mine/small at 10 rows, prepared for Slow" in out, err
    assert answer in out.partition("removed.")[2]


@pytest.mark.parametrize("option", ["--service", "--variant"])
def test_the_shell_knows_what_there_is(add: Add, option: str) -> None:
    add("mine/small", LAB)
    child = start("shell", "small", option, "nope")
    _, err = child.communicate()
    assert child.returncode == 2
    assert f"there is no {option[2:]} 'nope'" in err
    assert ("pg, redis" if option == "--service" else "Slow, Fast") in err


def test_a_run_prints_one_array_or_lines_of_events(add: Add) -> None:
    add("mine/small", LAB)
    out, err = start("run", "small", "nosuch", "--quick", "--json").communicate()
    result, error = json.loads(out)
    assert (result["unit"], error["unit"]) == ("mine/small", "nosuch"), err
    child = start("run", "small", "--quick", "--events")
    out, err = child.communicate()
    events = [json.loads(line) for line in out.splitlines()]
    names = [event["event"] for event in events]
    assert names[-1] == "stored", err
    assert "verdict" in names
    assert all(event["unit"] == "mine/small" and event["time"] for event in events)


def test_an_interrupted_run_keeps_what_was_measured(add: Add) -> None:
    add("mine/small", LAB.replace("[10, 1000]", "list(range(1, 200))"))
    child = start("run", "small", "--json")
    wait_for_engines(child)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate()
    assert child.returncode == 130, err
    assert "Traceback" not in err
    json.loads(out)


def wait_for_engines(child: "subprocess.Popen[str]") -> None:
    """Until the runner has a child of its own that is an engine."""
    runner = psutil.Process(child.pid)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and child.poll() is None:
        if any("postgres" in p.name() for p in runner.children(recursive=True)):
            return
        time.sleep(0.05)
