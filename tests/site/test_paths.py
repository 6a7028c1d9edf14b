"""The first page shows the paths as `scalebook path` does."""

import dataclasses
import json
import re

from click.testing import CliRunner

from scalebook.book.page import Book
from scalebook.book.paths import load_paths
from scalebook.cli import app
from scalebook.site.shell import Site, home_document
from scalebook.site.site import Site as TheSite


def test_the_order_is_that_of_the_command() -> None:
    html = home_document(Site(Book()))
    told = json.loads(CliRunner().invoke(app, ["path", "--json"]).stdout)
    assert re.findall(r'data-walked="([^"]+)"', html) == [
        unit["unit"] for path in told for unit in path["units"]
    ]
    for path in told:
        for unit in path["units"]:
            assert (f'href="{unit["unit"]}.html"' in html) >= unit["written"]
    planned = sum(not unit["written"] for path in told for unit in path["units"])
    assert html.count("(planned)") == planned


def test_a_book_without_paths_says_nothing_of_them() -> None:
    site: TheSite = Site(Book())
    site.__dict__["paths"] = dataclasses.replace(load_paths(site.book), paths=())
    assert 'id="paths"' not in home_document(site)
