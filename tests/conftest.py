"""Options and markers of the test suite, and what keeps it away from the user's own data."""

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from scalebook.errors import EngineMissing
from scalebook.services.provide import Provisions

GREEN = "scalebook/green"
TOOLS = {
    "chromium": "on Debian: apt install chromium",
    "java": "on Debian: apt install default-jre-headless",
    "node": "on Debian: apt install nodejs",
}
"""Programs on PATH that tests need and labs do not, and how to get them."""
PROVISIONS = pytest.StashKey[Provisions]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("scalebook")
    group.addoption(
        "--changed",
        action="store_true",
        help="skip the units that were green with the digest they have now",
    )
    group.addoption(
        "--thorough",
        action="store_true",
        help="every wrong solution that the judge must find; without it, one of each lab",
    )
    group.addoption(
        "--require-all",
        action="store_true",
        help="fail, instead of skipping, where an engine or a tool is missing",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "unit(name, digest): the test runs this unit of the book (for --changed)"
    )
    config.stash[PROVISIONS] = Provisions()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked as thorough, unless it is asked for."""
    if config.getoption("--thorough"):
        return
    left_out = [item for item in items if item.get_closest_marker("thorough")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("thorough")]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or under --require-all fail, a test whose needs this machine does not meet."""
    for mark in item.iter_markers("requires"):
        for name in mark.args:
            _require(item.config, name)
    if item.get_closest_marker("root") and os.geteuid() != 0:
        pytest.skip("needs root")
    unit = item.get_closest_marker("unit")
    if unit and item.config.getoption("--changed") and _is_green(item.config, *unit.args):
        pytest.skip("unchanged since it was green")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember the digest with which a unit was green, and forget it when it fails."""
    report = yield
    unit = item.get_closest_marker("unit")
    if unit and call.when == "call" and item.config.cache:
        name, digest = unit.args
        green = item.config.cache.get(GREEN, {})
        green[name] = digest if report.passed else None
        item.config.cache.set(GREEN, green)
    return report


def _require(config: pytest.Config, name: str) -> None:
    try:
        if name not in TOOLS:
            config.stash[PROVISIONS].find(name)
        elif shutil.which(name) is None:
            raise EngineMissing(f"there is no {name}", remedy=TOOLS[name])
    except EngineMissing as error:
        reason = f"needs {name}: {error.remedy}"
        if config.getoption("--require-all"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def _is_green(config: pytest.Config, name: str, digest: str) -> bool:
    return bool(config.cache) and config.cache.get(GREEN, {}).get(name) == digest


@pytest.fixture(scope="session", autouse=True)
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the results of tests out of the user's store; returns the SQLite file."""
    file = tmp_path_factory.mktemp("store") / "results.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCALEBOOK_STORE", f"sqlite:///{file}")
        yield file


@pytest.fixture(scope="session")
def provisions(pytestconfig: pytest.Config) -> Provisions:
    """The engines of this machine, found once for the whole suite."""
    return pytestconfig.stash[PROVISIONS]
