"""The live book in a real browser: predict, run, watch, reload, and see one's own numbers."""

from __future__ import annotations

import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.trust.place import Place, places
from scalebook.practice.progress import Progress
from scalebook.services.watch import processes_inside
from tests.site.serve.process import Server, wait_for
from tests.site.serve.small import UNIT, write_book

pytestmark = pytest.mark.requires("chromium")
PATIENCE_MS = 120_000
NUMBERS = "main .page > p .num"
HOSTILE = Path(__file__).with_name("hostile.html")


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with places() as place:
        write_book(place)
        yield place


@pytest.fixture
def server(place: Place) -> Iterator[Server]:
    shutil.rmtree(place.folder / "jobs", ignore_errors=True)
    server = Server.start(place)
    yield server
    if server.process.poll() is None:
        server.end()
    assert processes_inside(place.folder) == []
    assert place.run_directories() == []


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
class Watched:
    """A page of the browser, and all that it asked for and complained about."""

    page: Page
    server: Server
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Open a page of the book with the key that the server printed."""
        self.page.goto(f"http://127.0.0.1:{self.server.port}/{path}#token={self.server.token}")

    @property
    def panel(self) -> Any:
        return self.page.locator("scalebook-run")

    def run(self, budget: str = "quick") -> None:
        """Press Run, with slices that are long enough to be watched on any machine."""
        self.panel.locator("select[name=budget]").select_option(budget)
        self.panel.get_by_text("Constants of the lab").click()
        self.panel.get_by_label("SLICE_SECONDS").fill("0.4")
        self.panel.get_by_role("button", name="Run", exact=True).click()

    def done(self) -> None:
        """Wait until the run's numbers are in the page."""
        expect(self.panel.locator("[data-say]")).to_contain_text("Done", timeout=PATIENCE_MS)

    def numbers(self) -> list[tuple[str, str]]:
        """The numbers of the text, with the run that each leads to."""
        found = self.page.locator(NUMBERS)
        return [(one.inner_text(), one.get_attribute("href") or "") for one in found.all()]

    def strangers(self) -> list[str]:
        """Requests to anything but this server."""
        ours = f"http://127.0.0.1:{self.server.port}/"
        return [url for url in self.requests if not url.startswith((ours, "data:"))]


@pytest.fixture
def watched(browser: Browser, server: Server) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    watched = Watched(context.new_page(), server)
    watched.page.on("request", lambda request: watched.requests.append(request.url))
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.on(
        "console",
        lambda said: watched.complaints.append(said.text) if said.type == "error" else None,
    )
    yield watched
    context.close()


def test_predict_run_watch_and_see_own_numbers(watched: Watched) -> None:
    page, panel = watched.page, watched.panel
    watched.open(f"{UNIT}.html")
    assert "token" not in page.url

    expect(page.locator(".predict .said")).not_to_be_visible()
    page.get_by_label("Your guess").press("ArrowRight")
    page.get_by_role("button", name="Lock in my guess").click()
    expect(page.locator(".predict .said")).to_contain_text("Measured")

    before, curve = watched.numbers(), page.locator("figure .plot").first.inner_html()
    expect(panel.locator("[data-about]")).to_contain_text("Found: Valkey")
    watched.run()
    expect(panel.locator("[data-points] tbody tr").first.locator(".num")).to_be_visible()
    expect(panel.locator("[data-log] li").first).to_be_visible()
    expect(panel.locator("[data-time]")).to_contain_text("gone")
    watched.done()

    after = watched.numbers()
    assert [href for _, href in before] != [href for _, href in after]
    assert before[0][1] != after[0][1]
    assert after[1] == before[1], "the quick run has no third point: the reference's stands"
    assert "reference" in (page.locator(NUMBERS).nth(1).get_attribute("class") or "")
    assert page.locator("figure .plot").first.inner_html() != curve
    expect(page.locator(".owned")).to_contain_text("the numbers of your run")
    expect(panel.locator("[data-outcome]")).to_contain_text(re.compile("Reproduced|Weaker"))
    assert page.locator(after[0][1]).count() == 1, "a number leads to its run"
    assert page.locator(after[1][1]).count() == 1, "and one of the reference to that"
    expect(panel.locator("[data-outcome]")).to_contain_text("SLICE_SECONDS=0.4")
    expect(page.locator(".predict .said")).to_be_visible()

    panel.get_by_role("button", name="the reference").click()
    wait_for(lambda: watched.numbers() == before)
    expect(page.locator(".owned")).to_have_count(0)
    panel.get_by_role("button", name=re.compile("^yours")).click()
    wait_for(lambda: watched.numbers() == after)
    assert watched.strangers() == []
    assert watched.complaints == []


def test_a_guess_and_a_page_read_to_its_end_are_kept(watched: Watched, place: Place) -> None:
    progress = Progress(place.folder / "progress.db")
    known = len(progress.events())

    def kept() -> list[str]:
        return [event.kind for event in progress.events()[known:] if event.unit == UNIT]

    watched.open(f"{UNIT}.html")
    watched.page.get_by_role("button", name="Lock in my guess").click()
    wait_for(lambda: kept() == ["predicted"])
    (guess,) = progress.events("predicted")[-1:]
    assert guess.facts["guess"] == pytest.approx(10, rel=0.05), "the middle of a dial from 1 to 100"
    assert watched.page.locator("#asked").count() == 1
    watched.page.locator("#asked").scroll_into_view_if_needed()
    wait_for(lambda: progress.events("read") != [])
    assert watched.complaints == []


def test_what_was_done_stands_as_marks_with_titles(watched: Watched, place: Place) -> None:
    progress = Progress(place.folder / "progress.db")
    progress.checked("redis/counter", "fail", seed=1)
    progress.read("redis/key-value-cache")
    progress.predicted("redis/key-value-cache", 60, 20)
    progress.checked("redis/key-value-cache", "pass", seed=1)
    watched.open("index.html")
    shown = watched.page.locator('[data-walked="redis/key-value-cache"] .walked').first
    expect(shown.locator("[title]")).to_have_count(3)
    titles = [mark.get_attribute("title") for mark in shown.locator("[title]").all()]
    assert titles == ["read to its end", "guessed, 3× off", "exercise passed"]
    assert shown.inner_text().strip() == ""
    for mark in shown.get_by_role("img", include_hidden=True).all():
        sign = mark.locator("use").get_attribute("href") or ""
        assert watched.page.locator(f"symbol{sign}").count() == 1
    assert watched.page.locator('[data-walked="redis/counter"] .walked').count() == 0
    assert watched.complaints == []


def test_a_reload_in_the_middle_goes_on(watched: Watched) -> None:
    panel = watched.panel
    watched.open(f"{UNIT}.html")
    watched.run()
    expect(panel.locator("[data-points] .num").first).to_be_visible()
    watched.page.reload()
    expect(panel.locator("[data-job]")).to_be_visible()
    expect(panel.locator("[data-points] .num").first).to_be_visible()
    expect(panel.locator("[data-log] li").last).to_contain_text("ready in")
    watched.done()
    assert watched.complaints == []


def test_a_second_run_waits_in_sight_and_both_can_be_cancelled(
    watched: Watched, browser: Browser, place: Place
) -> None:
    watched.open(f"{UNIT}.html")
    watched.run("full")
    expect(watched.panel.locator("[data-points] .num").first).to_be_visible()
    waiting = watched.server.begin({"unit": UNIT, "budget": "quick"})
    told = watched.server.json(f"/api/jobs/{waiting['id']}")
    assert (told["state"], told["ahead"], told["running"]) == ("queued", 1, UNIT)
    watched.panel.get_by_role("button", name="Cancel").click()
    expect(watched.panel.locator("[data-outcome]")).to_contain_text("Cancelled")
    # The one that waited has begun, and the panel of its unit follows it by itself.
    expect(watched.panel.locator("[data-points] .num").first).to_be_visible()
    watched.done()


def test_the_keyboard_is_enough_and_focus_is_kept(watched: Watched) -> None:
    page, panel = watched.page, watched.panel
    watched.open(f"{UNIT}.html")
    page.keyboard.press("s")
    expect(page.locator(".predict .said")).to_contain_text("Skipped")
    panel.locator("select[name=budget]").select_option("quick")
    panel.get_by_text("Constants of the lab").click()
    panel.get_by_label("SLICE_SECONDS").fill("0.4")
    button = panel.get_by_role("button", name="Run", exact=True)
    expect(button).to_be_enabled()
    button.focus()
    page.keyboard.press("Enter")
    expect(panel.locator("[data-title]")).to_be_focused()
    panel.get_by_role("button", name="Cancel").focus()
    watched.done()
    top = panel.evaluate("e => e.getBoundingClientRect().top")
    assert 0 - 900 < top < 900, "the page has not jumped away from the panel"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_and_dark(watched: Watched, scheme: Any) -> None:
    page, panel = watched.page, watched.panel
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    watched.open(f"{UNIT}.html")
    watched.run()
    expect(panel.locator("[data-points] .num").first).to_be_visible()
    wide = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    scroll, width = page.evaluate(wide)
    assert scroll <= width
    watched.done()
    scroll, width = page.evaluate(wide)
    assert scroll <= width
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    lightness = sum(int(n) for n in re.findall(r"\d+", paper)[:3])
    assert (lightness < 200) == (scheme == "dark")
    assert watched.complaints == []


def test_without_the_key_the_page_reads_and_does_not_run(watched: Watched) -> None:
    watched.page.goto(f"http://127.0.0.1:{watched.server.port}/{UNIT}.html")
    expect(watched.panel.locator("[data-trouble]")).to_contain_text("scalebook serve printed")
    expect(watched.panel.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    assert watched.server.json("/api/state")["queue"] == []


def test_the_end_of_the_server_is_told(watched: Watched) -> None:
    watched.open(f"{UNIT}.html")
    watched.run("full")
    expect(watched.panel.locator("[data-points] .num").first).to_be_visible()
    watched.server.end()
    expect(watched.panel.locator("[data-trouble]")).to_contain_text("still running?")


@pytest.fixture
def elsewhere(server: Server) -> Iterator[str]:
    """A page of another origin, which even knows the token."""
    text = HOSTILE.read_text("utf-8").replace("PORT", str(server.port)).replace("UNIT", UNIT)
    page = text.replace("TOKEN", server.token).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{other.server_port}/"
        other.shutdown()
        thread.join()


def test_a_page_of_another_origin_cannot_call(
    browser: Browser, server: Server, elsewhere: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(elsewhere)
    expect(page).to_have_title(
        "read: refused; stream: refused; order: refused; script: refused; picture: refused; "
        "plain order: refused",
        timeout=PATIENCE_MS,
    )
    frames = [frame for frame in page.frames if frame != page.main_frame]
    assert len(frames) == 2
    for frame in frames:
        assert "Scalebook" not in frame.content()
    state = server.json("/api/state")
    assert (state["running"], state["queue"]) == (None, [])
    context.close()
