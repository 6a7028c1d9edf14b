import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from scalebook.book.page import Book
from scalebook.cli import app
from scalebook.errors import HarnessError
from scalebook.practice.anki import write_deck
from scalebook.practice.cards import cards_of

Write = Callable[..., Path]
DIAGRAM = '\n```mermaid title="A <b> & a miss"\nsequenceDiagram\n  App->>Cache: GET\n```\n'


@dataclass
class Package:
    """What an .apkg holds, read as Anki does."""

    notes: list[tuple[str, int, list[str], str]]
    cards: list[tuple[int, int]]
    decks: Mapping[int, str]
    models: Mapping[int, str]
    media: Mapping[str, bytes]


def opened(path: Path, folder: Path) -> Package:
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None
        package.extract("collection.anki2", folder)
        names = json.loads(package.read("media"))
        media = {name: package.read(number) for number, name in names.items()}
        assert set(package.namelist()) == {"collection.anki2", "media", *names}
    with closing(sqlite3.connect(folder / "collection.anki2")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = db.execute("SELECT guid, mid, flds, tags FROM notes ORDER BY id").fetchall()
        cards = db.execute("SELECT did, ord FROM cards ORDER BY id").fetchall()
        decks, models = db.execute("SELECT decks, models FROM col").fetchone()
    return Package(
        [(guid, mid, fields.split("\x1f"), tags) for guid, mid, fields, tags in found],
        cards,
        {int(number): deck["name"] for number, deck in json.loads(decks).items()},
        {int(number): model["name"] for number, model in json.loads(models).items()},
        media,
    )


def build(path: Path) -> None:
    done = CliRunner().invoke(app, ["build", "--anki", str(path)], standalone_mode=False)
    assert done.return_value == 0, done.output


def test_a_deck_of_the_whole_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    build(tmp_path / "book.apkg")
    found = opened(tmp_path / "book.apkg", tmp_path)
    book = Book()
    cards = cards_of(book, book.units).cards
    assert len(found.notes) == len(found.cards) == len(cards)
    assert len({guid for guid, *_ in found.notes}) == len(cards)
    assert [fields[6] for _, _, fields, _ in found.notes] == [card.id for card in cards]
    assert {mid for _, mid, *_ in found.notes} <= set(found.models)
    assert {found.decks[deck] for deck, _ in found.cards} == {
        f"Scalebook::{card.unit.split('/')[0].capitalize()}" for card in cards
    }
    shown = "".join(fields[4] for _, _, fields, _ in found.notes)
    assert all(f'src="{name}"' in shown for name in found.media)
    assert len(found.media) == len({card.picture for card in cards if card.picture})
    assert list(temporary.iterdir()) == [], "nothing is left behind"


def test_a_card_with_a_picture(write: Write, tmp_path: Path) -> None:
    file = write("redis/counter")
    text = file.read_text().replace(
        "answer: Three.", 'answer: "1 < 2 & so on", diagram: "A <b> & a miss"'
    )
    file.write_text(text + DIAGRAM)
    build(tmp_path / "one.apkg")
    found = opened(tmp_path / "one.apkg", tmp_path)
    ((name, svg),) = found.media.items()
    _, _, fields, tags = found.notes[2]
    assert fields[1] == "1 &lt; 2 &amp; so on"
    assert fields[4] == f'<img src="{name}" alt="A &lt;b&gt; &amp; a miss">'
    assert [fields[4] for _, _, fields, _ in found.notes[:2]] == ["", ""]
    assert tags.split() == ["redis::counter", "cache"]
    drawing = ElementTree.fromstring(svg)
    style = drawing.find("{http://www.w3.org/2000/svg}style")
    assert style is not None
    assert style.text is not None
    assert ".mermaid text" in style.text
    assert "var(" not in style.text
    assert "Cache" in "".join(drawing.itertext())


def test_a_later_build_is_known_again(write: Write, tmp_path: Path) -> None:
    file = write("redis/counter")
    build(tmp_path / "one.apkg")
    before = opened(tmp_path / "one.apkg", tmp_path)
    file.write_text(file.read_text().replace("answer: Three.", "answer: Drei."))
    write("databases/views")
    build(tmp_path / "one.apkg")
    after = opened(tmp_path / "one.apkg", tmp_path)
    assert {guid for guid, *_ in before.notes} < {guid for guid, *_ in after.notes}
    assert before.models == after.models
    assert before.decks.items() <= after.decks.items()
    assert "Drei." in [fields[1] for _, _, fields, _ in after.notes]


def test_a_fault_writes_nothing(write: Write, tmp_path: Path) -> None:
    file = write("redis/counter")
    file.write_text(file.read_text().replace("answer: Three.", "answer: T, diagram: Gone"))
    target = tmp_path / "one.apkg"
    done = CliRunner().invoke(app, ["build", "--anki", str(target)], standalone_mode=False)
    assert done.return_value == 1
    assert f"{file}:14: no diagram is titled 'Gone'" in done.stderr
    assert not target.exists()


def test_a_file_that_cannot_be_written(write: Write, tmp_path: Path) -> None:
    write("redis/counter")
    (tmp_path / "file").touch()
    book = Book()
    with pytest.raises(HarnessError, match="cannot be written"):
        write_deck(tmp_path / "file" / "one.apkg", cards_of(book, book.units).cards)
