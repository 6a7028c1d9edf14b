"""Another local user stands before closed doors: the gates of the scheduler, like the engines."""

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.trust.place import ORDINARY_UID
from benchmarks.validity.still import recipe_for
from scalebook.engine import Workbench
from scalebook.lab import Interleaved, Workload
from scalebook.load.scheduler import Scheduler
from scalebook.services import Redis


@contextlib.contextmanager
def acting_as(uid: int) -> Iterator[None]:
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    base = Path(tempfile.mkdtemp(prefix="sb-", dir="/var/tmp"))
    monkeypatch.setenv("SCALEBOOK_RUN_DIR", str(base))
    with Workbench() as bench:
        access = bench.lend("redis", Redis()).access("arm")
        workload = Workload(mix={"read": 1})
        scheduler = Scheduler(recipe_for(access), workload, Interleaved(clients=2), bench.run)
        with contextlib.closing(scheduler):
            yield sorted(bench.run.path.glob("gate*/*.sock"))
    shutil.rmtree(base)


@pytest.mark.root
def test_another_user_cannot_reach_a_gate(gates: list[Path]) -> None:
    assert len(gates) == 2
    for gate in gates:
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(str(gate))  # So it is a door, and open to us.
        with acting_as(ORDINARY_UID), socket.socket(socket.AF_UNIX) as door:
            with pytest.raises(PermissionError):
                door.connect(str(gate))
            with pytest.raises(PermissionError):
                os.listdir(gate.parent)
