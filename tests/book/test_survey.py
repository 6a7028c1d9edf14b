import os
from collections.abc import Callable
from pathlib import Path

import pytest

from scalebook.book import survey as surveying
from scalebook.book.remembered import Remembered
from scalebook.book.survey import survey
from scalebook.book.units import all_units

Add = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def questions() -> list[str]:
    units = all_units()
    survey(units)
    return [unit.question for unit in units]


def test_facts_are_remembered_until_the_file_changes(
    add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = add("redis/counter")
    (folder / "lab.py").write_text('"""First?"""\n')
    assert questions() == ["First?"]
    with monkeypatch.context() as patch:
        patch.delattr(surveying, "lab_facts")
        assert questions() == ["First?"]
    (folder / "lab.py").write_text('"""Then?"""\n')
    assert questions() == ["Then?"]


def test_many_new_labs_are_shared_with_a_second_process(
    add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveying, "MANY", 3)
    for name in "abcde":
        add(f"redis/{name}", {"lab.py": f'"""{name}?"""\n'})
    add("redis/f", {"lab.py": "x = \n"})
    assert questions() == ["a?", "b?", "c?", "d?", "e?", ""]
    assert [unit.fault is None for unit in all_units()] == [True] * 5 + [False]


def test_a_helper_that_dies_is_replaced(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveying, "MANY", 3)
    monkeypatch.setattr(surveying, "_send", lambda writer, units: os._exit(1))
    for name in "abcd":
        add(f"redis/{name}", {"lab.py": f'"""{name}?"""\n'})
    assert questions() == ["a?", "b?", "c?", "d?"]


def test_pages_and_dead_links_are_no_trouble(add: Add) -> None:
    add("redis/page", {"article.md": ""})
    (add("redis/broken", {"article.md": ""}) / "lab.py").symlink_to("/nowhere/lab.py")
    units = all_units()
    survey(units)
    assert [unit.fault is None for unit in units] == [False, True]


def test_a_cache_that_cannot_be_used_does_no_harm(add: Add, cache: Path) -> None:
    add("redis/counter")
    cache.write_text("not a folder")
    assert questions() == ["How fast?"]
    cache.unlink()
    cache.mkdir()
    (cache / "labs.json").write_text("{")
    assert questions() == ["How fast?"]
    assert Remembered("labs").answer(all_units()[0].folder / "lab.py") == ["How fast?", None]
