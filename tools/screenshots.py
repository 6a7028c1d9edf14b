"""Take the README's pictures of the book: a page, the ledger, the home page, a run in progress.

    .venv/bin/python tools/screenshots.py docs

Needs Debian's chromium and the test tools. The run is real, so engines are started; its numbers
are kept in a store of its own, which goes away.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

__all__ = ["main"]

WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
UNIT = "databases/btree-index"
PATIENCE_MS = 120_000


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The live book with its queue and its store in `folder`: yields the address with its key."""
    environment = {
        **os.environ,
        "SCALEBOOK_JOBS": str(folder / "jobs"),
        "SCALEBOOK_STORE": f"sqlite:///{folder}/results.db",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "scalebook", "serve", "--port", "0", "--no-browser"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if found := re.search(r"http://\S+#token=\S+", line):
                yield found.group()
                break
    finally:
        server.terminate()
        server.wait()


def take(browser: Browser, address: str, out: Path) -> None:
    """All pictures, from the live book at `address`."""
    base, _, token = address.partition("#")
    for name, path, view, scheme in (
        ("home", "", WIDE, "light"),
        ("home-dark", "", WIDE, "dark"),
        ("ledger", "ledger.html", WIDE, "light"),
        ("page-dark", f"{UNIT}.html", WIDE, "dark"),
        ("page-narrow", f"{UNIT}.html", NARROW, "light"),
    ):
        page = browser.new_page(viewport=view, color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"{base}{path}#{token}")
        page.screenshot(path=out / f"{name}.png")
        page.close()
    page = browser.new_page(  # type: ignore[arg-type]
        viewport=WIDE, color_scheme="light", reduced_motion="reduce"
    )
    page.goto(f"{base}{UNIT}.html#{token}")
    page.evaluate("document.querySelector('#measured').scrollIntoView()")
    page.screenshot(path=out / "page.png")
    run(page, out / "run.png")
    page.close()


def run(page: Page, picture: Path) -> None:
    """Press Run and wait until two points have a ratio."""
    panel = page.locator("scalebook-run")
    panel.get_by_role("button", name="Run", exact=True).click()
    rows = panel.locator("[data-points] tbody tr").filter(has_text="×")
    expect(rows).to_have_count(2, timeout=PATIENCE_MS)
    page.evaluate("document.querySelector('#run').scrollIntoView()")
    page.wait_for_timeout(500)
    page.screenshot(path=picture)
    panel.locator("[data-cancel]").click()
    expect(panel.locator("[data-cancel]")).to_be_hidden(timeout=PATIENCE_MS)


def main() -> None:
    """Write the pictures into the folder that is named."""
    out = Path(sys.argv[1])
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-quic", "--disable-background-networking"],
        )
        take(browser, address, out)
        browser.close()


if __name__ == "__main__":
    main()
