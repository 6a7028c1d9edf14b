from collections.abc import Callable
from pathlib import Path

import pytest

from scalebook.book.lookup import find, with_lab
from scalebook.book.units import all_units
from scalebook.errors import UsageError

Add = Callable[..., Path]


def test_a_folder_with_a_known_file_is_a_unit(add: Add, chapters: Path) -> None:
    add("redis/key-value-cache")
    add("caching/cdn-usage", {"article.md": "---\ntitle: x\n---\n"})
    add("systems/chat", {"requirements.toml": "", "model.py": "", "lab.py": ""})
    add("redis/notes", {"notes.txt": ""})
    add("redis/__pycache__", {"lab.py": ""})
    assert [(unit.id, unit.kinds) for unit in all_units()] == [
        ("caching/cdn-usage", ("article",)),
        ("redis/key-value-cache", ("lab",)),
        ("systems/chat", ("lab", "system")),
    ]


def test_facts_come_from_catalogue_and_docstring(add: Add) -> None:
    folder = add("redis/key-value-cache")
    unit = find("1")
    assert (unit.id, unit.folder, unit.number) == ("redis/key-value-cache", folder, 1)
    assert (unit.title, unit.claim_text) == ("Key-value cache", "22x faster")
    assert (unit.question, unit.fault) == ("How fast?", None)
    assert (unit.chapter, unit.name) == ("redis", "key-value-cache")
    assert unit.engines == ("redis", "postgresql")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ('# c\n\n"""\nHow far?\n"""', "How far?"),
        ("'''One line.'''\nx = 1", "One line."),
        ("x = 1", ""),
        ("", ""),
        ('r"""Raw?"""', "Raw?"),
        ('f"""{1}"""', ""),
    ],
)
def test_the_question_is_the_first_line_of_the_docstring(
    add: Add, text: str, question: str
) -> None:
    add("redis/other", {"lab.py": text})
    assert find("other").question == question


def test_titles_without_the_catalogue(add: Add) -> None:
    add("redis/my-own", {"lab.py": ""})
    add("redis/my-page", {"article.md": '---\nsummary: s\ntitle: "My page"\n---\n'})
    add("redis/my-bare-page", {"article.md": "Hello\ntitle: no\n"})
    assert [unit.title for unit in all_units()] == ["My bare page", "My own", "My page"]


def test_a_broken_lab_is_listed_with_its_line(add: Add) -> None:
    folder = add("redis/counter", {"lab.py": '"""Q?"""\n\ndef f(:\n    pass\n'})
    add("redis/streams", {"lab.py": "x = '\0'"})
    add("redis/sessions", {"lab.py": "x = '\\d'"})
    broken, sessions, zero = all_units()
    assert broken.fault == f"{folder / 'lab.py'}:3: invalid syntax"
    assert zero.fault is not None
    assert sessions.fault is None


@pytest.mark.parametrize(
    "name",
    [
        "redis/pubsub",
        "redis-pubsub",
        "pubsub",
        "8",
        "Redis/PubSub",
        "redis/pubsub/",
    ],
)
def test_names_of_a_unit(add: Add, name: str) -> None:
    add("redis/pubsub")
    assert find(name).id == "redis/pubsub"


def test_paths_of_a_unit(add: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = add("redis/pubsub")
    outside = tmp_path / "mine" / "my_lab"
    outside.mkdir(parents=True)
    (outside / "lab.py").write_text("")
    assert find(str(inside)).number == 8
    assert find(str(inside / "lab.py")).id == "redis/pubsub"
    assert find(str(outside)).id == "mine/my-lab"
    monkeypatch.chdir(outside)
    assert find("lab.py").id == find(".").id == find("../my_lab").id == "mine/my-lab"


@pytest.mark.parametrize(
    ("name", "what", "remedy"),
    [
        ("redis/counterr", "no unit 'redis/counterr'", "did you mean redis/counter?"),
        ("countr", "no unit 'countr'", "did you mean redis/counter?"),
        ("zzz", "no unit 'zzz'", "scalebook list"),
        ("101", "no unit '101'", "scalebook list"),
        ("5", "lab 5, redis/leaderboard (", "in the catalogue"),
        ("leaderboard", "not written yet", "in the catalogue"),
        ("cdn-usage", "caching/cdn-usage (", "in the catalogue"),
        ("health-checks", "more than one chapter", "observability/health-checks"),
        ("/nowhere/lab.py", "no such file", "scalebook list"),
        ("./nowhere", "no such file", "scalebook list"),
        ("/tmp", "no unit is here", "lab.py"),
    ],
)
def test_what_is_not_there(add: Add, name: str, what: str, remedy: str) -> None:
    add("redis/counter")
    add("scaling/health-checks")
    add("observability/health-checks")
    with pytest.raises(UsageError) as caught:
        find(name)
    assert what in caught.value.what
    assert remedy in (caught.value.remedy or "")


def test_a_page_cannot_be_run(add: Add) -> None:
    add("caching/cdn-usage", {"article.md": ""})
    assert find("cdn-usage").kinds == ("article",)
    with pytest.raises(UsageError, match="no lab to run"):
        with_lab("cdn-usage")


def test_chapters(add: Add) -> None:
    add("redis/counter")
    add("mine/other")
    assert [unit.id for unit in all_units("redis")] == ["redis/counter"]
    assert [unit.id for unit in all_units("mine")] == ["mine/other"]
    assert all_units("caching") == []
    with pytest.raises(UsageError, match="no chapter 'cash'"):
        all_units("cash")


def test_a_missing_root_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBOOK_CHAPTERS", "/nowhere/chapters")
    with pytest.raises(UsageError, match="/nowhere/chapters"):
        all_units()
