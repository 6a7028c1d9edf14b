import sqlite3
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scalebook.errors import HarnessError, ScalebookError, UsageError
from scalebook.results import Result, Validity
from scalebook.results.failures import redacted
from scalebook.results.store import Store, StoredHistory, default_url

MakeResult = Callable[..., Result]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "results.db"


@pytest.fixture
def store(file: Path) -> Store:
    return Store(f"sqlite:///{file}")


def test_save_and_load(store: Store, make_result: MakeResult) -> None:
    result = make_result()
    store.save(result)
    assert store.load(result.run) == result
    assert store.load(result.run[:6]) == result


def test_nothing_is_made_before_the_first_save(
    store: Store, file: Path, make_result: MakeResult
) -> None:
    assert store.recent() == []
    assert store.latest("redis/counter") is None
    assert not file.parent.exists()
    store.save(make_result())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_an_empty_file_is_an_empty_store(store: Store, file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    assert store.recent() == []


def test_stored_results_do_not_change(store: Store, make_result: MakeResult) -> None:
    result = make_result()
    store.save(result)
    with pytest.raises(HarnessError, match="stored already"):
        store.save(make_result(run=result.run, digest="other"), [])
    assert store.load(result.run) == result


def test_beginnings_must_be_unique(store: Store, make_result: MakeResult) -> None:
    for run in ("abc1", "abc2", "ab"):
        store.save(make_result(run=run))
    with pytest.raises(UsageError, match="several runs begin with 'abc': abc1, abc2"):
        store.load("abc")
    assert store.load("ab").run == "ab"
    for unknown in ("zz", "", "%", "abc_"):
        with pytest.raises(UsageError, match="there is no run"):
            store.load(unknown)


def test_lists_and_latest(store: Store, make_result: MakeResult) -> None:
    for day in (1, 3, 2):
        store.save(
            make_result(
                run=f"day{day}",
                digest=f"d{day}",
                started=datetime(2026, 1, day, tzinfo=UTC),
                interrupted=day == 3,
            )
        )
    store.save(make_result(run="other", unit="redis/counter", number=2))
    assert [row.id for row in store.recent("redis/key-value-cache")] == ["day3", "day2", "day1"]
    assert len(store.recent(limit=2)) == 2
    assert store.recent("redis/counter")[0].state == "holds-from"
    latest = store.latest("redis/key-value-cache")
    assert latest is not None
    assert latest.run == "day2"
    older = store.latest("redis/key-value-cache", digest="d1")
    assert older is not None
    assert older.run == "day1"
    assert store.latest("redis/key-value-cache", digest="d9") is None


def test_green_means_valid_complete_and_of_this_code(store: Store, make_result: MakeResult) -> None:
    unit = "redis/key-value-cache"
    store.save(make_result(digest="bad", validity=Validity(valid=False, problems=("x",))))
    store.save(make_result(digest="cut", interrupted=True))
    store.save(make_result(digest="good"))
    assert [store.green(unit, digest) for digest in ("bad", "cut", "good", "none")] == [
        False,
        False,
        True,
        False,
    ]
    assert not store.green("redis/counter", "good")


def test_histories_are_kept_with_their_run(store: Store, make_result: MakeResult) -> None:
    result = make_result()
    kept = [
        StoredHistory("Old", "whole", "fresh", [{"name": "read", "key": i} for i in range(1000)]),
        StoredHistory("Cache", "whole", None, []),
    ]
    store.save(result, kept)
    assert store.histories(result.run) == kept
    assert store.histories("none") == []


def test_a_failing_history_leaves_nothing(store: Store, make_result: MakeResult) -> None:
    result = make_result()
    store.save(make_result())
    with pytest.raises(ScalebookError):
        store.save(result, [StoredHistory("Old", None, None, [])])  # type: ignore[arg-type]
    assert [row.id for row in store.recent() if row.id == result.run] == []


def test_the_default_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBOOK_STORE", "sqlite:///x.db")
    assert default_url() == "sqlite:///x.db"
    monkeypatch.delenv("SCALEBOOK_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_url().endswith("/results.db")


@pytest.mark.parametrize(
    "url, message",
    [
        ("nonsense", "not the URL of a database"),
        ("oracle9://x", "not the URL of a database"),
        ("mysql+nothere://u:secret@h/x", "not the URL of a database"),
        ("postgresql+asyncpg://u:secret@h/x", "asyncpg"),
        ("postgresql://u:secret@h:port/x", "not the URL of a database"),
    ],
)
def test_wrong_urls(url: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        Store(url)
    assert "secret" not in str(caught.value)


def test_a_database_out_of_reach_keeps_its_password(
    make_result: MakeResult, tmp_path: Path
) -> None:
    store = Store(f"postgresql://me:s3cret@/db?host={tmp_path}")
    with pytest.raises(HarnessError) as caught:
        store.save(make_result())
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in store.where


@pytest.mark.parametrize(
    "text, expected",
    [
        ("postgresql://me:a@b:c@host/db", "postgresql://me:***@host/db"),
        ("postgresql://host/db?user=me&password=x", "postgresql://host/db?user=me&password=***"),
        ("host=h password='x' dbname=d", "host=h password=*** dbname=d"),
        ("sqlite:////home/me/results.db", "sqlite:////home/me/results.db"),
    ],
)
def test_passwords_are_hidden(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize("data", [b"this is no database, but a text", b"SQLite format 3\0" * 99])
def test_a_damaged_store(store: Store, file: Path, make_result: MakeResult, data: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(data * 20)
    for act in (store.recent, lambda: store.save(make_result())):
        with pytest.raises(HarnessError, match="damaged or not a Scalebook store"):
            act()
    assert file.read_bytes() == data * 20


def test_a_place_that_cannot_be_written(tmp_path: Path, make_result: MakeResult) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HarnessError, match="cannot be written"):
        Store(f"sqlite:///{tmp_path}/file/results.db").save(make_result())
    with pytest.raises(HarnessError, match="cannot be"):
        Store(f"sqlite:///{tmp_path}").save(make_result())


def change(file: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_a_store_of_a_newer_version(store: Store, file: Path, make_result: MakeResult) -> None:
    store.save(make_result())
    change(file, "UPDATE scalebook_store SET version = 99")
    for act in (Store(f"sqlite:///{file}").recent, lambda: store.save(make_result())):
        with pytest.raises(HarnessError, match="version 99"):
            act()


@pytest.mark.parametrize(
    "record, message",
    [('{"schema_version": 99}', "newer Scalebook"), ("{", "cannot be read")],
)
def test_a_record_that_cannot_be_read(
    store: Store, file: Path, make_result: MakeResult, record: str, message: str
) -> None:
    result = make_result()
    store.save(result)
    change(file, "UPDATE runs SET record = ?", record)
    with pytest.raises(HarnessError, match=message):
        store.load(result.run)


def test_a_damaged_history(store: Store, file: Path, make_result: MakeResult) -> None:
    result = make_result()
    store.save(result, [StoredHistory("Old", "whole", None, [{}])])
    change(file, "UPDATE histories SET operations = ?", b"junk")
    with pytest.raises(HarnessError, match="damaged"):
        store.histories(result.run)
