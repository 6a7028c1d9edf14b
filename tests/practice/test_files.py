"""The learner's files: found by their line, never lost, seen to change however they are saved."""

import itertools
import os
import threading
import time
from pathlib import Path

import pytest

from scalebook.errors import UsageError
from scalebook.practice.files import changes, read_solution, solution_here, write_anew

TEXT = "# scalebook practice redis/counter\n\nx = 1\n"


def test_a_file_says_to_which_unit_it_belongs(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    write_anew(path, TEXT)
    assert read_solution(path).unit == "redis/counter"
    (tmp_path / "other.py").write_text("x = 1\n")
    assert solution_here(tmp_path) == path
    with pytest.raises(UsageError, match="does not say"):
        read_solution(tmp_path / "other.py")
    with pytest.raises(UsageError, match="No such file"):
        read_solution(tmp_path / "gone.py")
    (tmp_path / "b.py").write_text(TEXT)
    with pytest.raises(UsageError, match="more than one"):
        solution_here(tmp_path)
    with pytest.raises(UsageError, match="no exercise"):
        solution_here(tmp_path / "..")


def test_a_change_is_seen_also_when_saved_by_renaming(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(TEXT)

    def edit() -> None:
        time.sleep(0.15)
        path.write_text(TEXT + "y = 2\n")
        time.sleep(0.15)
        (tmp_path / ".a.swp").write_text(TEXT + "z = 3\n")
        path.unlink()
        time.sleep(0.1)
        os.replace(tmp_path / ".a.swp", path)

    thread = threading.Thread(target=edit)
    thread.start()
    seen = [path.read_text() for _ in itertools.islice(changes(path, 0.02), 3)]
    thread.join()
    assert [text[len(TEXT) :] for text in seen] == ["", "y = 2\n", "z = 3\n"]
