"""The exported book in a real browser, from a folder of files: what a reader does with it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.site.conftest import Small

pytestmark = pytest.mark.requires("chromium")
SHIFTS = """
window.shifted = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({type: 'layout-shift', buffered: true});
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-quic", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@dataclass
class Reader:
    """A page of the browser, and all that it asked for or complained about."""

    page: Page
    root: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.root}/{path}")
        return self.page


@pytest.fixture
def reader(small: Small, browser: Browser) -> Iterator[Reader]:
    small.edit("shop/cache", "## The idea {#idea}", f"## The idea {{#idea}}\n\n{TABS}")
    small.build()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(SHIFTS)
    reader = Reader(page, small.out.as_uri())
    page.on("request", lambda request: reader.asked.append(request.url))
    page.on("pageerror", lambda error: reader.complaints.append(str(error)))
    page.on("console", lambda said: reader.complaints.append(said.text))
    yield reader
    assert reader.complaints == []
    assert all(url.startswith(reader.root) for url in reader.asked)
    context.close()


TABS = """::: tabs
=== Redis
In Redis.
=== PostgreSQL
In PostgreSQL.
:::
"""
DOCUMENTS = [
    "index.html",
    "ledger.html",
    "plan.html",
    "search.html?q=cache",
    "shop/index.html",
    "shop/cache.html",
    "shop/notes.html",
]


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_nothing_scrolls_sideways_and_nothing_shifts(reader: Reader, width: int) -> None:
    reader.page.set_viewport_size({"width": width, "height": 844})
    for path in DOCUMENTS:
        page = reader.open(path)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, path
        assert page.evaluate("window.shifted") < 0.01, path


def test_search_by_keys_alone(reader: Reader) -> None:
    page = reader.open("shop/notes.html")
    page.keyboard.press("/")
    page.keyboard.type("repays zebra")
    expect(page.locator("#found")).to_contain_text("Nothing is called or says “repays zebra”")
    for _ in range(5):
        page.keyboard.press("Backspace")
    page.keyboard.type("ski")
    expect(page.locator("#found [role=option]")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#q")).to_have_attribute("aria-activedescendant", "hit-0")
    page.keyboard.press("Enter")
    page.wait_for_url("**/shop/cache.html")
    page.keyboard.press("/")
    page.keyboard.type("retry")
    expect(page.locator("#found a")).to_contain_text("Alone")
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_be_hidden()
    page.keyboard.type("x")
    expect(page.locator("#found")).to_contain_text("Nothing is called")
    page.keyboard.press("Escape")
    page.locator("#q").fill("retry")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=retry")
    expect(page.locator(".results li")).to_have_count(1)


def test_evidence_is_reached_dismissed_and_focused(reader: Reader) -> None:
    page = reader.open("shop/cache.html")
    number = page.locator(".page > p > .num").first
    card = number.locator(".evidence")
    number.scroll_into_view_if_needed()
    expect(card).to_be_hidden()
    number.hover()
    expect(card).to_be_visible()
    box = card.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20, steps=12)
    page.wait_for_timeout(700)
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    number.hover()
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    page.mouse.move(5, 5)
    page.wait_for_timeout(600)
    number.focus()
    expect(card).to_be_visible()
    page.locator(".wordmark").focus()
    expect(card).to_be_hidden()


def test_a_guess_is_kept_and_counted(reader: Reader) -> None:
    page = reader.open("shop/cache.html")
    said = page.locator(".predict .said")
    expect(said).to_be_hidden()
    page.locator("#guess").focus()
    page.keyboard.press("ArrowRight")
    page.locator("[data-guess]").click()
    expect(said).to_contain_text("You said 10: off by a factor of 1.1.")
    expect(said).to_contain_text("Your record: 1 of 1 guess within a factor of two.")
    page.reload()
    expect(said).to_be_visible()
    expect(said).to_contain_text("1 of 1 guess")


def test_one_key_skips_and_does_not_count(reader: Reader) -> None:
    page = reader.open("shop/cache.html")
    page.keyboard.press("s")
    said = page.locator(".predict .said")
    expect(said).to_contain_text("not counted")
    expect(said).not_to_contain_text("Your record")


def test_the_handle_reads_the_curve(reader: Reader) -> None:
    page = reader.open("shop/cache.html")
    handle, sentence = page.locator(".scrub input"), page.locator(".scrub output")
    handle.fill("0")
    expect(sentence).to_contain_text("With 10 rows")
    expect(sentence).to_contain_text("the claim is false here")
    handle.fill("1000")
    expect(sentence).to_contain_text("With 1,000 rows")
    expect(sentence).to_contain_text("the claim is true here")


def test_tabs_need_no_script(reader: Reader) -> None:
    page = reader.open("shop/cache.html")
    expect(page.get_by_text("In PostgreSQL.")).to_be_hidden()
    page.locator(".tabs label", has_text="PostgreSQL").click()
    expect(page.get_by_text("In PostgreSQL.")).to_be_visible()
    expect(page.get_by_text("In Redis.")).to_be_hidden()


def test_the_theme_is_remembered_and_arrows_turn_pages(reader: Reader) -> None:
    page = reader.open("shop/cache.html")
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.keyboard.press("d")
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert dark != light
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/shop/notes.html")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/shop/cache.html")


def test_code_is_copied(reader: Reader) -> None:
    page = reader.open("shop/cache.html")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".cmd [data-copy]").click()
    expect(page.locator(".cmd [data-copy]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "scalebook run shop/cache"


def test_on_paper_the_command_stands_in_for_all_that_is_operated(reader: Reader) -> None:
    page = reader.open("shop/cache.html")
    page.emulate_media(media="print")
    for selector in (".masthead", ".predict", ".scrub", ".toc", ".pager", ".copy", ".cmd .btn"):
        expect(page.locator(selector).first).to_be_hidden()
    expect(page.locator(".cmd code")).to_be_visible()
    expect(page.get_by_text("In PostgreSQL.")).to_be_visible()
    expect(page.get_by_text("In Redis.")).to_be_visible()
    expect(page.locator(".qa dd").first).to_be_visible()


def test_without_scripts_nothing_dead_is_shown(small: Small, browser: Browser) -> None:
    small.build()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{small.out.as_uri()}/shop/cache.html")
    for selector in (".predict", ".scrub", ".copy", ".theme"):
        expect(page.locator(selector).first).to_be_hidden()
    number = page.locator(".page > p > .num").first
    number.hover()
    expect(number.locator(".evidence")).to_be_visible()
    context.close()
