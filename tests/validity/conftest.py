"""One workbench with warm engines for the live checks."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scalebook.engine import Workbench
from scalebook.services import Postgres, Redis
from scalebook.services.access import Access, Spec

SPECS: dict[str, Spec] = {"pg": Postgres(), "redis": Redis()}


@pytest.fixture(scope="session")
def bench() -> Iterator[Workbench]:
    base = Path(tempfile.mkdtemp(prefix="sb-", dir="/var/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCALEBOOK_RUN_DIR", str(base))
        with Workbench() as bench:
            bench.warm(SPECS)
            yield bench
    shutil.rmtree(base)


@pytest.fixture(params=["pg", "redis"])
def access(request: pytest.FixtureRequest, bench: Workbench) -> Iterator[Access]:
    deployment = bench.lend(request.param, SPECS[request.param], private=True)
    yield deployment.access("probe")
    bench.give_back(deployment, private=True)
