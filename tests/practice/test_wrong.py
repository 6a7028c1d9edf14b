"""Solutions that look right, and are no counterexample of their lab: the judge finds each."""

import ast
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from scalebook.book import find
from scalebook.practice.front import Exercise, judge

HERE = Path(__file__).parent / "wrong"
PROMISES = ("promises", "sweep")
IN_EACH_RUN = 2
PARTS = {
    "databases_btree_index": ("answers", *PROMISES),
    "redis_hyperloglog": ("answers", "bar"),  # Bytes, which no noise can touch.
}
"""What is asked of a solution, where it is not the promises alone."""


def _classes() -> list[tuple[str, str, str | None]]:
    """(file, class, the promise that it breaks, or "answers"); the first of a file is right."""
    found = []
    for file in sorted(HERE.glob("*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                breaks = [
                    ast.literal_eval(part.value)
                    for part in node.body
                    if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "breaks"
                ]
                found.append((file.name, node.name, breaks[0] if breaks else None))
    return found


def _params() -> Sequence[object]:
    """A right one and a wrong one of each file; the others are for `--thorough`."""
    seen: Counter[str] = Counter()
    found = []
    for name, of, breaks in _classes():
        seen[name] += 1
        marks = [pytest.mark.thorough] if seen[name] > IN_EACH_RUN else []
        found.append(pytest.param(name, of, breaks, marks=marks))
    return found


@pytest.mark.parametrize(("name", "of", "breaks"), _params())
def test_what_looks_right_is_found_out(name: str, of: str, breaks: str | None) -> None:
    file = HERE / name
    chapter, _, unit = file.stem.partition("_")
    solution = Exercise(
        unit=find(f"{chapter}/{unit.replace('_', '-')}"),
        text=file.read_text("utf-8"),
        shown=str(file),
        named=of,
        parts=PARTS.get(file.stem, PROMISES),
    )

    judged = judge(solution, seed=5)

    assert judged.verdict == ("fail" if breaks else "pass"), judged
    found = [finding.promise or finding.kind for finding in judged.findings]
    assert found == ([breaks] if breaks else [])


def test_each_file_begins_with_a_right_one_and_no_other_is_right() -> None:
    right = [(name, of) for name, of, breaks in _classes() if breaks is None]
    first = {name: of for name, of, _ in reversed(_classes())}

    assert dict(right) == first
    assert len(right) == len(first)
