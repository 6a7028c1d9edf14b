"""The search index: one classic script, made at build time, read by assets/search.js.

A word of a page has one code, a capital letter: the field that it stands in (title before headings
and tags, before takeaway, before text), and within it one of four levels for how often.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scalebook.site.chapters import chapter_title
from scalebook.site.facts import Facts
from scalebook.site.links import page_path

__all__ = ["Before", "Found", "index_script", "page_terms", "stem", "words"]

WORD = re.compile(r"[^\W_]+")
LETTERS = bytes(code if chr(code).isalnum() and code < 128 else 32 for code in range(256)).lower()
FAR = re.compile("[^\\x00-\\x7f]+")
PLACE = re.compile("([0-9a-z]+)([A-Z])")
HEAD, TAIL = "window.scalebookIndex=", ";\n"
TEXT, TAKEAWAY, HEADINGS, TITLE = range(4)
LEVELS = 4
CODES = "ABCDEFGHIJKLMNOP"
OFTEN = (0, 0, 1, 1, 2, 2, 2, 2, 3)
"""The level of a word that stands so many times in a field; the last one from there on."""


class _Named(dict[int, str]):
    """Times that a word stands in one field -> its code."""

    def __init__(self, field: int) -> None:
        self.field = field

    def __missing__(self, times: int) -> str:
        level = OFTEN[min(times, len(OFTEN) - 1)]
        code = self[times] = CODES[LEVELS * self.field + level]
        return code


NAMED = [_Named(field) for field in range(len(CODES) // LEVELS)]


@dataclass(frozen=True)
class Found:
    """What the index holds of one page; `terms` as `page_terms` makes them."""

    facts: Facts
    terms: str


@dataclass(frozen=True)
class Before:
    """The index of an earlier build: its script, its pages and the terms that they had."""

    script: str
    units: list[str]
    terms: list[str]


def words(text: str) -> list[str]:
    """The words of a text, without accents, in small letters; assets/search.js does the same."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        far = set("".join(FAR.findall(text)))
        if marks := [c for c in far if unicodedata.category(c).startswith("M")]:
            text = text.translate(dict.fromkeys(map(ord, marks)))
        if any(c.isalnum() for c in far):
            return WORD.findall(text.lower())
    # The pattern would take ten times as long over the same letters.
    return text.encode("ascii", "replace").translate(LETTERS).decode().split()


def stem(word: str) -> str:
    """The word without the commonest English endings; assets/search.js does the same."""
    if not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 5:
        word = word[:-3] + "y"
    elif not word.endswith("ss"):
        word = _cut(word, "s", 3)
    shorter = _cut(word, "ing", 4)
    word = shorter if shorter != word else _cut(word, "ed", 4)
    return _cut(word, "e", 3)


class _Stems(dict[str, str]):
    """Word -> its stem, worked out once."""

    def __missing__(self, word: str) -> str:
        found = self[word] = stem(word)
        return found


STEMS = _Stems()


def page_terms(facts: Facts, headings: Iterable[str], text: str) -> str:
    """All words of a page with their codes: "cachM redisB ..."."""
    fields = (text, facts.takeaway, " ".join([*headings, *facts.tags, facts.id]), facts.title)
    codes: dict[str, str] = {}
    for field, said in enumerate(fields):
        often = Counter(map(STEMS.__getitem__, words(said)))
        # A later field weighs more than any level of an earlier one.
        codes.update(zip(often, map(NAMED[field].__getitem__, often.values()), strict=True))
    return " ".join(map("".join, codes.items()))


def index_script(pages: Sequence[Found], before: Before | None = None) -> str:
    """The script that defines `scalebookIndex`: its pages in order, terms, and their places.

    A term's places are gaps between page numbers in base 36, each followed by the word's code.
    With the script of an earlier build only the places that differ are worked out.
    """
    if before is not None and before.units == [page.facts.id for page in pages]:
        places = _read(before.script)
        for number, (page, old) in enumerate(zip(pages, before.terms, strict=True)):
            if page.terms != old:
                _move(places, number, old, page.terms)
    else:
        places = _places(pages)
    terms = sorted(places, key=_as_javascript_sorts)
    index = {
        "pages": [_shown(page.facts) for page in pages],
        "terms": " ".join(terms),
        "posts": " ".join([places[term] for term in terms]),
    }
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    # U+2028 ends a line inside a string of older scripts.
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f"{HEAD}{text}{TAIL}"


def _places(pages: Sequence[Found]) -> dict[str, str]:
    places: dict[str, list[str]] = {}
    last: dict[str, int] = {}
    gaps = [_base36(number) for number in range(len(pages) + 1)]
    for number, page in enumerate(pages):
        for item in page.terms.split():
            term = item[:-1]
            since = last.get(term)
            if since is None:
                places[term] = [gaps[number], item[-1]]
            else:
                places[term] += (gaps[number - since], item[-1])
            last[term] = number
    return {term: "".join(found) for term, found in places.items()}


def _read(script: str) -> dict[str, str]:
    """Term -> places of an earlier script."""
    index = json.loads(script[len(HEAD) : -len(TAIL)])
    if not index["terms"]:
        return {}
    return dict(zip(index["terms"].split(" "), index["posts"].split(" "), strict=True))


def _move(places: dict[str, str], number: int, old: str, new: str) -> None:
    """Put the codes of one page's words in place of those it had."""
    before, after = ({item[:-1]: item[-1] for item in said.split()} for said in (old, new))
    for term in before.keys() | after.keys():
        if before.get(term) == after.get(term):
            continue
        at, found = 0, {}
        for gap, code in PLACE.findall(places.get(term, "")):
            at += int(gap, 36)
            found[at] = code
        found.pop(number, None)
        if term in after:
            found[number] = after[term]
        if found:
            order = sorted(found)
            steps = zip([0, *order], order, strict=False)
            places[term] = "".join(_base36(to - since) + found[to] for since, to in steps)
        else:
            del places[term]


def _shown(facts: Facts) -> list[str]:
    return [page_path(facts.id), facts.title, facts.takeaway, chapter_title(facts.chapter)]


def _cut(word: str, end: str, left: int) -> str:
    return word[: -len(end)] if word.endswith(end) and len(word) - len(end) >= left else word


def _base36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def _as_javascript_sorts(term: str) -> bytes:
    return term.encode("utf-16-be", "surrogatepass")
