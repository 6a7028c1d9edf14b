"""What a test wants to know of a document: its elements, and whatever offends a strict policy."""

from collections.abc import Iterator
from html.parser import HTMLParser

__all__ = ["Document", "offences", "without_pictures"]

Element = tuple[str, dict[str, str]]
VOID = {"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Document(HTMLParser):
    """The elements of a document, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.text = ""
        self.unbalanced: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.unbalanced += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.unbalanced.append(f"/{tag} in line {self.getpos()[0]}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.elements if name == tag]

    def meta(self, name: str) -> str:
        for attrs in self.all("meta"):
            if name in (attrs.get("name"), attrs.get("property")):
                return attrs["content"]
        raise KeyError(name)

    def has(self, tag: str, **wanted: str) -> bool:
        return any(wanted.items() <= attrs.items() for attrs in self.all(tag))


def offences(text: str) -> Iterator[str]:
    """Inline styles and scripts, and whatever a browser would fetch from elsewhere."""
    for tag, attrs in Document(text).elements:
        if tag == "style" or "style" in attrs:
            yield f"<{tag}> with a style of its own"
        if tag == "script" and not attrs.get("src"):
            yield "a script inside the page"
        for name, value in attrs.items():
            if name.startswith("on"):
                yield f"<{tag} {name}>"
            if value.strip().lower().startswith(("javascript:", "data:text/html", "vbscript:")):
                yield f"<{tag} {name}={value}>"
        loads = attrs.get("src") or (attrs.get("href") if tag == "link" else None)
        outside = loads and ("//" in loads or loads.startswith("/"))
        if outside and attrs.get("rel") != "canonical":
            yield f"<{tag}> loads {loads}"
        if tag in ("iframe", "object", "embed", "base"):
            yield f"<{tag}>"


def without_pictures(text: str) -> str:
    """The document without its drawings."""
    parts = []
    rest = text
    while "<svg" in rest:
        before, _, rest = rest.partition("<svg")
        parts.append(before)
        depth = 1
        while depth:
            opened, closed = rest.find("<svg"), rest.find("</svg>")
            if 0 <= opened < closed:
                depth, rest = depth + 1, rest[opened + 4 :]
            else:
                depth, rest = depth - 1, rest[closed + 6 :]
    return "".join([*parts, rest])
