import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from scalebook.book.page import Book
from scalebook.book.paths import load_paths
from scalebook.book.renamed import Renamed
from scalebook.cli import app
from scalebook.practice.paths import walk
from scalebook.practice.progress import Progress
from scalebook.practice.standing import standings

Write = Callable[..., Path]
HEAD = 'place = 1\ntitle = "A path"\nsummary = "From a to b."\n'


def unit(name: str) -> str:
    return f'\n[[units]]\nunit = "{name}"\nwhy = "Because."\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "paths").mkdir()
    return tmp_path / "paths"


@pytest.fixture
def small(write: Write) -> Book:
    write("redis/key-value-cache")
    write("redis/counter", before=["redis/key-value-cache"])
    return Book()


def test_the_paths_of_the_book_have_no_fault() -> None:
    book = Book()
    loaded = load_paths(book)
    assert loaded.faults == ()
    names = [path.name for path in loaded.paths]
    assert names[:2] == ["first-evening", "caching"]
    assert {"data-that-must-not-be-lost", "interview-in-two-weeks"} <= set(names)
    assert all(stage.written for stage in loaded.paths[0].stages), "one evening, all of it there"


def test_a_path_is_read_with_planned_units(small: Book, folder: Path) -> None:
    text = HEAD + unit("redis/key-value-cache") + unit("redis/counter") + unit("redis/streams")
    (folder / "one.toml").write_text(text)
    (path,) = load_paths(small).paths
    assert [(s.unit, s.written) for s in path.stages] == [
        ("redis/key-value-cache", True),
        ("redis/counter", True),
        ("redis/streams", False),
    ]
    assert path.stages[2].title == "Event sourcing with Redis Streams"
    assert len(path.written) == 2


CACHE, COUNTER = unit("redis/key-value-cache"), unit("redis/counter")
FAULTS = [
    (HEAD + CACHE + unit("redis/cuonter"), 10, "no unit is called 'redis/cuonter'"),
    (HEAD + COUNTER + CACHE, 6, "redis/counter comes before redis/key-value-cache"),
    (HEAD + COUNTER, 6, "needs redis/key-value-cache, which is not in the path"),
    (HEAD + CACHE + CACHE, 10, "redis/key-value-cache is there twice"),
    (HEAD + "known = ['a/b']\n" + CACHE, 4, "no unit is called 'a/b'"),
    (HEAD + "known = 'a/b'\n" + CACHE, 4, "known is no list"),
    ('place = 1\ntitle = "A"\n' + CACHE, 1, "summary is missing"),
    ("place = true\n" + HEAD.split("\n", 1)[1] + CACHE, 1, "place is no whole number"),
    (HEAD + "extra = 1\n" + CACHE, 4, "no key is called 'extra'"),
    (HEAD, 1, "there are no units"),
    (HEAD + "units = [3]\n", 4, "a unit is no table"),
    (HEAD + '\n[[units]]\nwhy = "x"\n', 5, "unit 1 has no unit"),
    (HEAD + '\n[[units]]\nwhy = "x"\nunit = "redis/counter"\nhow = 1\n', 7, "called 'how'"),
    (HEAD + CACHE + '\n[[units]]\nunit = "redis/counter"\nwhy = " "\n', 10, "has no why"),
    (HEAD + "title = \n", 4, "Invalid value"),
]


@pytest.mark.parametrize(("text", "line", "said"), FAULTS, ids=[said for *_, said in FAULTS])
def test_faults_name_file_and_line(
    small: Book, folder: Path, text: str, line: int, said: str
) -> None:
    file = folder / "one.toml"
    file.write_text(text)
    (fault,) = load_paths(small).faults
    assert str(fault).startswith(f"{file}:{line}: ")
    assert said in str(fault)
    assert fault.remedy


def test_a_renamed_unit_is_told_by_its_new_name(
    small: Book, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed = Renamed({"redis/cache": "redis/kv", "redis/kv": "redis/key-value-cache"})
    monkeypatch.setattr("scalebook.book.paths.load_renamed", lambda: renamed)
    file = folder / "one.toml"
    file.write_text(HEAD + unit("redis/cache"))
    (fault,) = load_paths(small).faults
    said = "redis/cache is called redis/key-value-cache now; write redis/key-value-cache"
    assert str(fault) == f"{file}:6: {said}"


def test_what_readers_are_taken_to_know(small: Book, folder: Path) -> None:
    (folder / "one.toml").write_text(HEAD + 'known = ["redis/key-value-cache"]\n' + COUNTER)
    assert load_paths(small).faults == ()


def test_paths_have_an_order_and_a_place_each(small: Book, folder: Path) -> None:
    (folder / "a.toml").write_text(HEAD.replace("= 1", "= 2") + CACHE)
    (folder / "b.toml").write_text(HEAD + CACHE)
    loaded = load_paths(small)
    assert [path.name for path in loaded.paths] == ["b", "a"]
    assert not loaded.faults
    (folder / "c.toml").write_text(HEAD + CACHE)
    (fault,) = load_paths(small).faults
    assert "place 1 is that of b" in str(fault)


def test_a_path_that_is_broken_hides_no_other(small: Book, folder: Path) -> None:
    (folder / "a.toml").write_text("place =")
    (folder / "b.toml").write_text(HEAD + CACHE)
    loaded = load_paths(small)
    assert [path.name for path in loaded.paths] == ["b"]
    assert len(loaded.faults) == 1


def test_where_a_reader_is(small: Book, folder: Path, progress: Progress) -> None:
    (folder / "one.toml").write_text(HEAD + CACHE + COUNTER + unit("redis/streams"))
    (path,) = load_paths(small).paths
    walked = walk(path, small, [])
    following = walked.following()
    assert following is not None
    assert (following[0].unit, following[1]) == ("redis/key-value-cache", "read")
    progress.read("redis/key-value-cache")
    walked = walk(path, small, standings(progress.events(), []))
    assert walked.count("read") == 1
    assert walked.stages[0].steps == {"read": True}
    assert walked.stages[2].steps == {}
    following = walked.following()
    assert following is not None
    assert following[0].unit == "redis/counter"
    progress.read("redis/counter")
    assert walk(path, small, standings(progress.events(), [])).following() is None


def test_a_lab_is_run_and_passed(small: Book, folder: Path, chapters: Path) -> None:
    (chapters / "redis" / "counter" / "lab.py").write_text('"""Q?"""\n')
    text = (chapters / "redis" / "counter" / "article.md").read_text()
    (chapters / "redis" / "counter" / "article.md").write_text(
        text.replace(
            "backing: Documentation alone.",
            'predict: {question: "How much?", answer: "{{ratio at=1}}", low: 1, high: 9}',
        )
    )
    (folder / "one.toml").write_text(HEAD + CACHE + COUNTER)
    book = Book()
    (path,) = load_paths(book).paths
    steps = walk(path, book, []).stages[1].steps
    assert list(steps) == ["read", "predicted", "run", "passed"]
    assert not any(steps.values())


def test_the_command_in_the_real_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBOOK_PROGRESS", str(tmp_path / "progress.db"))
    monkeypatch.setenv("COLUMNS", "80")
    runner = CliRunner()
    done = runner.invoke(app, ["path"])
    assert done.exit_code == 0, done.output
    assert all(len(line) <= 80 for line in done.output.splitlines())
    order = [line.split()[0] for line in done.output.splitlines()[1:] if line[:1].strip()]
    one = runner.invoke(app, ["path", "first evening"]).output
    assert all(len(line) <= 80 for line in one.splitlines())
    assert "Next: read databases/btree-index" in one
    data = json.loads(runner.invoke(app, ["path", "--json"]).output)
    assert [path["name"] for path in data] == order[: len(data)]
    first = json.loads(runner.invoke(app, ["path", "first", "--json"]).output)
    places = [one.index(f"{unit['unit']}: ") for unit in first["units"]]
    assert places == sorted(places), "one order in every view"
    Progress().read("databases/btree-index")
    assert "Next: run databases/btree-index" in runner.invoke(app, ["path", "first"]).output


def test_a_path_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBOOK_PROGRESS", str(tmp_path / "progress.db"))
    done = CliRunner().invoke(app, ["path", "cachin-g"])
    assert done.exit_code != 0
    assert "did you mean caching?" in str(done.exception)
    assert "the paths: first-evening" in str(CliRunner().invoke(app, ["path", "xyz"]).exception)


def test_faults_are_told_and_counted(small: Book, folder: Path) -> None:
    (folder / "one.toml").write_text(HEAD + COUNTER)
    done = CliRunner().invoke(app, ["path"], standalone_mode=False)
    assert done.return_value == 1
    assert f"{folder / 'one.toml'}:6: redis/counter needs" in done.stderr
