"""Solutions that look right, and are no counterexample of their lab: the judge finds each."""

import ast
from pathlib import Path

import pytest

from scalebook.book import find
from scalebook.practice.front import Exercise, judge

HERE = Path(__file__).parent / "wrong"


def _classes() -> list[tuple[str, str, bool]]:
    """(file, class, is it right?): in each file the first is, from which the others differ."""
    found = []
    for file in sorted(HERE.glob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        names = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
        found += [(file.name, name, place == 0) for place, name in enumerate(names)]
    return found


@pytest.mark.parametrize(("name", "of", "right"), _classes())
def test_what_looks_right_is_found_out(name: str, of: str, right: bool) -> None:
    file = HERE / name
    chapter, _, unit = file.stem.partition("_")
    solution = Exercise(
        unit=find(f"{chapter}/{unit.replace('_', '-')}"),
        text=file.read_text("utf-8"),
        shown=str(file),
        named=of,
        parts=("promises", "sweep"),
    )

    judged = judge(solution, seed=5)

    assert judged.verdict == ("pass" if right else "fail"), judged
    assert right or judged.findings[0].kind == "promise"
