"""For a site with a public address: a sitemap, and a feed of the pages by their latest run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from scalebook.site.links import page_path
from scalebook.site.site import Site

__all__ = ["feed", "sitemap"]

MOST = 50
"""Entries of the feed."""


def sitemap(site: Site, documents: Iterable[str], dates: Mapping[str, str | None]) -> str:
    """Every HTML document of the site; a page with a run says when that was."""
    entries = [
        f"<url><loc>{escape(f'{site.url}/{path}')}</loc></url>"
        for path in documents
        if path.endswith(".html") and path != "search.html"
    ]
    for unit in site.facts:
        date = dates.get(unit)
        changed = f"<lastmod>{date}</lastmod>" if date else ""
        entries.append(f"<url><loc>{escape(f'{site.url}/{page_path(unit)}')}</loc>{changed}</url>")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'{head}<urlset xmlns="{space}">\n' + "\n".join(entries) + "\n</urlset>\n"


def feed(site: Site, dates: Mapping[str, str | None]) -> str:
    """An Atom feed of the pages with a run, the latest first."""
    dated = sorted(((date, unit) for unit, date in dates.items() if date), reverse=True)[:MOST]
    entries = [_entry(site, unit, date) for date, unit in dated]
    updated = dated[0][0] if dated else "1970-01-01T00:00:00+00:00"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Scalebook</title>'
        f"<id>{escape(site.url or '')}/</id><updated>{updated}</updated>"
        f'<link rel="self" href="{escape(site.url or "")}/feed.xml"/>'
        "<author><name>Scalebook</name></author>\n" + "\n".join(entries) + "\n</feed>\n"
    )


def _entry(site: Site, unit: str, date: str) -> str:
    facts, address = site.facts[unit], escape(f"{site.url}/{page_path(unit)}")
    return (
        f"<entry><title>{escape(facts.title)}</title><id>{address}</id><updated>{date}</updated>"
        f'<link href="{address}"/><summary>{escape(facts.takeaway)}</summary></entry>'
    )
