"""The book: its units, found in the folders, and the catalogue of those that it must hold."""

from scalebook.book.catalogue import Catalogue, Entry, PublishedClaim, load_catalogue
from scalebook.book.lookup import find, with_lab
from scalebook.book.units import Unit, all_units

__all__ = [
    "Catalogue",
    "Entry",
    "PublishedClaim",
    "Unit",
    "all_units",
    "find",
    "load_catalogue",
    "with_lab",
]
