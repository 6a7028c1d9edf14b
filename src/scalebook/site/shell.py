"""Full HTML documents around rendered pages: the same ones in the export and on the live server."""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup, escape

from scalebook import __version__
from scalebook.book import pictures
from scalebook.book.remembered import cache_folder
from scalebook.site import links, run_facts
from scalebook.site.chapters import chapter_title
from scalebook.site.site import Around, Site
from scalebook.site.trusted import trusted

if TYPE_CHECKING:
    from scalebook.book.render_page import PredictView, Rendered

__all__ = [
    "Site",
    "assets",
    "chapter_document",
    "home_document",
    "ledger_document",
    "message_document",
    "page_document",
    "plan_document",
    "render_template",
    "search_document",
]

HERE = Path(__file__).parent
WHAT = (
    "A system-design book that runs: every number in it was measured by a lab that you can start "
    "on your own machine."
)


def page_document(rendered: Rendered, site: Site, live: bool = False) -> str:
    """The document of one page; links and assets are relative to its chapter's folder."""
    unit, front = rendered.page.unit, rendered.page.front
    result = site.quoted(unit.id)
    around = site.around(unit.id)
    run = run_facts.run_facts(result) if result else None
    engines = run_facts.engines_of(result) if result else unit.engines
    return _document(
        "page.jinja",
        site,
        live,
        root="../",
        title=f"{front.title} · Scalebook",
        heading=front.title,
        description=front.takeaway,
        kind="article",
        here="chapters",
        path=links.page_path(unit.id),
        card=f"../{links.card_path(unit.id)}",
        unit=unit,
        front=front,
        chapter=chapter_title(unit.chapter),
        place=_place(rendered),
        minutes=rendered.minutes,
        engines=engines,
        run=run,
        toc=_contents(rendered, around),
        predict=_predict(rendered.predict) if rendered.predict else None,
        html=trusted(rendered.html),
        questions=trusted(rendered.questions_html),
        sources=[(source.id, trusted(source.html)) for source in rendered.sources],
        before=around.before,
        stands=around.groups,
        drawing=around.drawing,
        previous=around.previous,
        following=around.following,
        book=site.book,
    )


def home_document(site: Site, live: bool = False) -> str:
    """The first page: what this is, a real curve, the grammar, verdicts and chapters."""
    return _document(
        "home.jinja",
        site,
        live,
        root="",
        title="Scalebook: a system-design book that runs",
        heading="Scalebook",
        description=WHAT,
        kind="website",
        here="home",
        path="index.html",
        hero=site.hero,
        ledger=site.ledger,
        frieze=site.frieze,
        chapters=site.chapters,
        paths=site.paths.paths,
    )


def chapter_document(name: str, site: Site, live: bool = False) -> str:
    """The index of one chapter: its pages with their takeaways, then what is planned."""
    chapter = site.chapter(name)
    return _document(
        "chapter.jinja",
        site,
        live,
        root="../",
        title=f"{chapter.title} · Scalebook",
        heading=chapter.title,
        description=chapter.words or f"The chapter {chapter.title} of Scalebook.",
        kind="website",
        here="chapters",
        path=f"{name}/index.html",
        chapter=chapter,
    )


def ledger_document(site: Site, live: bool = False) -> str:
    """Every published claim beside ours."""
    return _document(
        "ledger.jinja",
        site,
        live,
        root="",
        title="Ledger · Scalebook",
        heading="Ledger",
        description="Every published claim with our figure, its interval, a verdict and where "
        "it is true.",
        kind="website",
        here="ledger",
        path="ledger.html",
        ledger=site.ledger,
        groups=site.ledger_groups,
        frieze=site.frieze,
    )


def plan_document(site: Site, live: bool = False) -> str:
    """How far the book is, computed."""
    return _document(
        "plan.jinja",
        site,
        live,
        root="",
        title="Plan · Scalebook",
        heading="Plan",
        description="How far each chapter of the book is: counted, not typed.",
        kind="website",
        here="plan",
        path="plan.html",
        plan=site.plan,
        chapters=site.chapters,
    )


def search_document(site: Site, live: bool = False) -> str:
    """The page that shows what a search found; a script reads `q` of its address."""
    return _document(
        "search.jinja",
        site,
        live,
        root="",
        title="Search · Scalebook",
        heading="Search",
        description="Search the book: titles, headings, tags, takeaways and text.",
        kind="website",
        here="search",
        path="search.html",
    )


def message_document(
    title: str, lines: Sequence[str], site: Site, live: bool = False, root: str = "../"
) -> str:
    """A page that only says something, such as the faults of one that cannot be shown."""
    return _document(
        "message.jinja",
        site,
        live,
        root=root,
        title=f"{title} · Scalebook",
        heading=title,
        description=title,
        kind="website",
        here="",
        path="",
        lines=lines,
    )


def render_template(name: str, **values: Any) -> str:
    """Fill one template of site/templates; what is given is escaped."""
    return _templates().get_template(name).render(values)


@functools.cache
def assets() -> Mapping[str, bytes]:
    """The files beside the pages, by name: styles, scripts, icon."""
    return {
        file.name: _brief(file.read_bytes()) if file.suffix == ".js" else file.read_bytes()
        for file in sorted((HERE / "assets").iterdir())
    }


def _brief(script: bytes) -> bytes:
    """A script without its indentation and the lines that are comments."""
    lines = [line.strip() for line in script.splitlines()]
    return b"\n".join(line for line in lines if line and not line.startswith(b"//")) + b"\n"


def _document(template: str, site: Site, live: bool, **values: Any) -> str:
    address = feed = None
    card = values.pop("card", None)
    if site.url:
        address = f"{site.url}/{values['path']}" if values["path"] else None
        feed = f"{values['root']}feed.xml"
        if card:
            card = f"{site.url}/{card.removeprefix('../')}"
    return render_template(
        template,
        **values,
        card=card,
        site=site,
        live=live,
        version=__version__,
        pages=len(site.facts),
        address=address,
        feed=feed,
    )


@functools.cache
def _templates() -> jinja2.Environment:
    from scalebook.site.panel import panel

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        bytecode_cache=_compiled(),
    )
    environment.filters["coded"] = _coded
    environment.globals.update(
        panel=panel,
        mark=lambda shape, standing: trusted(pictures.mark(shape, standing)),
        forest_axis=lambda: trusted(pictures.forest_axis()),
        legend=lambda: [(trusted(drawn), words) for drawn, words in pictures.legend_marks()],
    )
    return environment


def _compiled() -> jinja2.BytecodeCache | None:
    """Where compiled templates are kept for the next start; None where nothing can be written."""
    folder = cache_folder() / "templates"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return jinja2.FileSystemBytecodeCache(str(folder)) if os.access(folder, os.W_OK) else None


def _coded(text: str) -> Markup:
    """A sentence with what stands in backticks as code."""
    parts = re.split("`([^`]+)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def _place(rendered: Rendered) -> str:
    unit = rendered.page.unit
    if unit.number is not None:
        return f"Lab {unit.number}"
    return "System" if unit.has_system else "Lab" if unit.has_lab else "Article"


def _contents(rendered: Rendered, around: Around) -> list[tuple[str, str]]:
    """(id, title) of everything that the rail leads to."""
    entries = [(entry.id, entry.title) for entry in rendered.toc]
    if rendered.page.unit.has_lab:
        entries.append(("run", "Run it here"))
    elif rendered.page.front.backing:
        entries.append(("backing", "What backs this page"))
    if rendered.questions_html:
        entries.append(("asked", "You will be asked"))
    if rendered.sources:
        entries.append(("sources", "Sources"))
    if around.groups:
        entries.append(("next", "Where this page stands"))
    return entries


def _predict(view: PredictView) -> dict[str, Any]:
    """Where things stand on the dial, in percent of its length."""

    def across(value: float) -> float:
        span = math.log(view.dial_high / view.dial_low)
        share = math.log(max(value, 1e-12) / view.dial_low) / span
        return round(100 * min(1.0, max(0.0, share)), 2)

    low, high = view.low or view.value, view.high or view.value
    claim = view.claim_value
    middle = math.sqrt(view.dial_low * view.dial_high)
    return {
        "view": view,
        "question": trusted(view.question_html),
        "answer": trusted(view.answer_html),
        "low": low,
        "high": high,
        "start": f"{middle:,.3g}",
        "at_low": across(low),
        "at_high": across(high),
        "at_claim": across(claim) if claim else None,
        "ticks": _ticks(view.dial_low, view.dial_high),
    }


def _ticks(low: float, high: float) -> list[str]:
    """The dial's labels: every decade where it begins and ends with one, else three."""
    first, last = math.log10(low), math.log10(high)
    if first.is_integer() and last.is_integer():
        marks = [10**power for power in range(int(first), int(last) + 1)]
    else:
        marks = [low, math.sqrt(low * high), high]
    return [f"{mark:,.3g}" if mark < 1000 else f"{mark:,.0f}" for mark in marks]
