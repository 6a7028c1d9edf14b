"""Mermaid diagrams as inline SVG: drawn once, kept by their content, themed by the stylesheet.

Everything that a strict content policy forbids is taken out (style elements, style attributes,
scripts, foreign content); colours become classes of `pictures.css`, so that dark mode works.
"""

# ruff: noqa: A002  (an id is called so in HTML)
from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from scalebook.book.faults import Mistake
from scalebook.book.remembered import cache_folder
from scalebook.errors import ClaimFailed
from scalebook.files import write_whole

__all__ = ["KINDS", "DiagramCache", "DiagramError", "no_diagram", "sanitise", "titled"]

REVISION = 3
"""Raised whenever what is kept would now be drawn differently."""
KINDS = {
    "flowchart": "flow",
    "graph": "flow",
    "sequenceDiagram": "sequence",
    "stateDiagram": "state",
    "stateDiagram-v2": "state",
    "erDiagram": "er",
    "classDiagram": "class",
}
"""The kinds that the stylesheet can dress, by the word that a source begins with."""
INIT = (
    '%%{init: {"theme": "base", "look": "classic", "themeVariables": '
    '{"fontFamily": "Liberation Sans, Arial, sans-serif", "fontSize": "14px"}, '
    '"sequence": {"actorFontSize": 14, "messageFontSize": 13, "noteFontSize": 13, "height": 40, '
    '"width": 96, "actorMargin": 18, "noteMargin": 8, '
    '"mirrorActors": false}}}%%\n'
)
LONGEST, WIDEST = 20_000, 12
FENCE = re.compile(r'^```mermaid title="([^"\n]+)"[^\n]*\n(.*?)^```', re.MULTILINE | re.DOTALL)
SVG = "http://www.w3.org/2000/svg"
KEPT_STYLES = ("stroke-dasharray", "text-anchor", "font-weight", "font-style")
"""Declarations that carry meaning, not colour: they become attributes."""
DROPPED = ("style", "fill", "stroke", "stroke-width", "filter", "name", "color", "href", "cursor")
"""Attributes that the stylesheet sets instead, or that have no business in a page."""
FALLBACKS = {"merman-foreignobject-fallback": "words", "merman-foreignobject-fallback-text": "word"}
GONE = {"style", "script", "foreignObject", "filter", "title", "desc", "a", "image", "animate"}


class DiagramError(ClaimFailed):
    """A diagram cannot be drawn; the text is Mermaid's own message (exit status 1)."""


class DiagramCache:
    """Diagrams by the hash of their source; whatever is wrong with the folder costs time only."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is by default `diagrams` in the user's cache (or in SCALEBOOK_CACHE)."""
        self._folder = folder or _user_folder()

    def svg(self, source: str, title: str, id: str) -> str:
        """The diagram with `title` as its text alternative and `id` before all its ids.

        DiagramError for an empty title, a kind that the book does not dress, or a fault of the
        source, with Mermaid's message.
        """
        if not title.strip():
            raise DiagramError("a diagram without a title", remedy="say in a title what it shows")
        if not re.fullmatch(r"[A-Za-z][\w-]*", id):
            raise DiagramError(f"{id!r} is no id", remedy="begin with a letter; use letters and -")
        kind = _kind_of(source)
        inner = self._kept(source)
        if inner is None:
            inner = sanitise(_draw(source))
            self._keep(source, inner)
        return _framed(inner, KINDS[kind], title, id)

    def _file(self, source: str) -> Path:
        import mmdr

        stamp = f"{REVISION}\n{mmdr.__version__}\n{INIT}\n{source}"
        return self._folder / f"{hashlib.sha256(stamp.encode()).hexdigest()[:32]}.svg"

    def _kept(self, source: str) -> str | None:
        try:
            found = self._file(source).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        return found if found.startswith("<svg ") and found.endswith("</svg>") else None

    def _keep(self, source: str, inner: str) -> None:
        file = self._file(source)
        # A cache that cannot be written only has to be filled again.
        with suppress(OSError):
            write_whole(file, inner)


def titled(body: str) -> dict[str, str]:
    """The diagrams of a page's Markdown: title -> source."""
    return dict(FENCE.findall(body))


def no_diagram(title: str, body: str) -> Mistake | None:
    """What to say of a title that no diagram of this Markdown has; None where one has it."""
    known = titled(body)
    if title in known:
        return None
    remedy = f"its diagrams: {'; '.join(known)}" if known else "the page has no diagram"
    return Mistake("diagram", f"no diagram is titled {title!r}", remedy)


def _user_folder() -> Path:
    return cache_folder() / "diagrams"


def _kind_of(source: str) -> str:
    """The word that says which kind of diagram it is; DiagramError for one the book lacks."""
    if len(source) > LONGEST:
        raise DiagramError(
            f"a diagram of {len(source):,} characters", remedy=f"stay below {LONGEST:,}; show less"
        )
    for line in source.splitlines():
        words = line.split()
        if words and not words[0].startswith("%%"):
            kind = words[0].rstrip(";")
            if kind in KINDS:
                return kind
            known = ", ".join(KINDS)
            raise DiagramError(f"{kind!r} is no diagram of this book", remedy=f"use one of {known}")
    raise DiagramError("an empty diagram", remedy="write it, or take the fence away")


def _draw(source: str) -> str:
    import mmdr

    try:
        return str(mmdr.render(INIT + source, backend="merman").svg())
    except (ValueError, RuntimeError) as error:
        raise DiagramError(
            f"Mermaid cannot draw this: {error}", remedy="try it in Mermaid's live editor"
        ) from error


def sanitise(svg: str) -> str:
    """The drawing without styles, scripts, colours and what nobody refers to.

    DiagramError if it is not well-formed.
    """
    try:
        root = ElementTree.fromstring(svg)  # noqa: S314  (our own renderer wrote it)
    except ElementTree.ParseError as error:
        raise DiagramError(f"the drawing is not well-formed: {error}") from error
    _clean(root)
    box = (root.get("viewBox") or "0 0 300 150").split()
    root.attrib = {
        "viewBox": " ".join(box),
        "width": f"{float(box[2]):.0f}",
        "height": f"{float(box[3]):.0f}",
    }
    used = set(re.findall(r"url\(#([^)]+)\)", ElementTree.tostring(root, encoding="unicode")))
    _prune(root, used)
    ElementTree.register_namespace("", SVG)
    said = ElementTree.tostring(root, encoding="unicode").replace(f' xmlns="{SVG}"', "", 1)
    return re.sub(r"(\.\d\d)\d+", r"\1", said)


def _local(name: object) -> str:
    return name.rpartition("}")[2] if isinstance(name, str) else ""


def _clean(element: ElementTree.Element) -> None:
    """Rid an element and all below it of what the page must not contain."""
    for child in list(element):
        if _local(child.tag) in ("", *GONE):
            element.remove(child)
        else:
            _clean(child)
    classes = _classes(element)
    styles = dict(_declarations(element.get("style", "")))
    for name in list(element.attrib):
        local = _local(name)
        if local.startswith(("data-", "on")) or local in DROPPED or local != name:
            del element.attrib[name]
    element.attrib.update({name: styles[name] for name in KEPT_STYLES if name in styles})
    if not _dashed(element.get("stroke-dasharray", "1 1")):
        del element.attrib["stroke-dasharray"]
    element.attrib.pop("class", None)
    if classes:
        element.set("class", " ".join(f"m-{name}" for name in dict.fromkeys(classes)))


def _classes(element: ElementTree.Element) -> list[str]:
    """The element's classes, and in their words what its colours said.

    They get a prefix where they are set: Mermaid's "note" is not the book's.
    """
    found = element.get("class", "").split()
    found = [FALLBACKS.get(name, name) for name in found]
    source = element.get("data-merman-source-classes", "").split()
    tag, style = _local(element.tag), element.get("style", "")
    if tag == "text" and "edgeLabel" in source:
        found.append("edge-label")
    elif tag == "text" and "cluster-label" in source:
        found.append("cluster-name")
    if element.get("fill") in ("none", "transparent") or "fill:none" in style:
        found.append("hollow")
    elif tag == "path" and element.get("stroke") == "none":
        found.append("ground")
    return found


def _prune(element: ElementTree.Element, used: set[str]) -> None:
    """Take away empty groups, markers that no line ends in, and ids that nobody refers to."""
    for child in list(element):
        _prune(child, used)
        tag, name = _local(child.tag), child.get("id")
        idle = tag in ("marker", "symbol", "linearGradient") and name not in used
        if idle or (tag in ("g", "defs") and not len(child)):
            element.remove(child)
        elif name is not None and name not in used:
            del child.attrib["id"]


def _declarations(style: str) -> list[tuple[str, str]]:
    pairs = (declaration.partition(":") for declaration in style.split(";"))
    return [(name.strip(), value.strip()) for name, colon, value in pairs if colon]


def _dashed(value: str) -> bool:
    """Is it a real dash pattern? Whole lines come as "0 0 266 4" or "1, 0"."""
    numbers = [float(n) for n in re.findall(r"[\d.]+", value)]
    return len(numbers) in (1, 2) and all(n > 0 for n in numbers)


def _framed(inner: str, kind: str, title: str, id: str) -> str:
    """Give a kept drawing its title and its own ids, in one pass."""
    named = re.sub(r'\bid="', f'id="{id}-', inner)
    named = re.sub(r"url\(#", f"url(#{id}-", named)
    head = (
        f'<svg xmlns="{SVG}" class="mermaid kind-{kind} w{_hundreds(inner)}" role="img" '
        f'aria-labelledby="{id}-title" '
    )
    name = f'<title id="{id}-title">{escape(title, quote=False)}</title>'
    opened, rest = named.split(">", 1)
    return head + opened.removeprefix("<svg ") + ">" + name + rest


def _hundreds(inner: str) -> int:
    """The natural width in hundreds of pixels: below it the type would become too small."""
    found = re.search(r'width="(\d+)"', inner)
    return min(WIDEST, round(int(found[1]) / 100)) if found else 0
