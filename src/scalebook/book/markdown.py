"""Markdown as pages are written in: CommonMark, tables, footnotes, bindings, citations, blocks."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType
from mdit_py_plugins.footnote import footnote_plugin

from scalebook.book import bindings, blocks
from scalebook.book.faults import Mistake
from scalebook.book.highlight import highlighted
from scalebook.book.scope import Scope

__all__ = ["inline_html", "parser", "plain_text"]

_HEADING_ID = re.compile(r"\s*\{#([a-z][a-z0-9-]*)\}\s*$")
_MERMAID = re.compile(r'^mermaid(?:\s+title="([^"]*)")?\s*$')


@functools.cache
def parser() -> MarkdownIt:
    """The one parser of all pages; what belongs to a page is in `env` ("scope", "first_line")."""
    md = MarkdownIt("commonmark", {"typographer": True, "html": False, "xhtmlOut": True})
    md.enable(["table", "strikethrough", "smartquotes"])
    md.disable(["html_block", "html_inline"])
    md.use(footnote_plugin, inline=False)
    md.use(blocks.plugin)
    md.core.ruler.at("inline", _inline_with_lines)
    md.core.ruler.after("inline", "headings", _headings)
    md.inline.ruler.before("link", "binding", _binding)
    md.inline.ruler.before("link", "unit_link", _unit_link)
    md.inline.ruler.before("link", "citation", _citation)
    for name, draw in _RENDER.items():
        md.add_render_rule(name, blocks.rule(draw))
    return md


def inline_html(text: str, scope: Scope, line: int) -> tuple[str, str]:
    """Render a text of the front matter that begins at `line`: (HTML, plain text)."""
    md, env = parser(), {"scope": scope, "first_line": line}
    tokens = md.parseInline(text, env)
    return md.renderer.render(tokens, md.options, env), plain_text(tokens)


def plain_text(tokens: Sequence[Token]) -> str:
    """The words of rendered tokens, for the search; code and pictures are left out."""
    parts: list[str] = []
    for token in tokens:
        if token.type == "inline":
            parts += [plain_text(token.children or []), "\n"]
        elif token.type in ("text", "code_inline"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif "text" in token.meta:
            parts.append(token.meta["text"])
    return "".join(parts)


def _inline_with_lines(state: StateCore) -> None:
    """Parse the inline texts; each knows the line that it begins at."""
    first = state.env.get("first_line", 1)
    for token in state.tokens:
        if token.type == "inline":
            state.env["line"] = first + (token.map[0] if token.map else 0)
            token.children = token.children or []
            state.md.inline.parse(token.content, state.md, state.env, token.children)
            for child in token.children:
                child.meta.setdefault("line", state.env["line"])
            _close_up(token.children)


def _close_up(children: list[Token]) -> None:
    """Let the mark of a citation follow its word without a blank, so that no line breaks there."""
    for place in range(len(children) - 1, 0, -1):
        before = children[place - 1]
        if children[place].type != "citation":
            continue
        if before.type == "softbreak":
            del children[place - 1]
        elif before.type == "text":
            before.content = before.content.rstrip()


def _line(state: StateInline) -> int:
    """The line of the file at which the parser stands."""
    line: int = state.env.get("line", 1)
    return line + state.src.count("\n", 0, state.pos)


def _push(state: StateInline, kind: str, content: str, end: int, silent: bool) -> bool:
    if not silent:
        token = state.push(kind, "", 0)
        token.content = content
        token.meta = {"line": _line(state), "in_link": state.linkLevel > 0}
    state.pos = end
    return True


def _binding(state: StateInline, silent: bool) -> bool:
    """`{{kind arguments}}`; one that is not closed is a token too, and becomes a fault."""
    if not state.src.startswith("{{", state.pos):
        return False
    end = state.src.find("}}", state.pos)
    if end < 0:
        rest = state.src.find("\n", state.pos)
        stop = rest if rest >= 0 else state.posMax
        return _push(state, "unclosed", state.src[state.pos : stop], stop, silent)
    text = " ".join(state.src[state.pos + 2 : end].split())
    return _push(state, "binding", text, end + 2, silent)


_UNIT_LINK = re.compile(r"\[\[([^\]|\n]+)(?:\|([^\]\n]+))?\]\]")
_CITATION = re.compile(r"\[@([^\]\s]+)\]")


def _unit_link(state: StateInline, silent: bool) -> bool:
    """`[[redis/counter]]` or `[[redis/counter|the counter]]`."""
    found = _UNIT_LINK.match(state.src, state.pos)
    return found is not None and _push(state, "unit_link", found[0], found.end(), silent)


def _citation(state: StateInline, silent: bool) -> bool:
    """`[@key]`."""
    found = _CITATION.match(state.src, state.pos)
    return found is not None and _push(state, "citation", found[1], found.end(), silent)


def _headings(state: StateCore) -> None:
    """Take `{#id}` off the headings; others get an id made of their words."""
    scope: Scope | None = state.env.get("scope")
    first = state.env.get("first_line", 1)
    seen: set[str] = set()
    for token, text in pairwise(state.tokens):
        if token.type != "heading_open" or not text.children:
            continue
        line = first + (token.map[0] if token.map else 0)
        last = text.children[-1]
        found = _HEADING_ID.search(last.content) if last.type == "text" else None
        if found:
            last.content = last.content[: found.start()]
            name = found[1]
        else:
            name = _slug(plain_text(text.children)) or "section"
        token.attrSet("id", name)
        token.meta["line"] = line
        if scope is None:
            continue
        if name in seen:
            scope.fault(Mistake("heading", f"the id {name!r} is there twice", "change one"), line)
        if token.tag == "h1":
            remedy = "begin with ##; the title is in the front matter"
            scope.fault(Mistake("heading", "a heading of the first level", remedy), line)
        seen.add(name)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _render_binding(token: Token, scope: Scope, _env: EnvType) -> str:
    try:
        shown = bindings.bind(token.content, scope, in_link=token.meta["in_link"])
    except Mistake as mistake:
        return scope.fault(mistake, token.meta["line"])
    token.meta["text"] = shown.text
    scope.bound += shown.bound
    return shown.html


def _render_unclosed(token: Token, scope: Scope, _env: EnvType) -> str:
    said = Mistake("binding", f"{token.content!r} is not closed", "end it with }}")
    return scope.fault(said, token.meta["line"])


def _render_unit_link(token: Token, scope: Scope, _env: EnvType) -> str:
    name, _, words = token.content[2:-2].partition("|")
    unit = name.strip()
    if not scope.book.knows(unit):
        return scope.fault(scope.book.unknown(unit), token.meta["line"])
    text = words.strip() or scope.book.title(unit)
    token.meta["text"] = text
    href = scope.unit_href(unit)
    if not href:
        return f'{escapeHtml(text)} <span class="planned">planned</span>'
    return f'<a class="unit" href="{escapeHtml(href)}">{escapeHtml(text)}</a>'


def _render_citation(token: Token, scope: Scope, _env: EnvType) -> str:
    try:
        return bindings.citation(scope, token.content)
    except Mistake as mistake:
        return scope.fault(mistake, token.meta["line"])


def _render_image(token: Token, scope: Scope, _env: EnvType) -> str:
    name, alt = str(token.attrs.get("src", "")), token.content.strip()
    line = token.meta["line"]
    if not alt:
        remedy = "say in the brackets what it shows"
        return scope.fault(Mistake("image", f"{name} has no alternative text", remedy), line)
    if "/" in name or not (scope.page.unit.folder / name).is_file():
        remedy = "put it in the unit's folder"
        return scope.fault(Mistake("image", f"no image {name!r} is here", remedy), line)
    if name not in scope.images:
        scope.images.append(name)
    source = f"{scope.page.unit.name}/{name}"
    return f'<img src="{escapeHtml(source)}" alt="{escapeHtml(alt)}" />'


def _render_fence(token: Token, scope: Scope, env: EnvType) -> str:
    line = env.get("first_line", 1) + (token.map[0] if token.map else 0)
    info = token.info.strip()
    if not info.startswith("mermaid"):
        return f'<pre tabindex="0"><code>{highlighted(token.content, info)}</code></pre>\n'
    found = _MERMAID.match(info)
    title = found[1] if found else None
    if not title:
        remedy = '```mermaid title="What a miss does"'
        return scope.fault(Mistake("diagram", "a diagram without a title", f"write {remedy}"), line)
    bare = token.meta.get("bare", False)
    return blocks.diagram(token.content, title, scope, line, bare=bare)


def _render_table_open(_token: Token, _scope: Scope, _env: EnvType) -> str:
    return '<div class="scroll" tabindex="0"><table>\n'


def _render_table_close(_token: Token, _scope: Scope, _env: EnvType) -> str:
    return "</table></div>\n"


def _render_cell(token: Token, _scope: Scope, _env: EnvType) -> str:
    """A cell, aligned by a class: a style attribute would offend the site's policy."""
    style = str(token.attrs.get("style", ""))
    kind = {"text-align:right": "r", "text-align:center": "c"}.get(style)
    return f'<{token.tag} class="{kind}">' if kind else f"<{token.tag}>"


_RENDER: dict[str, blocks.DrawToken] = {
    "binding": _render_binding,
    "unclosed": _render_unclosed,
    "unit_link": _render_unit_link,
    "citation": _render_citation,
    "image": _render_image,
    "fence": _render_fence,
    "table_open": _render_table_open,
    "table_close": _render_table_close,
    "th_open": _render_cell,
    "td_open": _render_cell,
}
