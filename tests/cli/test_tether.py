"""`run --until-eof`: the end of standard input is the end of the run, as on Ctrl-C."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from benchmarks.trust.place import Place, places


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with places() as place:
        yield place


def test_it_ends_with_its_input(place: Place) -> None:
    done = place.call("run", "--quick", "trust-held", "--events", "--until-eof")
    assert done.returncode == 130  # The input of this place is empty, so it ended at once.
    assert "Traceback" not in done.stderr
    assert place.run_directories() == []
    assert place.census.strays() == []


def test_without_the_option_it_does_not(place: Place) -> None:
    done = place.call("run", "--quick", "trust-brief", "--events")
    assert done.returncode == 0
    assert "stored" in [json.loads(line)["event"] for line in done.stdout.splitlines()]
