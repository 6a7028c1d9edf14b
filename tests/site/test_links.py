from pathlib import Path

import pytest

from scalebook.site import links


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "cache.html").write_text('<p id="x"></p><a href="../index.html#top">i</a>')
    (tmp_path / "index.html").write_text(
        '<p id="top"></p><a href="shop/cache.html">a</a><a href="shop/cache.html#x">b</a>'
        '<a href="#top">c</a><a href="https://example.org/#y">d</a>'
    )
    return tmp_path


def test_links_that_lead_somewhere_pass(site: Path) -> None:
    assert links.check(site) == []


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("shop/queue.html", "no such file"),
        ("shop", "no such file"),
        ("shop/cache.html#y", "no such place"),
        ("#bottom", "no such place"),
        ("../outside.html", "out of the site"),
        ("/index.html", "not a relative address"),
        ("file:///etc/passwd", "not a relative address"),
        ("//example.org/x", "not a relative address"),
    ],
)
@pytest.mark.parametrize("element", ['<a href="{}">', '<img src="{}">', '<form action="{}">'])
def test_each_broken_link_is_named_with_its_line(
    site: Path, link: str, why: str, element: str
) -> None:
    index = site / "index.html"
    index.write_text(index.read_text() + "\n" + element.format(link))
    (found,) = links.check(site)
    assert str(found).startswith(f"index.html:2: {link}: ")
    assert why in found.why


def test_addresses_are_relative_to_the_chapter() -> None:
    assert links.href("redis/counter", "redis") == "counter.html"
    assert links.href("redis/counter", "caching") == "../redis/counter.html"
    assert links.page_path("redis/counter") == "redis/counter.html"
    assert links.card_path("redis/counter") == "cards/redis-counter.png"
