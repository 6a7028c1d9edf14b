"""From a page's HTML to the XHTML of an EPUB: well-formed, without anything that is operated.

Evidence cards become notes at the end, signs become characters, colours are resolved, because
readers of books know neither scripts nor variables of a stylesheet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from xml.sax.saxutils import escape, quoteattr

__all__ = ["COLOURS", "Note", "resolved", "xhtml"]

COLOURS = {
    "paper": "#ffffff",
    "panel": "#f2f2ed",
    "raised": "#ffffff",
    "ink": "#191b1d",
    "ink-2": "#55595d",
    "rule": "#d9d9d2",
    "edge": "#85888a",
    "measured": "#0c5aa6",
    "claimed": "#8a5700",
    "broken": "#b42318",
    "band": "#dbe7f2",
    "guilt": "#f9ecea",
    "shade": "#dddddd",
    "serif": "serif",
    "sans": "sans-serif",
    "mono": "monospace",
    "s0": ".85em",
    "s1": ".94em",
}
"""The stylesheets' variables on white paper, mixed where the stylesheet mixes them."""
SIGNS = {
    "holds": "●",
    "holds-from": "◑",
    "holds-up-to": "◐",
    "never": "⊗",
    "unresolved": "◌",
    "untested": "–",
    "kept": "✓",
    "broke": "✕",
}
VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
OPERATED = frozenset({"button", "input", "label", "output", "script", "style"})
_CAPITALS = [
    "viewBox",
    "preserveAspectRatio",
    "linearGradient",
    "radialGradient",
    "clipPath",
    "textPath",
    "textLength",
    "lengthAdjust",
    "markerWidth",
    "markerHeight",
    "markerUnits",
    "refX",
    "refY",
    "gradientUnits",
    "gradientTransform",
    "patternUnits",
    "patternTransform",
    "pathLength",
    "startOffset",
]
CASED = {name.lower(): name for name in _CAPITALS}
"""Names of SVG that have capitals, which a parser of HTML forgets."""
DROPPED = re.compile(r"data-|on|tabindex$|hidden$|aria-(live|controls|current|label$)")
VARIABLE = re.compile(r"var\(--([\w-]+)[^)]*\)")
SVG = "http://www.w3.org/2000/svg"

Attributes = list[tuple[str, str | None]]


@dataclass(frozen=True)
class Note:
    """What an evidence card said, for the end of the page: the id of its place, and XHTML."""

    id: str
    html: str


class _Writer(HTMLParser):
    """Writes what it parses; `skipped` counts open elements that are left out with all inside."""

    def __init__(self) -> None:
        super().__init__()
        self.out: list[str] = []
        self.notes: list[Note] = []
        self._open: list[str] = []
        self._skipped = 0
        self._note: tuple[str, int, int] | None = None
        self._svg = 0

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        void = tag in VOID
        if self._skipped or tag in OPERATED or "scrub" in classes:
            self._skipped += not void
            return
        if tag == "svg" and "g" in classes and not self._svg:
            self._skipped = 1  # its <use> says which sign stands here
            return
        self._svg += tag == "svg"
        if "evidence" in classes and given.get("id"):
            self._note = (given["id"], len(self.out), len(self._open))
        name = self._renamed(tag)
        if note := given.pop("aria-describedby", ""):
            given |= {"href": f"#{note}", "id": f"ref-{note}", "epub:type": "noteref"}
            given.pop("role", None)
            name = "a"
        self.out.append(f"<{name}{_attributes(given, tag, self._svg == 1)}{'/>' if void else '>'}")
        if not void:
            self._open.append(name)
        if "tab" in classes and given.get("aria-label"):
            self.out.append(f"<h4>{escape(given['aria-label'])}</h4>")

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        if tag == "use" and self._skipped == 1:
            sign = dict(attrs).get("href") or ""
            self.out.append(SIGNS.get(sign.removeprefix("#"), ""))
            return
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self._skipped:
            self._skipped -= 1
            return
        if not self._open:
            return
        name = self._open.pop()
        self._svg -= name == "svg"
        self.out.append(f"</{name}>")
        if self._note is not None and len(self._open) == self._note[2]:
            note, start, _ = self._note
            inside = "".join(self.out[start + 1 : -1])
            del self.out[start:]
            self.notes.append(Note(note, inside))
            self._note = None

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.out.append(escape(data))

    def _renamed(self, tag: str) -> str:
        if tag == "details":
            return "div"
        if tag == "summary":
            return "h4"
        return CASED.get(tag, tag) if self._svg else tag


def xhtml(html: str) -> tuple[str, list[Note]]:
    """The same in XHTML, and the notes that its evidence cards became."""
    writer = _Writer()
    # A sign may be written <use ...></use>: one form is enough to look for.
    writer.feed(re.sub(r"<use ([^>]*[^/])></use>", r"<use \1/>", html))
    writer.close()
    return "".join(writer.out), writer.notes


def _attributes(given: dict[str, str], tag: str, outermost: bool) -> str:
    kept = {}
    for name, value in given.items():
        if name == "aria-label" and tag == "svg":
            kept[name] = value
        elif not DROPPED.match(name):
            kept[CASED.get(name, name)] = resolved(value)
    if tag == "svg" and outermost:
        kept.setdefault("xmlns", SVG)
        kept.setdefault("width", "100%")
    return "".join(f" {name}={quoteattr(value)}" for name, value in kept.items())


def resolved(text: str) -> str:
    """Styles with every variable replaced by what it is on white paper."""
    return VARIABLE.sub(lambda found: COLOURS.get(found[1], COLOURS["ink"]), text)
