"""What a browser asks for becomes arguments only where the lab offers it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scalebook.book import Unit
from scalebook.errors import UsageError
from scalebook.site.serve.orders import Order, arguments, command, parsed

LAB = '''"""Q?"""

SIZE = 10
TTL_SECONDS = 0.5
QUERY = "SELECT 1"
LAB = Lab(at=("rows", [10, 1_000]), claim=None)
'''


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    folder = tmp_path / "mine" / "one"
    folder.mkdir(parents=True)
    (folder / "lab.py").write_text(LAB)
    return Unit("mine/one", folder, frozenset({"lab.py"}))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, ["run", "mine/one"]),
        ({"budget": "full"}, ["run", "mine/one", "--full"]),
        ({"points": [1000, 10, 10]}, ["run", "mine/one", "--at", "10,1000"]),
        (
            {"settings": {"SIZE": 3, "TTL_SECONDS": 2}},
            ["run", "mine/one", "--set", "SIZE=3", "--set", "TTL_SECONDS=2"],
        ),
    ],
)
def test_what_the_lab_offers_is_passed_on(
    unit: Unit, asked: dict[str, object], words: list[str]
) -> None:
    given = parsed(json.dumps({"unit": "mine/one", **asked}).encode())
    assert arguments(given, unit) == words


@pytest.mark.parametrize(
    "asked",
    [
        {"points": [11]},
        {"points": ["10,1000"]},
        {"points": ["--reference"]},
        {"settings": {"SIZE": 1.5}},
        {"settings": {"NOTHING": 1}},
        {"settings": {"QUERY": 1}},
        {"settings": {"SIZE=1 --engine": 1}},
    ],
)
def test_what_it_does_not_offer_is_refused(unit: Unit, asked: dict[str, object]) -> None:
    given = parsed(json.dumps({"unit": "mine/one", **asked}).encode())
    with pytest.raises(UsageError):
        arguments(given, unit)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"unit": "../../etc/passwd"}',
        '{"unit": "mine/../one"}',
        '{"unit": "mine/one/two"}',
        '{"unit": "mine%2fone"}',
        '{"unit": "/mine/one"}',
        '{"unit": "mine/one\\n"}',
        '{"unit": "--help/x"}',
        '{"unit": ["mine/one"]}',
        '{"unit": "mine/one", "engine": "redis=/bin/sh"}',
        '{"unit": "mine/one", "budget": "reference"}',
        '{"unit": "mine/one", "settings": {"SIZE": "1"}}',
        '{"unit": "mine/one", "settings": {"SIZE": true}}',
        '{"unit": "mine/one", "points": "10"}',
        '{"unit": "mine/one", "points": [null]}',
        "nonsense",
    ],
)
def test_no_other_form_is_an_order(text: str) -> None:
    with pytest.raises(UsageError):
        parsed(text.encode())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_constant_is_a_finite_number(unit: Unit, number: str) -> None:
    text = f'{{"unit": "mine/one", "settings": {{"TTL_SECONDS": {number}}}}}'
    with pytest.raises(UsageError):
        parsed(text.encode())


def test_a_unit_without_a_lab_cannot_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no lab"):
        arguments(Order(unit="mine/page"), Unit("mine/page", tmp_path, frozenset({"article.md"})))


def test_the_command_can_be_typed() -> None:
    assert command(["run", "a/b", "--at", "read committed"]) == (
        "scalebook run a/b --at 'read committed'"
    )
