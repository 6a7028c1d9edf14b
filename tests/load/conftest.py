"""Real engines for the load, started once for this folder, and recipes of clients in shop.py."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scalebook.load.session import Recipe
from scalebook.services import Postgres, Redis
from scalebook.services.namespace import Services
from scalebook.services.postgres_access import PostgresAccess
from scalebook.services.provide import Provisions
from scalebook.services.redis import RedisAccess
from scalebook.services.rundir import RunDirectory

SHOP = Path(__file__).parent / "shop.py"
Cook = Callable[..., Recipe]


@pytest.fixture(scope="session")
def run() -> Iterator[RunDirectory]:
    base = Path(tempfile.mkdtemp(prefix="sb-", dir="/var/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCALEBOOK_RUN_DIR", str(base))
        with RunDirectory.create() as run:
            yield run
    shutil.rmtree(base)


@pytest.fixture(scope="session")
def redis_server(run: RunDirectory, provisions: Provisions) -> Iterator[RedisAccess]:
    with Redis(appendonly="always").start("redis", run, provisions) as deployment:
        yield deployment.access("tests")


@pytest.fixture
def cache(redis_server: RedisAccess) -> RedisAccess:
    """An empty Redis."""
    redis_server.connect().flushall()
    return redis_server


@pytest.fixture(scope="session")
def database(run: RunDirectory, provisions: Provisions) -> Iterator[PostgresAccess]:
    """A PostgreSQL with 3,000 rows of stock, which the fixture `stock` fills up."""
    with Postgres().start("pg", run, provisions) as deployment:
        access = deployment.access("tests")
        access.run(
            "CREATE TABLE stock AS SELECT i AS id, 2 AS left_over FROM generate_series(0, 2999) i;"
            "ALTER TABLE stock ADD PRIMARY KEY (id)"
        )
        yield access


@pytest.fixture
def stock(database: PostgresAccess) -> PostgresAccess:
    database.run("UPDATE stock SET left_over = 2 WHERE left_over <> 2")
    return database


@pytest.fixture
def cook(cache: RedisAccess) -> Cook:
    """Makes a recipe of a variant of shop.py; further services by name."""

    def make(variant: str, point: object = 10, **services: object) -> Recipe:
        return Recipe(SHOP, {}, variant, point, Services({"redis": cache, **services}), seed=1)

    return make
