"""Real engines, started once for all tests of this folder, in a run directory of their own."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from scalebook.services import Postgres, Redis
from scalebook.services.postgres import PostgresDeployment
from scalebook.services.postgres_access import PostgresAccess
from scalebook.services.provide import Provisions
from scalebook.services.redis import RedisDeployment
from scalebook.services.rundir import RunDirectory

PATIENCE_SECONDS = 20.0


class Until(Protocol):
    """Wait for a condition; False when it does not come true in time."""

    def __call__(self, condition: Callable[[], bool], seconds: float = ...) -> bool: ...


@pytest.fixture(scope="session")
def until() -> Until:
    def wait(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    return wait


@pytest.fixture
def as_user() -> Callable[[int], contextlib.AbstractContextManager[None]]:
    """Act as another local user (only root can)."""

    @contextlib.contextmanager
    def act(uid: int) -> Iterator[None]:
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

    return act


@contextlib.contextmanager
def base_for_runs() -> Iterator[Path]:
    """A short folder that holds run directories and goes away afterwards."""
    base = Path(tempfile.mkdtemp(prefix="sb-", dir="/var/tmp"))
    base.chmod(0o711 if os.getuid() == 0 else 0o700)
    try:
        yield base
    finally:
        shutil.rmtree(base)


@pytest.fixture(scope="session")
def run() -> Iterator[RunDirectory]:
    with base_for_runs() as base, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCALEBOOK_RUN_DIR", str(base))
        with RunDirectory.create() as run:
            yield run


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with base_for_runs() as base:
        monkeypatch.setenv("SCALEBOOK_RUN_DIR", str(base))
        yield base


@pytest.fixture(scope="session")
def pg(run: RunDirectory, provisions: Provisions) -> Iterator[PostgresDeployment]:
    with Postgres().start("pg", run, provisions) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def redis(run: RunDirectory, provisions: Provisions) -> Iterator[RedisDeployment]:
    with Redis(appendonly="always").start("redis", run, provisions) as deployment:
        yield deployment


@pytest.fixture
def database(pg: PostgresDeployment) -> Iterator[PostgresAccess]:
    access = pg.access("one test")
    yield access
    pg.release(access)
