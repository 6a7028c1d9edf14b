import json
import os
from pathlib import Path

import pytest

from scalebook.authoring import ChapterProgress, Plan, make_plan
from scalebook.authoring.standing import standing
from scalebook.book import Unit, find
from scalebook.book.remembered import Remembered
from scalebook.results.digest import digest


@pytest.fixture
def chapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "chapters"
    root.mkdir()
    (tmp_path / "book").mkdir()
    monkeypatch.setattr("scalebook.book.units.BOOK", tmp_path / "book")
    monkeypatch.setenv("SCALEBOOK_CHAPTERS", str(root))
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "cache"))
    return root


def write(root: Path, unit: str, **files: str) -> Path:
    folder = root / unit.replace("-", "_")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def refer(folder: Path, *, valid: bool = True) -> None:
    record = {"digest": digest(folder / "lab.py"), "validity": {"valid": valid}}
    (folder / "result.json").write_text(json.dumps(record))


def chapter(plan: Plan, name: str) -> ChapterProgress:
    return next(progress for progress in plan.chapters if progress.chapter == name)


def test_an_empty_book_lacks_everything(chapters: Path) -> None:
    total = make_plan().total
    assert (total.labs_wanted, total.articles_wanted, total.systems_wanted) == (100, 124, 17)
    assert (total.labs, total.labs_proven, total.articles, total.systems, total.beyond) == (0,) * 5
    assert make_plan().target == 1000


def test_what_exists_is_counted_by_chapter(chapters: Path) -> None:
    refer(write(chapters, "redis/counter", lab__py="x = 1"))
    write(chapters, "redis/streams", lab__py="x = 1")
    write(chapters, "redis/my-own", lab__py="x = 1")
    write(chapters, "apis/grpc", article__md="")
    write(chapters, "systems/cms", lab__py="", requirements__toml="", article__md="")
    write(chapters, "mine/new", article__md="")
    plan = make_plan()
    redis = chapter(plan, "redis")
    assert (redis.labs_wanted, redis.labs, redis.labs_proven, redis.beyond) == (25, 2, 1, 1)
    apis, systems = chapter(plan, "apis"), chapter(plan, "systems")
    assert (apis.labs, apis.articles) == (0, 1)
    assert (systems.articles, systems.systems) == (1, 1)
    assert chapter(plan, "mine").beyond == 1
    assert plan.total.labs == 2


def test_the_json_form_has_chapters_total_and_target(chapters: Path) -> None:
    data = make_plan().to_json()
    assert data["target"] == 1000
    assert json.loads(json.dumps(data))["total"]["labs_wanted"] == 100


def standing_of(name: str) -> str:
    with Remembered.kept("standings") as remembered:
        return standing(find(name), remembered)


def test_a_reference_stands_while_the_code_does(chapters: Path) -> None:
    folder = write(chapters, "redis/counter", lab__py='"""Q?"""\nx = 1\n')
    assert standing_of("counter") == "none"
    refer(folder)
    assert standing_of("counter") == "current"
    (folder / "lab.py").write_text('"""Another word?"""\nx = 1\n')
    assert standing_of("counter") == "current"
    (folder / "lab.py").write_text('"""Q?"""\nx = 20\n')
    assert standing_of("counter") == "stale"
    (folder / "lab.py").write_text('"""Q?"""\nx = \n')
    assert standing_of("counter") == "stale"


def test_an_invalid_or_damaged_reference_proves_nothing(chapters: Path) -> None:
    folder = write(chapters, "redis/counter", lab__py="x = 1\n")
    refer(folder, valid=False)
    assert standing_of("counter") == "invalid"
    for text in ("{", "[]", "{}"):
        (folder / "result.json").write_text(text)
        assert standing_of("counter") == "invalid"


def test_answers_are_remembered_until_a_file_changes(
    chapters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(chapters, "redis/counter", lab__py="x = 1\n")
    refer(folder)
    assert standing_of("counter") == "current"

    def never(unit: Unit) -> str:
        raise AssertionError("looked again")

    monkeypatch.setattr("scalebook.authoring.standing._look", never)
    assert standing_of("counter") == "current"
    later = (folder / "lab.py").stat().st_mtime + 5
    os.utime(folder / "lab.py", (later, later))
    with pytest.raises(AssertionError, match="looked again"):
        standing_of("counter")


def test_a_lab_that_leans_on_others_is_looked_at_each_time(chapters: Path) -> None:
    write(chapters, "redis/streams", lab__py="y = 1\n")
    text = "from scalebook.chapters.redis.streams.lab import y\n"
    folder = write(chapters, "redis/counter", lab__py=text)
    refer(folder)
    assert standing_of("counter") == "current"
    write(chapters, "redis/streams", lab__py="y = 2\n")
    assert standing_of("counter") == "stale"


def test_a_damaged_cache_is_made_anew(chapters: Path, tmp_path: Path) -> None:
    folder = write(chapters, "redis/counter", lab__py="x = 1\n")
    refer(folder)
    cache = tmp_path / "cache" / "standings.json"
    cache.parent.mkdir()
    cache.write_text("{")
    assert standing_of("counter") == "current"
    assert json.loads(cache.read_text())
