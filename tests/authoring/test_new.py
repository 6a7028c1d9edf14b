"""New units: they lint but for the author's own words, and their labs run on real engines."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from scalebook.authoring.lint import lint
from scalebook.authoring.new import KINDS, Kind, new_unit
from scalebook.book import Entry, find, load_catalogue
from scalebook.cli import main
from scalebook.engine import Workbench, run_unit
from scalebook.errors import UsageError
from scalebook.results import write_reference


@pytest.mark.parametrize(
    ("kind", "unit", "files"),
    [
        ("lab", "redis/leaderboard", {"lab.py", "article.md"}),
        ("article", "caching/cdn-usage", {"article.md"}),
        ("system", "systems/audio-streaming", {"lab.py", "article.md", "requirements.toml"}),
        ("lab", "mine/of-my-own", {"lab.py", "article.md"}),
    ],
)
def test_a_new_unit_waits_only_for_its_author(
    chapters: Path, kind: Kind, unit: str, files: set[str]
) -> None:
    made = new_unit(kind, unit)
    assert made.folder == chapters / unit.replace("-", "_")
    assert {path.name for path in made.folder.iterdir()} == set(made.files) == files
    waiting = {"unwritten"} | ({"no-result"} if "lab.py" in files else set())
    if unit.startswith("mine/"):  # Of a chapter of their own only authors know what is near.
        waiting.add("orphan")
    assert {fault.rule for fault in lint()} == waiting


@pytest.mark.parametrize("entry", load_catalogue().entries, ids=lambda entry: entry.id)
def test_every_unit_of_the_catalogue_can_be_begun(chapters: Path, entry: Entry) -> None:
    made = new_unit("system" if entry.system else "lab" if entry.lab else "article", entry.id)
    for name in made.files:
        text = (made.folder / name).read_text()
        assert "@@" not in text
        if name.endswith(".py"):
            compile(text, name, "exec")
        if name.endswith(".toml"):
            tomllib.loads(text)
    assert entry.title in (made.folder / "article.md").read_text().replace('\\"', '"')


def test_what_the_catalogue_knows_is_filled_in(chapters: Path) -> None:
    page = (new_unit("system", "systems/audio-streaming").folder / "article.md").read_text()
    assert 'title: "Audio streaming (Spotify)"' in page
    assert "no source found" in page
    folder = chapters / "systems" / "audio_streaming"
    assert 'Saving(0.96, of="memory"' in (folder / "lab.py").read_text()
    assert "users = 574_000_000" in (folder / "requirements.toml").read_text()
    lab = (new_unit("lab", "messaging/rabbitmq-acks").folder / "lab.py").read_text()
    assert "no message lost when a worker dies" in lab
    assert "WRITE(the service for rabbitmq" in lab


def test_nothing_that_exists_is_touched(chapters: Path) -> None:
    made = new_unit("article", "redis/counter")
    page = made.folder / "article.md"
    page.write_text("mine")
    with pytest.raises(UsageError, match=r"has article\.md already"):
        new_unit("article", "redis/counter")
    assert new_unit("lab", "redis/counter").files == ("lab.py",)
    assert page.read_text() == "mine"


def test_a_page_for_a_lab_that_is_there_quotes_it(chapters: Path) -> None:
    folder = new_unit("lab", "redis/counter").folder
    (folder / "article.md").unlink()
    new_unit("article", "redis/counter")
    text = (folder / "article.md").read_text()
    assert "::: curve" in text
    assert "backing:" not in text


@pytest.mark.parametrize("name", ["counter", "a/b/c", "../x/y", "redis/", "redis/a b", "/etc/x"])
def test_a_name_that_is_none_is_refused(chapters: Path, name: str) -> None:
    for kind in KINDS:
        with pytest.raises(UsageError, match=r"is no name of a unit"):
            new_unit(kind, name)
    assert list(chapters.iterdir()) == []


def test_the_command_says_what_comes_next(
    chapters: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "lab", "redis/batched-reads"]) == 0
    said = capsys.readouterr().out
    assert str(chapters / "redis" / "batched_reads" / "lab.py") in said
    assert "scalebook run --quick redis/batched-reads" in said
    assert main(["new", "lab", "redis/batched-reads"]) == 2
    assert "nothing was changed" in capsys.readouterr().err


RUN = [
    "redis/batched",  # one engine, a comparison
    "redis/leaderboard",  # two engines
    "databases/jsonb",  # the other engine
    "databases/views",  # a saving, exact
    "systems/audio-streaming",
    "databases/foreign-keys",  # a promise
    "messaging/rabbitmq-acks",
    "databases/read-replicas",  # a ratio of throughputs
    "databases/connection-pooling",  # a throughput
    "realtime/client-prediction",  # a latency
]


@pytest.mark.parametrize("unit", RUN)
def test_a_new_lab_runs_at_its_smallest(chapters: Path, bench: Workbench, unit: str) -> None:
    made = new_unit("lab", unit)
    result = run_unit(bench, find(unit), budget="quick", seed=7).result
    assert result.validity.valid, result.validity.problems
    write_reference(result, made.folder / "result.json")
    assert {fault.rule for fault in lint()} == {"unwritten"}
