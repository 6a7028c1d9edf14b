"""Pictures from results: pure functions from a record to the HTML of a figure's body.

Every one returns markup without inline style or script, or raises PictureError with a remedy.
"""

from scalebook.book.pictures.bars import bars, ratios
from scalebook.book.pictures.chapter_map import chapter_map
from scalebook.book.pictures.curve import curve
from scalebook.book.pictures.explain import explain
from scalebook.book.pictures.flags import kept_flags
from scalebook.book.pictures.ledger import dumbbell, forest_axis, forest_row, number_card, spark
from scalebook.book.pictures.marks import legend_marks, mark, marks_row
from scalebook.book.pictures.percentiles import percentiles
from scalebook.book.pictures.plate import VERDICTS, verdict_plate, verdict_text
from scalebook.book.pictures.promises import promises
from scalebook.book.pictures.svg import PictureError, glyph, verdict_word
from scalebook.book.pictures.tables import counters, table
from scalebook.book.pictures.timeline import timeline
from scalebook.book.pictures.witness import witness

__all__ = [
    "VERDICTS",
    "PictureError",
    "bars",
    "chapter_map",
    "counters",
    "curve",
    "dumbbell",
    "explain",
    "forest_axis",
    "forest_row",
    "glyph",
    "kept_flags",
    "legend_marks",
    "mark",
    "marks_row",
    "number_card",
    "percentiles",
    "promises",
    "ratios",
    "spark",
    "table",
    "timeline",
    "verdict_plate",
    "verdict_text",
    "verdict_word",
    "witness",
]
