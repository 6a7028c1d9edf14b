"""Pictures from results: pure functions from a record to the HTML of a figure's body.

Every one returns markup without inline style or script, or raises PictureError with a remedy.
"""

from scalebook.book.pictures.bars import bars, ratios
from scalebook.book.pictures.curve import curve
from scalebook.book.pictures.explain import explain
from scalebook.book.pictures.flags import kept_flags
from scalebook.book.pictures.plate import VERDICTS, verdict_plate, verdict_text
from scalebook.book.pictures.promises import promises
from scalebook.book.pictures.svg import PictureError, glyph, verdict_word
from scalebook.book.pictures.witness import witness

__all__ = [
    "VERDICTS",
    "PictureError",
    "bars",
    "curve",
    "explain",
    "glyph",
    "kept_flags",
    "promises",
    "ratios",
    "verdict_plate",
    "verdict_text",
    "verdict_word",
    "witness",
]
