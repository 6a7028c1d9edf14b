"""Blocks, `::: name` to `:::`: figures, code, tabs and notes. Lines are kept for the faults."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from scalebook.book import figures
from scalebook.book.faults import Mistake
from scalebook.book.scope import Scope
from scalebook.book.syntax import Block, arguments

__all__ = ["DrawToken", "diagram", "plugin", "rule"]

ADMONITIONS = {"note": "Note", "warning": "Warning", "tip": "Tip"}
OTHERS = ("tabs", "before-after")
OPTIONS = ("title", "sub", "unit")
REFERENCE = '<p class="fig-sub reference">Of the reference: your run cannot show this.</p>'

DrawToken = Callable[[Token, Scope, EnvType], str]
"""Draws one token in HTML."""

_OPEN = re.compile(r"^(:{3,})[ \t]*(\S.*)?$")
_OPTION = re.compile(r"^([a-z]+):(?:[ \t]+(.*))?$")
_TAB = re.compile(r"^===[ \t]+(\S.*?)[ \t]*$")
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})")


def plugin(md: MarkdownIt) -> None:
    """Let a parser know blocks; its `env` holds "scope" and "first_line"."""
    alternatives = ["paragraph", "reference", "blockquote", "list"]
    md.block.ruler.before("fence", "block", _rule, {"alt": alternatives})
    md.add_render_rule("block_html", rule(_render_html))
    md.add_render_rule("block_figure", rule(_render_figure))
    md.add_render_rule("block_fault", rule(_render_fault))


def rule(draw: DrawToken) -> Callable[..., str]:
    """A renderer's rule from a function of the token, the scope of the page and `env`."""

    def render(
        _renderer: RendererHTML,
        tokens: Sequence[Token],
        place: int,
        _options: OptionsDict,
        env: EnvType,
    ) -> str:
        return draw(tokens[place], env["scope"], env)

    return render


def _rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    found = _OPEN.match(_text(state, start))
    if not found:
        return False
    if silent:
        return True
    first = state.env.get("first_line", 1)
    if not found[2]:
        said = Mistake("block", "::: closes nothing", "remove it, or name a block")
        _push_fault(state, said, first + start)
        state.line = start + 1
        return True
    close = _close(state, start, end, len(found[1]))
    inner_end = end if close is None else close
    if close is None:
        said = Mistake("block", f"::: {found[2]} is not closed", "end it with a line :::")
        _push_fault(state, said, first + start)
    try:
        block, body = _head(state, found[2], start, inner_end)
        _body(state, block, body, inner_end)
    except Mistake as mistake:
        _push_fault(state, mistake, first + start)
    state.line = inner_end if close is None else close + 1
    return True


def _text(state: StateBlock, line: int) -> str:
    """A line without what containers around it have taken."""
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()


def _close(state: StateBlock, start: int, end: int, colons: int) -> int | None:
    """The line of the closing `:::`; fences and inner blocks are stepped over."""
    depth, fence = 0, ""
    for line in range(start + 1, end):
        text = _text(state, line)
        if state.sCount[line] < state.blkIndent and text:
            return None
        if mark := _FENCE.match(text):
            fence = _fence_after(fence, mark[1], text)
            continue
        found = None if fence else _OPEN.match(text)
        if not found:
            continue
        if found[2]:
            depth += 1
        elif depth:
            depth -= 1
        elif len(found[1]) >= colons:
            return line
    return None


def _fence_after(fence: str, mark: str, text: str) -> str:
    """The fence that is open after a line with a mark of a fence."""
    if not fence:
        return mark
    closes = mark[0] == fence[0] and len(mark) >= len(fence) and text.strip() == mark
    return "" if closes else fence


def _head(state: StateBlock, words: str, start: int, end: int) -> tuple[Block, int]:
    """Parse the opening line and the options; returns the first line of the body."""
    first = state.env.get("first_line", 1)
    name, _, rest = words.partition(" ")
    names = [*figures.FIGURES, *ADMONITIONS, *OTHERS]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"the blocks: {', '.join(names)}"
        raise Mistake("block", f"no block is called {name!r}", remedy)
    args, options = arguments(rest)
    block = Block(name, args, options, first + start)
    lines = dict.fromkeys(options, first + start)
    body = start + 1
    found = _OPTION.match(_text(state, body)) if body < end else None
    if found and (found[1] in OPTIONS or _rule_line(state, body, end) is not None):
        stop = _rule_line(state, body, end)
        last = ""
        for line in range(body, end if stop is None else stop):
            text = _text(state, line)
            found = _OPTION.match(text)
            if found and state.tShift[line] == state.tShift[body]:
                last = found[1]
                if last in options:
                    raise Mistake("block", f"{last}: is there twice", "keep one of them")
                options[last], lines[last] = _unquoted(found[2] or ""), first + line
            elif text and last:
                options[last] = f"{options[last]} {_unquoted(text)}".strip()
        body = end if stop is None else stop + 1
    block.lines = lines
    return block, body


def _rule_line(state: StateBlock, start: int, end: int) -> int | None:
    """The line `---` that ends the options, before any blank line would begin a body."""
    for line in range(start, end):
        if _text(state, line) == "---":
            return line
    return None


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def _body(state: StateBlock, block: Block, start: int, end: int) -> None:
    """Push the tokens of a block."""
    if block.name in ADMONITIONS:
        _admonition(state, block, start, end)
    elif block.name == "tabs":
        _tabs(state, block, start, end)
    elif block.name == "before-after":
        _before_after(state, block, start, end)
    else:
        _figure(state, block, start, end)


def _options(block: Block, *known: str) -> None:
    """Refuse options that the block does not have."""
    for name in block.options:
        if name not in known:
            there = ", ".join(known) or "none"
            raise Mistake("block", f"{block.name} has no option {name!r}", f"it has: {there}")


def _admonition(state: StateBlock, block: Block, start: int, end: int) -> None:
    _options(block, "title")
    word = ADMONITIONS[block.name]
    if block.name == "note":
        _html(state, f'<aside class="note" aria-label="{word}">')
    else:
        _html(state, f'<aside class="admonition {block.name}" aria-label="{word}">')
    title = block.options.get("title")
    if title or block.name != "note":
        line = block.lines.get("title", block.line)
        _line_of_text(state, "aside-title", title or word, line)
    _inside(state, start, end)
    _html(state, "</aside>\n")


def _tabs(state: StateBlock, block: Block, start: int, end: int) -> None:
    _options(block)
    fence = ""
    tabs: list[tuple[int, str]] = []
    for line in range(start, end):
        text = _text(state, line)
        if mark := _FENCE.match(text):
            fence = _fence_after(fence, mark[1], text)
        elif not fence and (found := _TAB.match(text)):
            tabs.append((line, found[1]))
    if not tabs or any(_text(state, line) for line in range(start, tabs[0][0])):
        raise Mistake("block", "tabs begin with a line === and a title", "write === Redis")
    group = state.env["scope"].new_id("tabs")
    _html(state, '<div class="tabs">')
    for place, (_, title) in enumerate(tabs, 1):
        name, checked = f"{group}-{place}", ' checked="checked"' if place == 1 else ""
        _html(
            state,
            f'<input class="sr" type="radio" name="{group}" id="{name}"{checked} />'
            f'<label for="{name}">{escapeHtml(title)}</label>',
        )
    ends = [line for line, _ in tabs[1:]] + [end]
    for (line, title), stop in zip(tabs, ends, strict=True):
        _html(state, f'<section class="tab" aria-label="{escapeHtml(title)}">')
        _inside(state, line + 1, stop)
        _html(state, "</section>")
    _html(state, "</div>\n")


def _before_after(state: StateBlock, block: Block, start: int, end: int) -> None:
    _options(block, "title", "sub")
    before = len(state.tokens)
    _inside(state, start, end)
    inner = state.tokens[before:]
    del state.tokens[before:]
    pair = [token for token in inner if token.type == "fence"]
    if len(pair) != 2 or any(not token.info.strip().startswith("mermaid") for token in pair):
        raise Mistake("block", "before-after holds two mermaid fences", "write exactly two")
    for token in pair:
        token.meta["bare"] = True
    _html(state, '<figure class="wide">')
    _titles(state, block)
    _html(state, '<div class="pair">')
    state.tokens.extend(pair)
    _html(state, "</div>")
    _caption(state, [token for token in inner if token.type != "fence"])
    _html(state, "</figure>\n")


def _figure(state: StateBlock, block: Block, start: int, end: int) -> None:
    kind = figures.FIGURES[block.name]
    _options(block, *OPTIONS, *kind.options)
    before = len(state.tokens)
    _inside(state, start, end)
    caption = state.tokens[before:]
    del state.tokens[before:]
    bare = kind.bare and not caption and not {"title", "sub"} & set(block.options)
    if kind.titled and not block.options.get("title"):
        remedy = "add title: with the finding in one sentence"
        said = Mistake("block", f"{block.name} has no title", remedy)
        _push_fault(state, said, block.line)
    if not bare:
        _html(state, f'<figure class="{kind.classes}">')
        _titles(state, block)
    token = state.push("block_figure", "", 0)
    token.meta = {"block": block}
    if not bare:
        _caption(state, caption)
        _html(state, "</figure>\n")


def _titles(state: StateBlock, block: Block) -> None:
    for option, kind in (("title", "fig-title"), ("sub", "fig-sub")):
        if text := block.options.get(option):
            _line_of_text(state, kind, text, block.lines[option])


def _caption(state: StateBlock, tokens: Sequence[Token]) -> None:
    if not tokens:
        return
    if [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]:
        tokens[0].hidden = tokens[2].hidden = True
    _html(state, "<figcaption>")
    state.tokens.extend(tokens)
    _html(state, "</figcaption>")


def _inside(state: StateBlock, start: int, end: int) -> None:
    """Parse lines as Markdown, in place, so that they keep their numbers."""
    parent, line_max = state.parentType, state.lineMax
    state.parentType, state.lineMax = "block", end
    state.md.block.tokenize(state, start, end)
    state.parentType, state.lineMax = parent, line_max


def _html(state: StateBlock, html: str) -> None:
    state.push("block_html", "", 0).content = html


def _line_of_text(state: StateBlock, kind: str, text: str, line: int) -> None:
    """A paragraph of one class, with bindings in it."""
    _html(state, f'<p class="{kind}">')
    token = state.push("inline", "", 0)
    token.content, token.children = text, []
    place = line - state.env.get("first_line", 1)
    token.map = [place, place + 1]
    _html(state, "</p>")


def _push_fault(state: StateBlock, mistake: Mistake, line: int) -> None:
    state.push("block_fault", "", 0).meta = {"mistake": mistake, "line": line}


def _render_html(token: Token, _scope: Scope, _env: EnvType) -> str:
    return token.content


def _render_fault(token: Token, scope: Scope, _env: EnvType) -> str:
    meta: dict[str, Any] = token.meta
    return f"<p>{scope.fault(meta['mistake'], meta['line'])}</p>\n"


def _render_figure(token: Token, scope: Scope, _env: EnvType) -> str:
    block: Block = token.meta["block"]
    try:
        html, fell_back = scope.answered(lambda: figures.FIGURES[block.name].html(block, scope))
        return html + REFERENCE if fell_back else html
    except Mistake as mistake:
        return f"<p>{scope.fault(mistake, block.lines.get('unit', block.line))}</p>"


def diagram(source: str, title: str, scope: Scope, line: int, *, bare: bool = False) -> str:
    """A Mermaid diagram with its title; a fault at `line` where it cannot be drawn."""
    from scalebook.book.diagrams import DiagramError

    try:
        svg = scope.diagrams.svg(source, title, scope.new_id("d"))
    except DiagramError as error:
        return scope.fault(error, line, "diagram")
    inner = f'<p class="fig-title">{escapeHtml(title)}</p><div class="scroll">{svg}</div>'
    return f"<div>{inner}</div>" if bare else f'<figure class="wide diagram">{inner}</figure>\n'
