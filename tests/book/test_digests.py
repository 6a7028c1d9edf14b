"""Digests that are remembered between builds never hide an edited lab."""

import sys
from pathlib import Path

import pytest

from scalebook.book import page as pages
from scalebook.book.faults import Mistake
from scalebook.book.page import Book
from tests.book.conftest import Shop


@pytest.fixture
def remembered(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "cache"))
    book = Book()
    assert book.measured("shop/cache").unit == "shop/cache"
    book.save()
    return shop


def test_a_known_digest_is_not_worked_out_again(
    remembered: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(lab: Path) -> str:
        raise AssertionError(lab)

    monkeypatch.setattr(pages, "digest", never)
    assert Book().measured("shop/cache").run == "8f3c2a112233"


def test_an_edited_lab_is_stale_at_once(remembered: Shop) -> None:
    text = remembered.lab.read_text()
    remembered.lab.write_text(text.replace("TTL = 0.8", "TTL = 0.9"))
    with pytest.raises(Mistake, match="has changed"):
        Book().measured("shop/cache")


def test_another_engine_revision_is_stale(
    remembered: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scalebook.book.page.ENGINE_REVISION", 99)
    monkeypatch.setattr(sys.modules["scalebook.results.digest"], "ENGINE_REVISION", 99)
    with pytest.raises(Mistake, match="has changed"):
        Book().measured("shop/cache")


def test_a_damaged_memory_costs_time_only(remembered: Shop, tmp_path: Path) -> None:
    file = tmp_path / "cache" / "digests.json"
    for text in ("{", "[]", file.read_text().replace("[", "[[").replace("]", "]]")):
        file.write_text(text)
        assert Book().measured("shop/cache").unit == "shop/cache"


def test_a_lab_that_leans_on_another_changes_with_it(remembered: Shop) -> None:
    other = remembered.folder.parent / "base.py"
    other.write_text("SIZE = 1\n")
    remembered.lab.write_text(remembered.lab.read_text() + "\nfrom ..base import SIZE\n")
    book = Book()
    before = book.digest("shop/cache")
    book.save()
    other.write_text("SIZE = 2\n")
    assert book.digest("shop/cache") != before
    assert Book().digest("shop/cache") != before


def test_only_so_many_results_stay_in_memory(
    remembered: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "KEPT", 0)
    book = Book()
    assert book.result("shop/cache") == book.result("shop/cache")
    assert not book._results
