from pathlib import Path

import pytest

from scalebook.book import kept
from scalebook.book.kept import Kept
from scalebook.book.naming import units_named
from tests.book.conftest import Shop


def never() -> str:
    raise AssertionError("made again")


def test_a_text_is_made_once_for_each_key(tmp_path: Path) -> None:
    assert Kept(tmp_path).text(("a", 1), lambda: "one\nÄ\n") == "one\nÄ\n"
    assert Kept(tmp_path).text(("a", 1), never) == "one\nÄ\n"
    assert Kept(tmp_path).text(("a", 2), lambda: "") == ""
    assert Kept(tmp_path).text(("a", 2), never) == ""


def test_errors_are_not_kept(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        Kept(tmp_path).text(("a",), never)
    assert Kept(tmp_path).text(("a",), lambda: "x") == "x"


def test_another_version_makes_it_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Kept(tmp_path).text(("a",), lambda: "old")
    monkeypatch.setattr(kept, "_code", lambda: [("x", 1, 1)])
    assert Kept(tmp_path).text(("a",), lambda: "new") == "new"


@pytest.mark.parametrize("damage", [b"", b"on", b"\xff\xfe", b"one\nwrong"])
def test_damage_costs_time_only(tmp_path: Path, damage: bytes) -> None:
    Kept(tmp_path).text(("a",), lambda: "one")
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage)
    assert Kept(tmp_path).text(("a",), lambda: "one") == "one"
    (tmp_path / "file").write_text("")
    assert Kept(tmp_path / "file").text(("a",), lambda: "one") == "one"


def test_a_page_shows_what_changed_since(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCALEBOOK_CACHE", str(tmp_path / "cache"))
    first = shop.render().html
    assert shop.render().html == first
    text = shop.result.read_text()
    shop.result.write_text(text.replace("9.4", "9.5"))
    assert "9.5×" in shop.render().html
    shop.lab.write_text(shop.lab.read_text().replace("return copy", "return copied"))
    assert "copied" in shop.render().html


def test_units_are_named_by_their_ids() -> None:
    known = {"redis/counter", "redis/counter-two", "a/b"}
    text = "[[redis/counter]] {{redis/counter-two: ratio}} x/y https://a/b/c xredis/counterx"
    assert units_named(text, known) == ["a/b", "redis/counter", "redis/counter-two"]
    assert units_named("a/ /b redis//counter", known) == []
