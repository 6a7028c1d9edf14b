"""The real command line, as this user and, where this one is root, as an ordinary one."""

import os
from collections.abc import Iterator

import pytest

from benchmarks.trust.place import ORDINARY_UID, Place, ordinary_python, places


@pytest.fixture(scope="module", params=["this user", "an ordinary user"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    ordinary = request.param == "an ordinary user"
    if ordinary and os.geteuid() != 0:
        pytest.skip("this user is an ordinary one")
    if ordinary and ordinary_python() is None:
        reason = "an ordinary user cannot run any Python that has the packages"
        if request.config.getoption("--require-all"):
            pytest.fail(f"{reason}; name one in ORDINARY_PYTHON", pytrace=False)
        pytest.skip(reason)
    with places(ORDINARY_UID if ordinary else None) as place:
        yield place


@pytest.fixture(scope="module")
def mine() -> Iterator[Place]:
    """A place of this user alone, for what is the same for all."""
    with places() as place:
        yield place
