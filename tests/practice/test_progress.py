import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from scalebook.book import all_units
from scalebook.book.catalogue import load_catalogue
from scalebook.book.renamed import Renamed, load_renamed
from scalebook.cli import app
from scalebook.errors import HarnessError, UsageError
from scalebook.practice.progress import CardState, Event, Progress, default_file
from scalebook.practice.standing import Guess, calibration, standings

KEEP = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from scalebook.practice.progress import CardState, Progress

progress = Progress(Path(sys.argv[1]))
for i in range(int(sys.argv[3])):
    progress.checked("redis/counter", "fail", name=f"{sys.argv[2]}-{i}")
    progress.graded(CardState(f"{sys.argv[2]}-{i}", datetime.now(UTC), {"i": i}), 3)
    print(f"{sys.argv[2]}-{i}", flush=True)
"""


def keeper(file: Path, name: str, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", KEEP, str(file), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def names(progress: Progress) -> set[str]:
    return {str(event.facts["name"]) for event in progress.events("checked")}


def test_nothing_is_made_before_something_is_kept(progress: Progress) -> None:
    assert progress.events() == []
    assert progress.cards() == {}
    assert not progress.file.exists()
    progress.file.touch()
    assert progress.events() == []


def test_what_is_kept_is_read_again(progress: Progress) -> None:
    progress.predicted("redis/counter", 300, 12)
    progress.ran("redis/counter", "8f3c", state="never", valid=True)
    progress.checked("redis/counter", "pass", seed=7)
    progress.hinted("redis/counter", 2)
    progress.revealed("redis/counter")
    kinds = [(event.kind, dict(event.facts)) for event in progress.events()]
    assert kinds == [
        ("predicted", {"guess": 300, "measured": 12}),
        ("ran", {"run": "8f3c", "state": "never", "valid": True}),
        ("checked", {"verdict": "pass", "seed": 7}),
        ("hinted", {"step": 2}),
        ("revealed", {}),
    ]
    assert [event.kind for event in progress.events("ran")] == ["ran"]
    assert progress.file.stat().st_mode & 0o777 == 0o600


def test_a_page_is_read_once_a_day(progress: Progress) -> None:
    for _ in range(3):
        progress.read("redis/counter")
    progress.read("redis/streams")
    assert [event.unit for event in progress.events()] == ["redis/counter", "redis/streams"]


@pytest.mark.parametrize("guess", [0, -1, float("nan"), float("inf")])
def test_a_guess_that_is_none(progress: Progress, guess: float) -> None:
    with pytest.raises(UsageError, match="above zero"):
        progress.predicted("redis/counter", guess, 3)
    assert not progress.file.exists()


def test_kill_at_any_moment_loses_nothing_that_was_kept(tmp_path: Path) -> None:
    rng, told = random.Random(4), list[str]()
    file = tmp_path / "progress.db"
    for attempt in range(12):
        process = keeper(file, f"kill{attempt}", 100_000)
        assert process.stdout is not None
        if attempt % 3:  # Each third one is killed while it starts, or makes the file.
            told.append(process.stdout.readline().strip())
        time.sleep(rng.uniform(0, 0.25))
        os.kill(process.pid, signal.SIGKILL)
        rest, _ = process.communicate()
        told += rest.split()
        progress = Progress(file)
        assert set(told) <= names(progress)
        assert set(told) <= set(progress.cards())
    assert len(told) > 20
    assert len(names(progress)) <= len(told) + 12
    assert len(progress.grades()) == len(progress.cards()), "a grade goes with its schedule"
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_processes_and_threads_that_begin_at_once(tmp_path: Path) -> None:
    file = tmp_path / "new" / "progress.db"
    processes = [keeper(file, f"process{i}", 10) for i in range(3)]
    with ThreadPoolExecutor(8) as pool:
        kept = [
            pool.submit(Progress(file).checked, "a/b", "fail", name=f"thread-{i}")
            for i in range(120)
        ]
    assert [one.exception() for one in kept] == [None] * 120
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(names(Progress(file))) == 150


def test_files_that_are_not_ours(tmp_path: Path) -> None:
    foreign, newer, text = (tmp_path / name for name in ("foreign.db", "newer.db", "text.db"))
    with closing(sqlite3.connect(foreign)) as db:
        db.execute("CREATE TABLE t (x)")
    Progress(newer).read("a/b")
    with closing(sqlite3.connect(newer)) as db:
        db.execute("PRAGMA user_version = 99")
    text.write_text("no database at all, but longer than a header of SQLite " * 20)
    before = {file: file.read_bytes() for file in (foreign, text)}
    for file, said in [(foreign, "no progress file"), (newer, "newer"), (text, "damaged")]:
        for act in (Progress(file).events, lambda file=file: Progress(file).read("a/b")):
            with pytest.raises(HarnessError, match=said):
                act()
    assert all(file.read_bytes() == content for file, content in before.items())


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HarnessError, match="SCALEBOOK_PROGRESS"):
        Progress(tmp_path / "file" / "progress.db").read("a/b")


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SCALEBOOK_PROGRESS", raising=False)
    monkeypatch.setenv("SCALEBOOK_STORE", f"sqlite:///{tmp_path}/results.db")
    assert default_file() == tmp_path / "progress.db"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for url in ("postgresql://me@team/results", "sqlite://", "sqlite:///", "sqlite:///:memory:"):
        monkeypatch.setenv("SCALEBOOK_STORE", url)
        assert default_file() == tmp_path / "data" / "scalebook" / "progress.db"
    monkeypatch.setenv("SCALEBOOK_PROGRESS", str(tmp_path / "mine.db"))
    assert default_file() == tmp_path / "mine.db"


def test_a_renamed_unit_keeps_what_was_done(tmp_path: Path) -> None:
    file = tmp_path / "progress.db"
    Progress(file).read("redis/cache")
    renamed = Renamed({"redis/cache": "redis/kv", "redis/kv": "redis/key-value-cache"})
    progress = Progress(file, renamed=renamed)
    progress.predicted("redis/key-value-cache", 2, 4)
    assert {event.unit for event in progress.events()} == {"redis/key-value-cache"}
    assert renamed.first("redis/key-value-cache") == "redis/cache"
    assert renamed.first("redis/counter") == renamed.current("redis/counter") == "redis/counter"


def test_tables_of_renamed_units_that_cannot_be() -> None:
    with pytest.raises(HarnessError, match="circle"):
        Renamed({"a/b": "a/c", "a/c": "a/b"})
    with pytest.raises(HarnessError, match="two old ids"):
        Renamed({"a/b": "a/d", "a/c": "a/d"})


def test_the_table_of_renamed_units_is_of_this_book() -> None:
    units = {unit.id for unit in all_units()} | set(load_catalogue().by_id)
    for old, new in load_renamed().after.items():
        assert old not in units, f"{old} is a unit again"
        assert load_renamed().current(new) in units, f"{new} is no unit"


AT = datetime(2026, 11, 1, tzinfo=UTC)


def guess(day: int, said: float, measured: float) -> Guess:
    return Guess(AT + timedelta(days=day), f"a/u{day}", said, measured)


def test_calibration_counts_both_sides_alike() -> None:
    found = calibration([guess(0, 30, 10), guess(1, 10, 30)])
    assert found is not None
    assert found.factor == pytest.approx(3)
    assert found.lean == pytest.approx(1)
    assert found.within_two == 0
    assert found.recent is None
    assert calibration([]) is None


def test_calibration_over_time() -> None:
    found = calibration([guess(day, 8 if day < 3 else 2, 1) for day in range(8)])
    assert found is not None
    assert found.before == pytest.approx(8)
    assert found.recent == pytest.approx(2)
    assert found.within_two == 5


def test_standings_are_in_the_order_of_the_book_and_know_the_first_guess() -> None:
    def event(day: int, unit: str, kind: str, **facts: object) -> Event:
        return Event(AT + timedelta(days=day), unit, kind, facts)

    found = standings(
        [
            event(0, "z/gone", "read"),
            event(1, "b/two", "checked", verdict="fail"),
            event(2, "a/one", "predicted", guess=8, measured=4),
            event(3, "a/one", "predicted", guess=4, measured=4),
            event(4, "b/two", "hinted", step=1),
            event(5, "b/two", "hinted", step=1),
            event(6, "b/two", "checked", verdict="pass"),
            event(7, "b/two", "revealed"),
        ],
        ["b/two", "a/one"],
    )
    assert [one.unit for one in found] == ["b/two", "a/one", "z/gone"]
    two, one, _ = found
    assert two.passed == AT + timedelta(days=6)
    assert (two.attempts, two.hints, two.revealed) == (2, 1, True)
    assert one.guess is not None
    assert one.guess.factor == 2


def test_the_command(write: Callable[..., Path], progress: Progress) -> None:
    write("redis/counter")
    write("microservices/monolith-to-microservices-in-many-steps")
    runner = CliRunner()
    assert "Nothing yet" in runner.invoke(app, ["progress"]).output
    progress.predicted("redis/counter", 12_000_000, 1)
    progress.checked("redis/counter", "fail")
    progress.hinted("redis/counter", 1)
    progress.checked("microservices/monolith-to-microservices-in-many-steps", "pass")
    done = runner.invoke(app, ["progress", "--read", "counter"])
    assert done.exit_code == 0, done.output
    assert "Read 1 of 2 pages, ran 0 of 0 labs, passed 1." in done.output
    assert ">10k× off" in done.output
    assert "tried 1, 1 hint" in done.output
    lines = done.output.replace(str(progress.file), "").splitlines()
    assert all(len(line) <= 80 for line in lines)
    facts = json.loads(runner.invoke(app, ["progress", "--json"]).output)
    units = {one["unit"]: one for one in facts["units"]}
    assert units["redis/counter"]["predicted"]["factor_off"] == 12_000_000
    assert facts["calibration"]["guesses"] == 1


def test_cards_and_grades_are_kept_together(progress: Progress) -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    progress.graded(CardState("a/b#1", later, {"stability": 2.5}), 3)
    progress.graded(CardState("a/b#1", later + timedelta(days=1), {"stability": 9}), 4)
    assert progress.cards()["a/b#1"].state == {"stability": 9}
    assert [(card, grade) for _, card, grade in progress.grades()] == [("a/b#1", 3), ("a/b#1", 4)]
