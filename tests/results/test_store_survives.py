"""The store under `kill -9`, under several writers at once, and on a full disk."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scalebook.results import Result
from scalebook.results.store import Store

MakeResult = Callable[..., Result]

SAVE = """
import sys
from pathlib import Path
from scalebook.results import Result
from scalebook.results.store import Store, StoredHistory

url, sample, name, count = sys.argv[1:]
result = Result.model_validate_json(Path(sample).read_text())
store = Store(url)
for i in range(int(count)):
    run = f"{name}-{i}"
    store.save(result.model_copy(update={"run": run}), [StoredHistory("A", "t", None, [{"i": i}])])
    print(run, flush=True)
"""

FULL = """
import resource, sys
from pathlib import Path
from scalebook.errors import HarnessError
from scalebook.results import Result
from scalebook.results.store import Store

url, sample = sys.argv[1:]
result = Result.model_validate_json(Path(sample).read_text())
store = Store(url)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    for i in range(1000):
        store.save(result.model_copy(update={"run": f"full-{i}"}))
        print(f"full-{i}", flush=True)
except HarnessError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_status)
"""


@pytest.fixture
def sample(make_result: MakeResult, tmp_path: Path) -> Path:
    path = tmp_path / "sample.json"
    path.write_text(make_result().model_dump_json())
    return path


def saver(url: str, sample: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SAVE, url, str(sample), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_kill_loses_nothing_that_was_stored(sample: Path, tmp_path: Path) -> None:
    url, rng = f"sqlite:///{tmp_path}/results.db", random.Random(6)
    stored = []
    for attempt in range(4):
        process = saver(url, sample, f"kill{attempt}", 100_000)
        assert process.stdout is not None
        stored.append(process.stdout.readline().strip())
        time.sleep(rng.uniform(0, 0.2))
        os.kill(process.pid, signal.SIGKILL)
        rest, _ = process.communicate()
        stored += rest.split()
    store = Store(url)
    kept = {row.id for row in store.recent(limit=100_000)}
    assert set(stored) <= kept
    assert len(kept) <= len(stored) + 4, "at most one run a kill was stored and not reported"
    for run in sorted(kept)[:20]:
        assert store.load(run).run == run
        assert len(store.histories(run)) == 1


def test_writers_at_once_wait_for_each_other(sample: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/results.db"
    writers = [saver(url, sample, f"writer{i}", 10) for i in range(4)]
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    assert len(Store(url).recent(limit=100)) == 40


def test_a_full_disk(sample: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/results.db"
    command = [sys.executable, "-c", FULL, url, str(sample)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "disk may be full" in done.stderr
    assert "Traceback" not in done.stderr
    store = Store(url)
    stored = done.stdout.split()
    assert len(stored) > 1
    assert {row.id for row in store.recent(limit=1000)} == set(stored)
    assert store.load(stored[0]).run == stored[0]
