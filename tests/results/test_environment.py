from collections.abc import Callable
from pathlib import Path

import pytest

from scalebook.errors import HarnessError
from scalebook.results import Environment, comparable, noisy, observe
from scalebook.results.environment import differences, fsync_seconds

MakeEnvironment = Callable[..., Environment]


def test_this_machine(tmp_path: Path) -> None:
    here, again = observe(tmp_path), observe().finish()
    assert here.cores >= 1
    assert here.memory_gb >= 1
    assert here.fsync_seconds is not None
    assert here.fsync_seconds > 0
    assert again.fsync_seconds is None
    assert again.load_after is not None
    assert comparable(here, again)
    assert set(here.clients) == {"psycopg", "redis"}
    assert list(tmp_path.iterdir()) == []


def test_what_differs_is_named(make_environment: MakeEnvironment) -> None:
    one = make_environment()
    other = make_environment(cores=8, clients={"redis": "7.0"}, fingerprint="f2")
    assert not comparable(one, other)
    assert differences(one, other) == ["cores: 2 and 8", "clients: redis 6.0 and redis 7.0"]


@pytest.mark.parametrize(
    "before, after, expected",
    [(0.2, None, False), (1.2, None, True), (0.2, 3.0, False), (0.2, 4.5, True)],
)
def test_the_badge_of_a_noisy_machine(before: float, after: float | None, expected: bool) -> None:
    assert noisy(before, 2, after) is expected


def test_fsync_in_a_missing_directory(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="cannot time fsync"):
        fsync_seconds(tmp_path / "absent")
