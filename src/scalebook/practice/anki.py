"""The cards as a deck for Anki, which knows them again when a later build is imported."""

from __future__ import annotations

import hashlib
import itertools
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from html import escape
from itertools import groupby
from pathlib import Path

import genanki  # type: ignore[import-untyped]

from scalebook.book.diagrams import DiagramCache
from scalebook.files import whole_file
from scalebook.practice.cards import Card, Picture

__all__ = ["deck_name", "write_deck"]

MODEL = 1_563_200_417
"""The id of our kind of note: Anki takes another number for another kind, so it never changes."""
FIELDS = ("Question", "Answer", "Follow-up", "Red flag", "Picture", "Page", "Card")
FRONT = '<div class="page">{{Page}}</div><div class="ask">{{Question}}</div>'
BACK = (
    "{{FrontSide}}<hr id=answer><div>{{Answer}}</div>"
    '{{#Picture}}<div class="picture">{{Picture}}</div>{{/Picture}}'
    "{{#Follow-up}}<p><b>Follow-up</b> {{Follow-up}}</p>{{/Follow-up}}"
    '{{#Red flag}}<p class="flag"><b>Red flag</b> {{Red flag}}</p>{{/Red flag}}'
)
STYLE = """
.card { font: 18px/1.5 sans-serif; max-width: 36em; margin: 0 auto; text-align: left }
.card { color: #191b1d; background: #fbfbf8 }
.card.nightMode { color: #e5e3dd; background: #121416 }
.page { font-size: 14px; color: #85888a }
.ask { font-weight: bold }
.flag b { color: #b42318 }
.nightMode .flag b { color: #ff9384 }
.picture img { max-width: 100%; background: #fff }
"""


def write_deck(path: Path, cards: Sequence[Card], *, style: str = "") -> int:
    """Write an .apkg with a deck per chapter, whole or not at all; returns how many cards it has.

    `style` is the stylesheet of diagrams with its colours in it. HarnessError where it cannot be
    written. Raises DiagramError for a diagram that cannot be drawn.
    """
    pictures = {card.picture: _svg(card.picture, style) for card in cards if card.picture}
    media = {_file_name(picture): svg for picture, svg in pictures.items()}
    decks = [_deck(name, found) for name, found in groupby(cards, key=deck_name)]
    remedy = "free space there, mend its permissions, or give another file"
    with whole_file(path, remedy=remedy) as partial, tempfile.TemporaryDirectory() as folder:
        collection = Path(folder) / "collection.anki2"
        _collect(collection, decks)
        _zip(partial, collection, media)
    return len(cards)


def deck_name(card: Card) -> str:
    """The deck of a card: one below Scalebook for each chapter."""
    return f"Scalebook::{card.unit.split('/')[0].replace('-', ' ').capitalize()}"


def _deck(name: str, cards: Iterable[Card]) -> genanki.Deck:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % 1_000_000_000
    deck = genanki.Deck(1_000_000_000 + number, name)
    for card in cards:
        deck.add_note(_note(card))
    return deck


def _note(card: Card) -> genanki.Note:
    texts = (card.ask, card.answer, card.follow_up or "", card.red_flag or "")
    picture = ""
    if card.picture:
        file, title = _file_name(card.picture), escape(card.picture.title)
        picture = f'<img src="{file}" alt="{title}">'
    fields = [*map(escape, texts), picture, escape(card.title), escape(card.id)]
    tags = [card.unit.replace("/", "::"), *(tag.replace(" ", "-") for tag in card.tags)]
    return genanki.Note(_model(), fields=fields, guid=genanki.guid_for(card.id), tags=tags)


def _model() -> genanki.Model:
    template = {"name": "Question", "qfmt": FRONT, "afmt": BACK}
    fields = [{"name": name} for name in FIELDS]
    return genanki.Model(MODEL, "Scalebook", fields=fields, templates=[template], css=STYLE)


def _file_name(picture: Picture) -> str:
    """Anki keeps the media of all decks in one folder, so the name says what is in the file."""
    stamp = f"{picture.title}\n{picture.source}"
    return f"scalebook-{hashlib.sha256(stamp.encode()).hexdigest()[:16]}.svg"


def _svg(picture: Picture, style: str) -> bytes:
    """A diagram as a file of its own, with its stylesheet in it."""
    svg = DiagramCache().svg(picture.source, picture.title, "d")
    opened, rest = svg.split(">", 1)
    return f"{opened}><style>{escape(style, quote=False)}</style>{rest}".encode()


def _collect(file: Path, decks: Sequence[genanki.Deck]) -> None:
    """Anki's own database of the decks; written here, since genanki leaves its file behind."""
    now = datetime.now(UTC).timestamp()
    with closing(sqlite3.connect(file)) as db:
        genanki.Package(list(decks)).write_to_db(db.cursor(), now, itertools.count(int(now * 1000)))
        db.commit()


def _zip(path: Path, collection: Path, media: dict[str, bytes]) -> None:
    """An .apkg: the database, the media under numbers, and their names."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.write(collection, "collection.anki2")
        package.writestr("media", json.dumps({str(n): name for n, name in enumerate(media)}))
        for number, data in enumerate(media.values()):
            package.writestr(str(number), data)
