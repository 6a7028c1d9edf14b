import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scalebook.errors import HarnessError
from scalebook.files import make_private, whole_file, write_whole


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.txt"
    write_whole(target, "größer")
    assert target.read_bytes() == "größer".encode()
    with whole_file(target) as partial:
        partial.write_bytes(b"half")
        assert target.read_bytes() == "größer".encode(), "nobody meets half of it"
    assert target.read_bytes() == b"half"
    assert os.listdir(target.parent) == ["a.txt"]


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_file_alone(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "a.txt"
    write_whole(target, "old")

    def write_half() -> None:
        with whole_file(target) as partial:
            partial.write_bytes(b"ne")
            raise error

    with pytest.raises(type(error)):
        write_half()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_fault_is_told_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HarnessError, match=r"file/a\.txt cannot be written.*\n.*another") as told:
        write_whole(tmp_path / "file" / "a.txt", "x", remedy="name another file")
    assert isinstance(told.value.__cause__, OSError)


def test_a_private_file_is_private_and_made_once(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "a.db"
    make_private(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    file.write_bytes(b"kept")
    make_private(file)
    assert file.read_bytes() == b"kept"


HOLDER = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=0)
try:
    db.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    sys.exit("locked")
"""


@pytest.mark.parametrize(("careless", "said"), [(False, "locked"), (True, "")])
def test_a_lock_of_this_process_survives(tmp_path: Path, careless: bool, said: str) -> None:
    """Another process cannot write meanwhile; it can where the file is opened and closed."""
    file = tmp_path / "a.db"
    make_private(file)
    db = sqlite3.connect(file, isolation_level=None)
    db.execute("CREATE TABLE t (x)")
    db.execute("BEGIN IMMEDIATE")
    if careless:
        os.close(os.open(file, os.O_RDWR))
    else:
        make_private(file)
    other = subprocess.run(
        [sys.executable, "-c", HOLDER, str(file)], check=False, capture_output=True, text=True
    )
    assert other.stderr.strip() == said
    db.close()
