"""Parameters are read without running the lab, and are those that the engine would take."""

from __future__ import annotations

from pathlib import Path

import pytest

from scalebook.book import Unit, all_units
from scalebook.book.parameters import parameters
from scalebook.labfile import constants, import_lab, parse

LABS = [unit for unit in all_units() if unit.has_lab]


@pytest.mark.parametrize("unit", LABS, ids=lambda unit: unit.id)
def test_they_are_those_of_the_lab(unit: Unit) -> None:
    path = unit.folder / "lab.py"
    found, lab = parameters(path), import_lab(path)
    assert found.axis == lab.axis
    assert list(found.points) == lab.points
    assert found.constants == constants(parse(path))


@pytest.mark.parametrize(
    ("text", "axis", "points"),
    [
        ("LAB = Lab(at=('rows', [1, 2]))", "rows", (1, 2)),
        ("P = ['a', 'b']\nLAB = Lab(at=('level', P))", "level", ("a", "b")),
        ("P, Q = ['a', 'b'], [x]\nLAB = Lab(at=('level', P))", "level", ("a", "b")),
        ("N = 'rows'\nLAB = Lab(at=(N, (1,)))", "rows", (1,)),
        ("LAB = Lab(at=('rows', range(3)))", "rows", ()),
        ("LAB = Lab(at=AT)", None, ()),
        ("LAB = Lab(at=('rows', [True]))", "rows", ()),
        ("LAB = Lab(", None, ()),
        ("", None, ()),
    ],
)
def test_the_axis_may_be_computed(
    tmp_path: Path, text: str, axis: str | None, points: tuple[object, ...]
) -> None:
    (tmp_path / "lab.py").write_text(text)
    found = parameters(tmp_path / "lab.py")
    assert (found.axis, found.points) == (axis, points)


def test_numbers_are_apart_from_programs(tmp_path: Path) -> None:
    (tmp_path / "lab.py").write_text("A = 1\nB = 'SELECT 1'\nC = True\nd = 2\nE = [1]\nF = -0.5\n")
    found = parameters(tmp_path / "lab.py")
    assert dict(found.constants) == {"A": 1, "B": "SELECT 1", "F": -0.5}
    assert found.numbers == {"A": 1, "F": -0.5}
