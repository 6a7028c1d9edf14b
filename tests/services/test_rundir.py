"""A run directory belongs to one run, and goes with it."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest

from scalebook.errors import HarnessError
from scalebook.services.rundir import RunDirectory
from scalebook.services.watch import processes_inside

Until = Callable[..., bool]
AsUser = Callable[[int], AbstractContextManager[None]]

RUNNER = """
import sys, time
from scalebook.lab import Program
from scalebook.services import Capacity, Postgres, Redis
from scalebook.services.provide import Provisions
from scalebook.services.rundir import RunDirectory

found = Provisions()
found.find("redis"), found.find("postgresql")
print("ready", flush=True)
run = RunDirectory.create()
redis = Redis(capacity=Capacity(1, 0.001)).start("redis", run, found)
redis.services[0].pause()
pg = Postgres().start("pg", run, found)
pg.access("arm").connect()
pg.services[0].pause()
print("started", flush=True)
time.sleep(600)
"""
DICE = random.Random(7)
MOMENTS_SECONDS = [0.0, *(round(DICE.uniform(0.005, 0.6), 3) for _ in range(4))]


def start_runner() -> subprocess.Popen[str]:
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert runner.stdout is not None
    assert runner.stdout.readline() == "ready\n"
    return runner


def wait_until_started(runner: subprocess.Popen[str]) -> None:
    assert runner.stdout is not None
    assert runner.stdout.readline() == "started\n"


def kill(runner: subprocess.Popen[str]) -> None:
    runner.kill()
    runner.wait()
    assert runner.stdout is not None
    runner.stdout.close()


def watchers_of(pid: int) -> list[psutil.Process]:
    children = psutil.Process(pid).children()
    return [child for child in children if any("watch.py" in word for word in child.cmdline())]


def run_directories(base: Path) -> list[Path]:
    return [path for path in base.iterdir() if path.is_dir()]


def shared_memory_of(uid: int) -> list[str]:
    """Shared memory that outlived its processes. Only the spare user of a run has none else."""
    rows = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    files = [path for path in Path("/dev/shm").iterdir() if path.stat().st_uid == uid]
    return [row[1] for row in rows if row[7] == str(uid)] + [str(path) for path in files]


def ignored_signals(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigIgn:"):
            return int(line.split()[1], 16)
    raise AssertionError(f"no SigIgn in the status of {pid}")


@pytest.mark.parametrize("moment", [*MOMENTS_SECONDS, None])
def test_killed_runner_leaves_nothing(base: Path, until: Until, moment: float | None) -> None:
    with RunDirectory.create() as neighbour:
        bystander = neighbour.spawn(
            ["sleep", "600"], cwd=neighbour.folder("idle"), log=neighbour.path / "idle.log"
        )
        runner = start_runner()
        if moment is None:
            wait_until_started(runner)
        else:
            time.sleep(moment)
        kill(runner)
        assert until(lambda: processes_inside(base) == [bystander.pid])
        # Killed before it had a watcher, a runner leaves empty files to the next start.
        if moment is None:
            assert until(lambda: run_directories(base) == [neighbour.path])
        else:
            until(lambda: run_directories(base) == [neighbour.path], seconds=1)
        RunDirectory.create().close()
        assert run_directories(base) == [neighbour.path]
        assert bystander.poll() is None
    assert list(base.iterdir()) == []


@pytest.mark.root
def test_killed_runner_leaves_no_shared_memory(base: Path, until: Until) -> None:
    runner = start_runner()
    wait_until_started(runner)
    (directory,) = run_directories(base)
    uid = directory.stat().st_gid
    assert shared_memory_of(uid)
    kill(runner)
    assert until(lambda: not directory.exists())
    assert shared_memory_of(uid) == []


def test_killed_runner_and_watcher_leave_nothing_after_the_next_start(base: Path) -> None:
    with RunDirectory.create() as neighbour:
        bystander = neighbour.spawn(
            ["sleep", "600"], cwd=neighbour.folder("idle"), log=neighbour.path / "idle.log"
        )
        runner = start_runner()
        wait_until_started(runner)
        for watcher in watchers_of(runner.pid):
            watcher.kill()
        kill(runner)
        assert len(processes_inside(base)) > 5
        with RunDirectory.create() as fresh:
            assert processes_inside(base) == [bystander.pid]
            assert set(run_directories(base)) == {neighbour.path, fresh.path}
        assert bystander.poll() is None


def test_two_runs_at_once_share_nothing_not_even_a_missing_template(
    base: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEBOOK_CACHE", str(base / "cache"))
    runners = [start_runner() for _ in range(2)]
    for runner in runners:
        wait_until_started(runner)
    runs = [path for path in run_directories(base) if path.name != "cache"]
    assert len(runs) == 2
    assert all(len(processes_inside(path)) > 5 for path in runs)
    for runner in runners:
        kill(runner)
    assert until(lambda: [path.name for path in base.iterdir()] == ["cache"])


def test_watcher_ignores_polite_signals(base: Path, until: Until) -> None:
    with RunDirectory.create() as run:
        (watcher,) = [p for p in watchers_of(os.getpid()) if str(run.path) in p.cmdline()]
        for number in (signal.SIGINT, signal.SIGTERM):
            assert until(lambda bit=1 << (number - 1): bool(ignored_signals(watcher.pid) & bit))
            watcher.send_signal(number)
        assert watcher.is_running()
    assert not watcher.is_running()


def test_child_gets_little_and_is_somebody_else(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "of the runner")
    with RunDirectory.create() as run:
        folder = run.folder("child")
        assert folder.stat().st_mode & 0o777 == 0o700
        script = "id -u; id -G; umask; env; ls /proc/self/fd | wc -l"
        log = run.path / "child.log"
        assert run.spawn(["sh", "-c", script], cwd=folder, log=log).wait() == 0
        lines = log.read_text().splitlines()
        user = os.getuid() if run.uid is None else run.uid
        group = os.getgid() if run.gid is None else run.gid
        assert lines[0] == str(user)
        assert lines[1].split()[0] == str(group)
        assert lines[2] == "0077"
        assert f"HOME={folder}" in lines
        assert "SECRET" not in log.read_text()
        if os.getuid() == 0:
            assert run.uid not in (None, 0)
            assert lines[1] == str(group)


def test_nothing_starts_outside_or_after_the_run(base: Path) -> None:
    run = RunDirectory.create()
    folder, log = run.folder("child"), run.path / "log"
    with pytest.raises(HarnessError, match="outside"):
        run.spawn(["true"], cwd=Path("/"), log=log)
    with pytest.raises(HarnessError, match="cannot start"):
        run.spawn(["/no/such/program"], cwd=folder, log=log)
    run.close()
    run.close()
    log.parent.mkdir()
    with pytest.raises(HarnessError, match="closed"):
        run.spawn(["true"], cwd=folder, log=log)


def test_names_become_short_and_unique(base: Path) -> None:
    with RunDirectory.create() as run:
        folders = {run.folder("an arm with / a name that is far too long to be a path")}
        folders.add(run.folder("an arm with / a name that is far too long to be a path"))
        assert len(folders) == 2
        assert all(len(str(folder / ".s.PGSQL.5432")) < 100 for folder in folders)


def test_base_that_others_could_change_is_refused(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (base / "real").mkdir()
    (base / "link").symlink_to(base / "real")
    (base / "open").mkdir()
    (base / "open").chmod(0o777)
    places = [base / "link", base / "open" / "mine"]
    if os.getuid() == 0:
        (base / "theirs").mkdir()
        os.chown(base / "theirs", 65534, 65534)
        (base / "closed").mkdir(mode=0o700)
        places += [base / "theirs", base / "closed" / "mine"]
    for place in places:
        monkeypatch.setenv("SCALEBOOK_RUN_DIR", str(place))
        with pytest.raises(HarnessError):
            RunDirectory.create()
    monkeypatch.setenv("SCALEBOOK_RUN_DIR", str(base / ("long" * 20)))
    with pytest.raises(HarnessError, match="too long"):
        RunDirectory.create()


@pytest.mark.root
@pytest.mark.parametrize("uid", [65534, 61111])
def test_another_user_cannot_look_inside(base: Path, as_user: AsUser, uid: int) -> None:
    with RunDirectory.create() as run:
        with as_user(uid), pytest.raises(PermissionError):
            list(run.path.iterdir())
        with as_user(uid), pytest.raises(PermissionError):
            list(base.iterdir())
