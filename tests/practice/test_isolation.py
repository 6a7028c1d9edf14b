"""The real `check` at each level that this machine has, and what hostile code gets there."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from benchmarks.trust.place import ORDINARY_UID, Place, ordinary_python, places
from tests.practice.tally import LAB, SOLUTION, UNIT

LEVELS = ["bwrap", "unshare", "limits only"]
SLEEP = ["sleep", "98.7"]
Check = Callable[..., dict[str, Any]]


def _skip(request: pytest.FixtureRequest, why: str) -> None:
    if request.config.getoption("--require-all"):
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A place of an ordinary user."""
    if sys.platform != "linux":
        pytest.skip("there are no namespaces")
    root = os.geteuid() == 0
    if root and ordinary_python() is None:
        _skip(request, "an ordinary user cannot run any Python that has the packages")
    with places(ORDINARY_UID if root else None) as place:
        chapters = place.folder / "chapters" / "redis" / "tally"
        chapters.mkdir(parents=True)
        (chapters / "lab.py").write_text(LAB)
        yield place


@pytest.fixture(params=LEVELS)
def check(request: pytest.FixtureRequest, place: Place) -> Check:
    """Check a body of `increment` at one level; returns what `--json` says."""
    level: str = request.param
    if level in LEVELS[:2] and shutil.which(level) is None:
        _skip(request, f"{level} is not installed")
    tools = place.folder / level.replace(" ", "-")
    tools.mkdir(exist_ok=True)
    for name in LEVELS[:2]:
        found = shutil.which(name)
        if name == level and not (tools / name).exists():
            (tools / name).symlink_to(str(found))
        elif name != level:
            (tools / name).write_text("#!/bin/sh\nexit 1\n")
            (tools / name).chmod(0o755)

    def run(body: str) -> dict[str, Any]:
        file = place.folder / "mine.py"
        text = SOLUTION.format(body=body.replace("\n", "\n        "))
        file.write_text(f"# scalebook practice {UNIT}\n{text}")
        if os.geteuid() == 0:
            os.chown(file, ORDINARY_UID, ORDINARY_UID)
        env = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "SCALEBOOK_CHAPTERS": str(place.folder / "chapters"),
            "SCALEBOOK_PROGRESS": str(place.folder / "progress.db"),
        }
        doctor = place.call("doctor", "--json", **env)
        told = json.loads(doctor.stdout)
        assert told["judge"] == ("namespaces" if level in LEVELS[:2] else level)
        assert level in LEVELS[2:] or told["judge_reason"].endswith(level)
        done = place.call("check", str(file), "--json", "--seed", "5", **env)
        assert done.stdout, done.stderr
        said: dict[str, Any] = json.loads(done.stdout)
        left = [name for name in place.run_directories() if name.suffix != ".lock"]
        assert left == []
        assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == SLEEP]
        assert file.exists()
        said["level"], said["status"] = level, done.returncode
        return said

    return run


def test_a_right_solution_is_not_failed(check: Check) -> None:
    body = "if self.worker == 0 and not key: print('I am', os.getuid(), self.redis.acl_whoami())"
    said = check(body)
    assert said["verdict"] in ("pass", "undecided"), said
    uid = ORDINARY_UID if os.geteuid() == 0 else os.geteuid()
    assert f"I am {uid} learner" in said["stray"]


def test_what_is_left_running_ends_with_the_check(check: Check) -> None:
    body = f"subprocess.Popen({SLEEP!r}, cwd='/', start_new_session=True)\nos._exit(3)"
    said = check(body)
    assert said["verdict"] == "fail"
    assert "ended the process that judged it, with exit status 3" in said["findings"][0]["text"]


def test_nobody_is_killed_but_the_code_itself(check: Check) -> None:
    """Where its parent is within reach, killing it is told; in namespaces it is not."""
    body = "os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(10)\nraise SystemExit('I go on')"
    said = check(body)
    assert said["verdict"] == "fail"
    wanted = "I go on" if said["level"] != "limits only" else "killed the process that started it"
    assert wanted in said["findings"][0]["text"]


def test_a_kill_of_everybody_is_refused_at_each_level(check: Check) -> None:
    said = check("os.kill(-1, signal.SIGKILL)")
    assert (said["verdict"], said["status"]) == ("fail", 1)
    assert "kill every process of the check" in said["findings"][0]["text"]


def test_many_processes_are_bounded(check: Check) -> None:
    body = f"for _ in range(2000): subprocess.Popen({SLEEP!r}, cwd='/', start_new_session=True)"
    said = check(body)
    assert said["verdict"] == "fail"
    assert "BlockingIOError" in said["findings"][0]["text"]


def test_its_own_file_is_there_in_the_end(check: Check) -> None:
    said = check("os.path.exists(__file__) and os.remove(__file__)")
    if said["level"] == "bwrap":
        assert "Read-only file system" in said["findings"][0]["text"]
    else:
        assert said["verdict"] in ("pass", "undecided"), said
