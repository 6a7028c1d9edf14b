import json
import os
from pathlib import Path

import pytest

from scalebook.authoring import ChapterProgress, Plan, make_plan
from scalebook.authoring.plan import Mark
from scalebook.authoring.standing import standing
from scalebook.book import Unit, find, load_catalogue
from scalebook.book.remembered import Remembered
from scalebook.cli import main
from scalebook.results.digest import digest


def write(root: Path, unit: str, **files: str) -> Path:
    folder = root / unit.replace("-", "_")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def refer(folder: Path, *, valid: bool = True) -> None:
    record = {"digest": digest(folder / "lab.py"), "validity": {"valid": valid}}
    (folder / "result.json").write_text(json.dumps(record))


def mark(plan: Plan, unit: str) -> Mark:
    return next(progress.mark for progress in plan.units if progress.id == unit)


def chapter(plan: Plan, name: str) -> ChapterProgress:
    return next(progress for progress in plan.chapters if progress.chapter == name)


def test_an_empty_book_lacks_everything(chapters: Path) -> None:
    total = make_plan().total
    assert (total.labs_wanted, total.articles_wanted, total.systems_wanted) == (100, 124, 17)
    assert (total.labs, total.labs_proven, total.articles, total.systems, total.beyond) == (0,) * 5
    assert make_plan().target == 1000
    assert {unit.mark for unit in make_plan().units} == {"planned"}
    assert make_plan().obstacles == ()


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


def test_the_catalogue_decides_what_is_wanted(chapters: Path) -> None:
    plan, catalogue = make_plan(), load_catalogue()
    assert [unit.id for unit in plan.units] == list(catalogue.by_id)
    assert plan.total.units_wanted == len(catalogue.entries)
    shapes = [unit.shape for unit in plan.units]
    assert shapes.count("lab") == 100
    assert shapes.count("system") == 17
    assert sum("article" in unit.wants for unit in plan.units) == 124


def test_units_that_pass_are_counted_with_their_figures(good: Path) -> None:
    plan = make_plan()
    redis, caching = chapter(plan, "redis"), chapter(plan, "caching")
    assert (redis.labs, redis.labs_run, redis.labs_proven, redis.labs_pages) == (1, 1, 1, 1)
    assert (caching.articles, caching.articles_passing) == (1, 1)
    assert plan.total.units_passing == plan.standing == 2
    assert (plan.total.bound, plan.total.unbacked) == (redis.bound + caching.bound, 0)
    assert redis.bound >= 4
    assert caching.bound == 1
    assert (mark(plan, "redis/hyperloglog"), mark(plan, "redis/counter")) == ("passes", "planned")
    assert plan.obstacles == ()


def test_what_stands_in_the_way_has_a_place_and_a_remedy(good: Path) -> None:
    page = good / "caching" / "cache_strategies" / "article.md"
    page.write_text(page.read_text().replace("it drifts", "it drifts by 7 ms"))
    plan = make_plan()
    assert mark(plan, "caching/cache-strategies") == "fault"
    assert (plan.total.unbacked, plan.total.articles, plan.total.articles_passing) == (1, 1, 0)
    (row,) = plan.obstacles
    line = page.read_text()[: page.read_text().index("7 ms")].count("\n") + 1
    assert (row.unit, row.rule) == ("caching/cache-strategies", "unbacked-figure")
    assert (row.file, row.line, row.place) == (page, line, f"article.md:{line}")
    assert "cite" in row.remedy


def test_an_edited_lab_stands_in_the_way_once(good: Path) -> None:
    lab = good / "redis" / "hyperloglog" / "lab.py"
    lab.write_text(lab.read_text().replace("10_000", "20_000"))
    plan = make_plan()
    assert (mark(plan, "redis/hyperloglog"), chapter(plan, "redis").labs_run) == ("fault", 0)
    rows = [row for row in plan.obstacles if row.unit == "redis/hyperloglog"]
    assert [(row.rule, row.place) for row in rows] == [("stale", "lab.py:1")]
    assert rows[0].remedy == "scalebook run --reference redis/hyperloglog"


def test_a_lab_without_a_page_exists_and_waits(good: Path) -> None:
    (good / "redis" / "hyperloglog" / "article.md").unlink()
    plan = make_plan()
    assert mark(plan, "redis/hyperloglog") == "exists"
    redis = chapter(plan, "redis")
    assert (redis.labs_proven, redis.labs_pages, redis.units_passing) == (1, 0, 0)
    rules = {row.rule for row in plan.obstacles if row.unit == "redis/hyperloglog"}
    assert rules == {"no-page"}


def test_an_unchanged_book_is_not_linted_again(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make_plan()

    def never(*_: object) -> None:
        raise AssertionError("looked again")

    monkeypatch.setattr("scalebook.authoring.lint.binder.bind", never)
    assert make_plan() == first
    page = good / "caching" / "cache_strategies" / "article.md"
    page.write_text(page.read_text() + "\nMore.\n")
    with pytest.raises(AssertionError, match="looked again"):
        make_plan()


def test_the_command_fits_80_columns(
    good: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (good / "redis" / "hyperloglog" / "article.md").unlink()
    assert main(["plan"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "What stands in the way:" in lines
    assert main(["plan", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    wanted = [data["total"][f"{kind}_wanted"] for kind in ("labs", "systems", "articles")]
    assert wanted == [100, 17, 124]
    assert len(data["units"]) == 204


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


def test_a_lab_of_two_files_is_remembered_until_either_changes(
    chapters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(chapters, "redis/counter")
    (folder / "faults.py").write_text("y = 1\n")
    text = "from scalebook.chapters.redis.counter import faults\nx = faults.y\n"
    (folder / "lab.py").write_text(text)
    refer(folder)
    assert standing_of("counter") == "current"
    with monkeypatch.context() as patch:
        patch.setattr("scalebook.authoring.standing._look", None)
        assert standing_of("counter") == "current"
    (folder / "faults.py").write_text("y = 20\n")
    assert standing_of("counter") == "stale"


def test_a_damaged_cache_is_made_anew(chapters: Path, tmp_path: Path) -> None:
    folder = write(chapters, "redis/counter", lab__py="x = 1\n")
    refer(folder)
    cache = tmp_path / "cache" / "standings.json"
    cache.parent.mkdir()
    cache.write_text("{")
    assert standing_of("counter") == "current"
    assert json.loads(cache.read_text())
