"""Code by symbol: what is quoted, and which lines carry the bar."""

import re
from typing import Any

import pytest

from scalebook.book.labcode import quote
from scalebook.book.page import Book

Shop = Any


def barred(html: str) -> list[str]:
    found = re.findall(r'<span class="ln add">(.*?)\n</span>', html)
    return [re.sub(r"<[^>]+>", "", line).strip() for line in found]


def test_the_bar_marks_what_a_method_adds(shop: Shop) -> None:
    found = quote(Book(), "shop/cache", ["Cached.read"])
    assert barred(found.html) == [
        "if (copy := self.cache.get(key)) is not None:",
        "return copy",
        "self.cache.set(key, value)",
    ]
    assert found.title == "Cached.read"
    assert found.place.startswith("shop/cache/lab.py, lines 28\u201333 · the bar marks")
    assert found.html.startswith('<span class="ln"><b class="k">def</b> read(')


def test_a_method_of_its_own_is_added_whole(shop: Shop) -> None:
    found = quote(Book(), "shop/cache", ["Cached.drop"])
    assert barred(found.html) == ["def drop(self, key):", "self.cache.delete(key)"]


def test_a_class_carries_bars_at_what_it_adds(shop: Shop) -> None:
    found = quote(Book(), "shop/cache", ["Cached"])
    assert barred(found.html)[0] == "ttl = TTL"
    assert "def read(self, key):" not in barred(found.html)
    assert "<i>&quot;&quot;&quot;Keeps a copy.&quot;&quot;&quot;</i>" in found.html


@pytest.mark.parametrize("name", ["Plain", "Plain.read", "load", "SCRIPT"])
def test_a_baseline_carries_none(shop: Shop, name: str) -> None:
    found = quote(Book(), "shop/cache", [name])
    assert barred(found.html) == []
    assert "bar marks" not in found.place


def test_several_symbols(shop: Shop) -> None:
    found = quote(Book(), "shop/cache", ["TTL", "Plain.read"])
    assert found.title == "TTL, Plain.read"
    assert found.place == "shop/cache/lab.py, lines 3, 17\u201320"
    assert '<span class="ln">\n</span>' in found.html


def test_code_follows_the_file(shop: Shop) -> None:
    book = Book()
    shop.lab.write_text(shop.lab.read_text().replace("self.db.get", "self.db.fetch"))
    assert "self.db.fetch" in quote(book, "shop/cache", ["Plain.read"]).html
