"""How long does one search take? In node where it is there, else in Chromium."""

import json
import random
import shutil
import subprocess
from pathlib import Path

from benchmarks.site.pages import vocabulary

__all__ = ["seconds"]

QUERIES = 300
MEASURE = """
  const queries = %s, taken = [];
  const loaded = performance.now();
  scalebookSearch(scalebookIndex, 'a'); // as the page does when the index is loaded
  const opening = performance.now() - loaded;
  for (const query of queries) {
    const begun = performance.now();
    scalebookSearch(scalebookIndex, query, 50);
    taken.push(performance.now() - begun);
  }
  taken.sort((a, b) => a - b);
  const at = share => taken[Math.floor((taken.length - 1) * share)];
  const said = {median: at(.5), p99: at(.99), max: at(1), opening};
"""


def seconds(site: Path) -> tuple[str, dict[str, float]]:
    """(what ran it, statistic -> seconds) of QUERIES queries of one to three words."""
    assets = site / "assets"
    scripts = [(assets / name).read_text("utf-8") for name in ("search.js", "search-index.js")]
    measure = MEASURE % json.dumps(_queries())
    if node := shutil.which("node"):
        code = "globalThis.window = globalThis;\n" + "\n".join([*scripts, measure])
        code += "console.log(JSON.stringify(said));"
        done = subprocess.run([node], input=code, capture_output=True, text=True, check=True)
        return "node", _seconds(json.loads(done.stdout))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = shutil.which("chromium")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        for script in scripts:
            page.evaluate(script)
        said = page.evaluate("() => {" + measure + "return said}")
        browser.close()
    return "Chromium", _seconds(said)


def _seconds(said: dict[str, float]) -> dict[str, float]:
    return {name: milliseconds / 1000 for name, milliseconds in said.items()}


def _queries() -> list[str]:
    """As they are typed: whole words, and a last one that is only begun (even by one letter)."""
    dice = random.Random(1)
    words = vocabulary()
    queries = []
    for _ in range(QUERIES):
        said = [dice.choice(words) for _ in range(dice.randint(1, 3))]
        said[-1] = said[-1][: dice.randint(1, len(said[-1]))]
        queries.append(" ".join(said))
    return queries
