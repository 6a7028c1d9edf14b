"""The queue: one at a time, in order, cancelled, ended by force, and whole after a restart."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from scalebook.errors import UsageError
from scalebook.site.serve.jobs import MOST_WAITING, Job, Jobs
from scalebook.site.serve.orders import Order

WAITS = "import signal, sys, time; print('{}', flush=True); time.sleep(600)"
QUICK = r"""print('{"event": "note", "text": "postgresql://me:secret@host/db"}')
print('{"event": "stored", "run": "abcdefabcdef"}')"""
STUBBORN = f"import signal; signal.signal(2, signal.SIG_IGN); {WAITS}"
POLITE = r"""import time
try:
    print('{}', flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print('{"event": "stored", "run": "abcdefabcdef"}')
    raise SystemExit(130)"""
FAILS = r"""import sys
print('{"event": "error", "what": "no engine redis://me:secret@host", "remedy": "fetch it"}')
sys.exit(3)"""
DIES = "import sys; sys.exit('Segmentation of postgresql://me:secret@host/db')"


def wait_for(true: Callable[[], Any], seconds: float = 30.0) -> None:
    """Return once it is so; fail when it never is."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


@pytest.fixture
def make(jobs_folder: Path) -> Iterator[Callable[..., Jobs]]:
    """Open a queue over the folder, whose runs are this Python program; closed at the end."""
    opened: list[Jobs] = []

    def open_(program: str, grace_seconds: float = 20.0) -> Jobs:
        jobs = Jobs(jobs_folder, lambda _: [sys.executable, "-c", program], grace_seconds)
        jobs.open()
        opened.append(jobs)
        return jobs

    yield open_
    for jobs in opened:
        jobs.close()


def order(unit: str = "trust/brief") -> Order:
    return Order(unit=unit, budget="quick")


def under_way(jobs: Jobs, job: Job) -> psutil.Process:
    """The process of a job, once it has said something."""
    tail = jobs.events(job.id)
    wait_for(lambda: jobs.get(job.id).pid and tail.read())
    return psutil.Process(jobs.get(job.id).pid)


def test_a_run_ends_with_the_id_of_its_record(make: Callable[..., Jobs]) -> None:
    jobs = make(QUICK)
    job = jobs.add(order())
    wait_for(lambda: jobs.get(job.id).is_over)
    ended = jobs.get(job.id)
    assert (ended.state, ended.status, ended.run) == ("finished", 0, "abcdefabcdef")
    assert ended.seconds is not None


def test_events_are_numbered_and_hide_passwords(make: Callable[..., Jobs]) -> None:
    jobs = make(QUICK)
    job = jobs.add(order())
    wait_for(lambda: jobs.get(job.id).is_over)
    events = jobs.events(job.id).read()
    assert [event["n"] for event in events] == [0, 1]
    assert events[0]["text"] == "postgresql://me:***@host/db"


def test_half_a_line_waits_for_its_end(make: Callable[..., Jobs], jobs_folder: Path) -> None:
    jobs = make(WAITS)
    job = jobs.add(order())
    under_way(jobs, job)
    tail = jobs.events(job.id)
    assert len(tail.read()) == 1
    with (jobs_folder / job.id / "events.ndjson").open("a") as file:
        file.write('{"event": "no')
        file.flush()
        assert tail.read() == []
        file.write('te"}\n')
        file.flush()
        assert tail.read() == [{"event": "note", "n": 1}]


def test_the_second_waits_for_the_first(make: Callable[..., Jobs]) -> None:
    jobs = make(POLITE)
    first, second, third = jobs.add(order()), jobs.add(order()), jobs.add(order())
    under_way(jobs, first)
    assert [jobs.get(job.id).state for job in (first, second, third)] == [
        "running",
        "queued",
        "queued",
    ]
    assert [jobs.position(job.id) for job in (first, second, third)] == [0, 1, 2]
    jobs.cancel(second.id)
    assert jobs.position(third.id) == 1
    jobs.cancel(first.id)
    under_way(jobs, third)
    assert jobs.get(first.id).state == "cancelled"
    assert jobs.get(second.id).started is None


def test_a_cancelled_run_keeps_what_it_stored(make: Callable[..., Jobs]) -> None:
    jobs = make(POLITE)
    job = jobs.add(order())
    process = under_way(jobs, job)
    jobs.cancel(job.id)
    wait_for(lambda: jobs.get(job.id).is_over)
    ended = jobs.get(job.id)
    assert (ended.state, ended.status, ended.run) == ("cancelled", 130, "abcdefabcdef")
    assert not process.is_running()
    assert jobs.cancel(job.id) == ended


def test_one_that_does_not_heed_the_interrupt_is_killed(make: Callable[..., Jobs]) -> None:
    jobs = make(STUBBORN, grace_seconds=0.3)
    job = jobs.add(order())
    process = under_way(jobs, job)
    jobs.cancel(job.id)
    wait_for(lambda: jobs.get(job.id).is_over)
    assert jobs.get(job.id).status == -signal.SIGKILL
    assert jobs.get(job.id).state == "cancelled"
    assert not process.is_running()


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        (FAILS, "no engine redis://me:***@host"),
        (DIES, "Segmentation of postgresql://me:***@host/db"),
        ("import sys; sys.exit(0)", "it ended with exit status 0"),
    ],
    ids=["told", "complained", "silent"],
)
def test_a_failure_says_why(make: Callable[..., Jobs], program: str, problem: str) -> None:
    jobs = make(program)
    job = jobs.add(order())
    wait_for(lambda: jobs.get(job.id).is_over)
    assert jobs.get(job.id).state == "failed"
    assert jobs.get(job.id).problem == problem


def test_a_unit_that_is_gone_fails_alone(jobs_folder: Path) -> None:
    def launch(asked: Order) -> list[str]:
        if asked.unit == "trust/gone":
            raise UsageError("there is no unit 'trust/gone' any more")
        return [sys.executable, "-c", QUICK]

    jobs = Jobs(jobs_folder, launch)
    jobs.open()
    try:
        gone, there = jobs.add(order("trust/gone")), jobs.add(order())
        wait_for(lambda: jobs.get(there.id).is_over)
        assert "no unit" in (jobs.get(gone.id).problem or "")
        assert jobs.get(there.id).state == "finished"
    finally:
        jobs.close()


def test_the_queue_has_an_end(make: Callable[..., Jobs]) -> None:
    jobs = make(POLITE)
    under_way(jobs, jobs.add(order()))
    for _ in range(MOST_WAITING):
        jobs.add(order())
    with pytest.raises(UsageError, match="wait already"):
        jobs.add(order())


def test_closing_interrupts_and_a_restart_goes_on(make: Callable[..., Jobs]) -> None:
    jobs = make(POLITE)
    first, second = jobs.add(order()), jobs.add(order())
    process = under_way(jobs, first)
    jobs.close()
    assert not process.is_running()
    assert jobs.get(first.id).state == "interrupted"
    again = make(QUICK)
    assert again.get(first.id).run == "abcdefabcdef"
    wait_for(lambda: again.get(second.id).is_over)
    assert again.get(second.id).state == "finished"
    assert [job.id for job in again.all()] == [first.id, second.id]


def test_a_run_of_a_dead_server_is_interrupted_and_ended(
    make: Callable[..., Jobs], jobs_folder: Path
) -> None:
    stray = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True
    )
    assert stray.stdout is not None
    stray.stdout.readline()
    created = psutil.Process(stray.pid).create_time()
    left = Job.model_validate(
        {
            "id": "0123456789ab",
            "order": order(),
            "state": "running",
            "asked": "2026-01-01T00:00:00Z",
            "started": "2026-01-01T00:00:01Z",
            "pid": stray.pid,
            "pid_created": created,
        }
    )
    (jobs_folder / left.id).mkdir(parents=True)
    (jobs_folder / left.id / "job.json").write_text(left.model_dump_json())
    jobs = make(QUICK, grace_seconds=0.2)
    job = jobs.add(order())
    with stray:
        assert stray.wait(timeout=20) == -signal.SIGKILL
    wait_for(lambda: jobs.get(job.id).is_over)
    assert jobs.get(left.id).state == "interrupted"


def test_a_process_that_only_has_the_number_is_left_alone(
    make: Callable[..., Jobs], jobs_folder: Path
) -> None:
    other = subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.DEVNULL)
    try:
        left = Job.model_validate(
            {
                "id": "0123456789ab",
                "order": order(),
                "state": "running",
                "asked": "2026-01-01T00:00:00Z",
                "pid": other.pid,
                "pid_created": 1.0,
            }
        )
        (jobs_folder / left.id).mkdir(parents=True)
        (jobs_folder / left.id / "job.json").write_text(left.model_dump_json())
        jobs = make(QUICK, grace_seconds=0.0)
        job = jobs.add(order())
        wait_for(lambda: jobs.get(job.id).is_over)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_damaged_job_is_left_out(make: Callable[..., Jobs], jobs_folder: Path) -> None:
    for name, text in {"0123456789ab": "{", "0123456789ac": '{"id": 1}', "notes": "x"}.items():
        (jobs_folder / name).mkdir(parents=True)
        (jobs_folder / name / "job.json").write_text(text)
    jobs = make(QUICK)
    assert jobs.all() == []
    with pytest.raises(UsageError):
        jobs.get("0123456789ab")


def test_nobody_else_can_read_the_queue(make: Callable[..., Jobs], jobs_folder: Path) -> None:
    jobs = make(QUICK)
    job = jobs.add(order())
    wait_for(lambda: jobs.get(job.id).is_over)
    assert jobs_folder.stat().st_mode & 0o077 == 0
    for file in (jobs_folder / job.id).iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_queue_that_cannot_be_written_is_told(
    make: Callable[..., Jobs], jobs_folder: Path
) -> None:
    jobs = make(QUICK)
    with contextlib.suppress(FileNotFoundError):
        os.rmdir(jobs_folder)
    jobs_folder.write_text("in the way")
    jobs.add(order())
    assert "cannot be written" in (jobs.trouble or "")
