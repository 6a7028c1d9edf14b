import os
import signal
import subprocess

import psutil
import pytest

from scalebook.errors import HarnessError, LabError
from scalebook.lab import Workload
from scalebook.load.closed import ClosedTask
from scalebook.load.process import LoadProcess, read_frame, write_frame
from scalebook.services.rundir import RunDirectory

from .conftest import Cook


def task(cook: Cook, variant: str = "Counter") -> ClosedTask:
    return ClosedTask(cook(variant), Workload(mix={"incr": 1}), (0,), trial_seed=1)


def test_frames_of_any_size_pass_a_pipe_and_a_torn_one_is_the_end() -> None:
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        assert child.stdin is not None
        assert child.stdout is not None
        write_frame(child.stdin.fileno(), ("small", 1))
        write_frame(child.stdin.fileno(), ("large", b"x" * 40_000))
        os.write(child.stdin.fileno(), b"\xff\x00\x00\x00torn")
        child.stdin.close()
        assert read_frame(child.stdout) == ("small", 1)
        assert read_frame(child.stdout) == ("large", b"x" * 40_000)
        with pytest.raises(EOFError):
            read_frame(child.stdout)


def test_it_lives_in_the_run_directory_and_ends_with_its_standard_input(
    cook: Cook, run: RunDirectory
) -> None:
    process = LoadProcess(run, "lives", task(cook))
    process.expect("ready", seconds=30)
    child = psutil.Process(process.pid)
    assert child.cwd().startswith(str(run.path))
    process.end()
    assert not psutil.pid_exists(process.pid)


def test_a_killed_one_is_reported(cook: Cook, run: RunDirectory) -> None:
    process = LoadProcess(run, "killed", task(cook))
    process.expect("ready", seconds=30)
    process.signal(signal.SIGKILL)
    with pytest.raises(HarnessError, match="load process killed died"):
        process.expect("ops", seconds=10)
    process.end()


def test_errors_arrive_as_what_they_are(cook: Cook, run: RunDirectory) -> None:
    process = LoadProcess(run, "errs", task(cook, "BadOpen"))
    with pytest.raises(LabError, match=r"BadOpen\.open failed"):
        process.expect("ready", seconds=30)
    process.end()
