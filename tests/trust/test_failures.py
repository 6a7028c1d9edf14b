"""Every bad end of the real command line: one clear message, the right status, nothing lost."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import psutil
import pytest

from benchmarks.trust.place import CHAPTERS, Place

BRIEF = (CHAPTERS / "trust" / "brief" / "lab.py").read_text(encoding="utf-8")
LONG = BRIEF.replace("trials=[Slices(seconds=0.02)]", "trials=[Slices(seconds=4.0)]")
Done: TypeAlias = "subprocess.CompletedProcess[str]"


@pytest.fixture(scope="module")
def kept(place: Place) -> set[str]:
    """Results that are stored before anything goes wrong."""
    done = place.call("run", "--quick", "trust-brief", "--json")
    assert done.returncode == 0, done.stderr
    found = place.next_start().readable
    assert json.loads(done.stdout)[0]["run"] in found
    return found


@pytest.fixture
def book(place: Place) -> Iterator[Path]:
    """A folder of chapters that the user of this place can read."""
    root = Path(tempfile.mkdtemp(prefix="sb-book-", dir="/var/tmp"))
    root.chmod(0o755)
    yield root
    shutil.rmtree(root)


def add(book: Path, name: str, text: str) -> Path:
    folder = book / "mine" / name
    folder.mkdir(parents=True)
    (folder / "lab.py").write_text(text)
    return folder


def ends(done: Done, status: int, says: str) -> None:
    """One message on standard error that says so, no traceback, this exit status."""
    assert done.returncode == status, (done.returncode, done.stderr, done.stdout)
    assert "Traceback" not in done.stderr + done.stdout
    assert re.search(says, done.stderr), done.stderr
    assert done.stderr.count("error:") <= 1, done.stderr
    assert done.stderr.strip(), "no message"


def intact(place: Place, kept: set[str]) -> None:
    """What was stored can be read, nothing lives, no directory is left."""
    now = place.next_start()
    assert kept <= now.readable
    assert now.integrity == "ok"
    assert place.census.strays() == []
    assert place.run_directories() == []


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--frobnicate"], 2, "--frobnicate"),
        (["no-such-unit"], 2, "no unit 'no-such-unit'"),
        (["trust-brief", "--set", "NOTHING=1"], 2, "NOTHING"),
        (["trust-brief", "--at", "many"], 2, "many"),
        (["trust-brief", "--engine", "redis=/nonexistent"], 2, "no executable file /nonexistent"),
        (["trust-brief", "--engine", "nothing=wheel"], 2, "nothing"),
    ],
)
def test_what_cannot_be_had_is_told(
    place: Place, kept: set[str], arguments: list[str], status: int, says: str
) -> None:
    ends(place.call("run", "--quick", *arguments), status, says)
    intact(place, kept)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = (\n", r"lab\.py:1: .*never closed"),
        ("import nothing_of_that_name\n", r"lab\.py:1: .*nothing_of_that_name"),
        ("x = 1\n", r"lab\.py: no LAB"),
        (BRIEF.replace('{"read": 1}', '{"red": 1}'), r"lab\.py:\d+: .*red"),
    ],
    ids=["syntax", "import", "empty", "vocabulary"],
)
def test_a_lab_with_a_fault_stops_no_other(
    place: Place, kept: set[str], book: Path, text: str, says: str
) -> None:
    add(book, "faulty", text)
    add(book, "sound", BRIEF)
    listed = place.call("list", SCALEBOOK_CHAPTERS=str(book))
    assert listed.returncode == 0
    assert "faulty" in listed.stdout
    assert "sound" in listed.stdout
    run = ("run", "--quick", "mine-faulty", "mine-sound", "--json")
    done = place.call(*run, SCALEBOOK_CHAPTERS=str(book))
    ends(done, 2, says)
    faulty, sound = json.loads(done.stdout)
    assert faulty["error"]["exit"] == 2
    assert sound["validity"]["valid"]
    intact(place, kept)


def test_a_module_that_is_not_in_the_cache_names_the_command(
    place: Place, kept: set[str], book: Path
) -> None:
    text = BRIEF.replace('{"redis": Redis}', '{"redis": Redis, "pg": Postgres(contrib=["hstore"])}')
    add(book, "contrib", text.replace("import Redis", "import Postgres, Redis"))
    cache = place.folder / "empty-cache"
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, cache, ignore_errors=True)
        done = place.call(
            "run",
            "--quick",
            "mine-contrib",
            SCALEBOOK_CHAPTERS=str(book),
            SCALEBOOK_CACHE=str(cache),
        )
    ends(done, 3, "doctor --fetch postgresql-contrib")
    intact(place, kept)


def under_way(place: Place, book: Path) -> "subprocess.Popen[str]":
    """A long run, at the moment when its first slices are being measured."""
    add(book, "long", LONG)
    child = place.start("run", "--quick", "mine-long", "--events", SCALEBOOK_CHAPTERS=str(book))
    assert child.stdout is not None
    for line in child.stdout:
        if json.loads(line)["event"] == "point-started":
            break
    time.sleep(1.0)
    return child


def finished(child: "subprocess.Popen[str]") -> Done:
    out, err = child.communicate()
    return subprocess.CompletedProcess(child.args, child.returncode, out, err)


def test_ctrl_c_ends_cleanly(place: Place, kept: set[str], book: Path) -> None:
    child = under_way(place, book)
    child.send_signal(signal.SIGINT)
    done = finished(child)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    intact(place, kept)


def test_an_engine_that_dies_is_named(place: Place, kept: set[str], book: Path) -> None:
    child = under_way(place, book)
    engines = [
        process
        for process in psutil.Process(child.pid).children(recursive=True)
        if re.search("redis|valkey", process.name())
    ]
    assert engines
    for process in engines:
        process.kill()
    ends(finished(child), 4, "redis")
    intact(place, kept)


@contextlib.contextmanager
def small_disk(place: Place, megabytes: int) -> Iterator[Path]:
    """A file system of that size, which belongs to the user of this place."""
    folder = place.folder / "small"
    folder.mkdir()
    owner = place.folder.stat()
    options = f"size={megabytes}m,uid={owner.st_uid},gid={owner.st_gid},mode=755"
    mount = ["mount", "-t", "tmpfs", "-o", options, "small", str(folder)]
    try:
        if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
            pytest.skip("this user cannot mount a small disk")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
    finally:
        folder.rmdir()


@pytest.mark.root
def test_a_full_disk_for_engines_is_told(place: Place, kept: set[str]) -> None:
    with small_disk(place, 20) as disk:
        done = place.call("run", "--quick", "trust-held", SCALEBOOK_RUN_DIR=str(disk / "r"))
        ends(done, 4, "(?i)no space left|disk|full")
        assert place.census.strays() == []
    intact(place, kept)


@pytest.mark.root
def test_a_full_disk_for_results_keeps_the_earlier_ones(place: Place, kept: set[str]) -> None:
    with small_disk(place, 4) as disk:
        store = f"sqlite:///{disk / 'x.db'}"
        first = place.call("run", "--quick", "trust-brief", "--json", SCALEBOOK_STORE=store)
        assert first.returncode == 0, first.stderr
        with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        second = place.call("run", "--quick", "trust-brief", "--json", SCALEBOOK_STORE=store)
        ends(second, 4, "(?i)full|space")
        assert json.loads(second.stdout)[0]["verdict"]
        (disk / "filler").unlink()
        shown = place.call(
            "results", "show", json.loads(first.stdout)[0]["run"], SCALEBOOK_STORE=store
        )
        assert shown.returncode == 0, shown.stderr
    for aside in place.folder.glob("scalebook-*.json"):
        aside.unlink()
    intact(place, kept)
