import ast
from pathlib import Path

import pytest

from scalebook.results.parsed import parsed


def test_a_file_is_parsed_once_until_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "lab.py"
    file.write_text("SIZE = 1\n")
    first = parsed(file)
    assert parsed(file) is first
    file.write_text("SIZE = 10\n")
    assert ast.unparse(parsed(file)) == "SIZE = 10"


def test_what_is_no_python_is_told_each_time(tmp_path: Path) -> None:
    file = tmp_path / "lab.py"
    file.write_text("def f(:\n")
    for _ in range(2):
        with pytest.raises(SyntaxError):
            parsed(file)
    with pytest.raises(FileNotFoundError):
        parsed(tmp_path / "none.py")
