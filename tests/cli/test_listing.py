import json
import sys
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from scalebook.cli import app

Add = Callable[..., Path]
HEAVY = ("sqlalchemy", "scipy", "numpy", "psycopg", "redis", "pydantic", "rich")


def test_list_shows_number_question_and_claim(add: Add) -> None:
    add("redis/key-value-cache")
    add("mine/own-unit")
    text = CliRunner().invoke(app, ["list"]).output
    assert '    1  key-value-cache        How fast is it?  "22x faster"' in text
    assert "       own-unit               How fast is it?" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_list_as_json(add: Add) -> None:
    folder = add("redis/counter")
    add("mine/own-unit")
    found = {u["unit"]: u for u in json.loads(CliRunner().invoke(app, ["list", "--json"]).output)}
    assert found["redis/counter"] == {
        "unit": "redis/counter",
        "number": 2,
        "title": "Counter with INCR",
        "question": "How fast is it?",
        "claim": "500x faster",
        "kinds": ["lab"],
        "engines": ["redis", "postgresql"],
        "folder": str(folder),
        "fault": None,
    }
    assert found["mine/own-unit"]["number"] is None


def test_list_of_one_chapter(add: Add) -> None:
    add("redis/counter")
    add("mine/own-unit")
    text = CliRunner().invoke(app, ["list", "--chapter", "mine"]).output
    assert "own-unit" in text
    assert "counter" not in text


def test_a_broken_lab_hides_no_other(add: Add) -> None:
    folder = add("redis/counter", '"""Q?"""\n\ndef f(:\n')
    add("redis/streams")
    text = CliRunner().invoke(app, ["list"]).output
    assert f"broken: {folder / 'lab.py'}:3: invalid syntax" in text
    assert "streams" in text
    assert "1 broken" in text


def test_list_and_plan_import_no_lab_and_nothing_heavy(
    add: Add, tmp_path: Path, scalebook: Callable[..., object]
) -> None:
    import subprocess

    mark = tmp_path / "imported"
    add("redis/counter", f'"""Q?"""\nopen({str(mark)!r}, "w").close()\n')
    # A page that was never looked at is rendered once, which takes the records; a lab never runs.
    engines = ("sqlalchemy", "psycopg", "redis", "scalebook.engine", "scalebook.services")
    for command, heavy in (("list", HEAVY), ("plan", engines), ("plan", HEAVY)):
        code = (
            "import sys; from scalebook.cli import main\n"
            f"assert main([{command!r}]) == 0\n"
            f"found = [name for name in {heavy!r} if name in sys.modules]\n"
            "assert not found, found"
        )
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    assert not mark.exists()


def test_plan(add: Add) -> None:
    add("redis/counter")
    runner = CliRunner()
    text = runner.invoke(app, ["plan"]).output
    row = next(line for line in text.splitlines() if line.startswith("redis"))
    assert row.split()[:7] == ["redis", "1", "of", "25", "0", "0", "0"]
    data = json.loads(runner.invoke(app, ["plan", "--json"]).output)
    assert data["total"]["labs_wanted"] == 100
    assert data["target"] == 1000


def test_show_prints_the_code_and_the_verdicts(add: Add) -> None:
    add("redis/counter")
    text = CliRunner().invoke(app, ["show", "2"]).output
    for said in (
        "Counter with INCR  (redis/counter, lab 2)",
        "How fast is it?",
        "“500x faster”",
        "SIZE = 3",
        "Last run: none",
        "Reference: none",
    ):
        assert said in text


def test_show_of_a_broken_lab_and_of_a_page(add: Add, chapters: Path) -> None:
    add("redis/counter", "x = \n")
    text = CliRunner().invoke(app, ["show", "2"]).output
    assert "broken: " in text
    assert "Reference: none" in text
    page = chapters / "caching" / "cdn_usage"
    page.mkdir(parents=True)
    (page / "article.md").write_text("")
    assert "No lab" in CliRunner().invoke(app, ["show", "cdn-usage"]).output
