"""Code in three inks: keywords bold, strings and comments grey; one line each in its own span."""

from __future__ import annotations

import functools
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from markdown_it.common.utils import escapeHtml

if TYPE_CHECKING:
    from pygments.lexer import Lexer

__all__ = ["highlighted", "lines_html"]


def highlighted(code: str, language: str) -> str:
    """The code as HTML; a language that nobody knows is left in one ink."""
    return lines_html(code, language, ())


def lines_html(code: str, language: str, added: Container[int]) -> str:
    """The same, with a bar at the lines (from 0) that are `added`."""
    rows = []
    for place, line in enumerate(_lines(code, language)):
        kind = "ln add" if place in added else "ln"
        rows.append(f'<span class="{kind}">{line}\n</span>')
    return "".join(rows)


def _lines(code: str, language: str) -> Iterator[str]:
    """Each line as HTML; a token over several lines is marked in each of them."""
    line = ""
    for text, tag in _inked(code.rstrip("\n"), language):
        first, *more = text.split("\n")
        line += _marked(first, tag)
        for part in more:
            yield line
            line = _marked(part, tag)
    yield line


def _marked(text: str, tag: str) -> str:
    if not text or not tag:
        return escapeHtml(text)
    open_tag = '<b class="k">' if tag == "b" else f"<{tag}>"
    return f"{open_tag}{escapeHtml(text)}</{tag}>"


def _inked(code: str, language: str) -> Iterator[tuple[str, str]]:
    """(text, tag) in order: b for keywords, i for strings, em for comments, else none."""
    from pygments.token import Comment, Keyword, Operator, String, is_token_subtype

    lexer = _lexer(language)
    if lexer is None:
        yield code, ""
        return
    for kind, text in lexer.get_tokens(code):
        if is_token_subtype(kind, Keyword) or kind is Operator.Word:
            yield text, "b"
        elif is_token_subtype(kind, String):
            yield text, "i"
        elif is_token_subtype(kind, Comment):
            yield text, "em"
        else:
            yield text, ""


@functools.cache
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    if not language:
        return None
    try:
        found: Lexer = get_lexer_by_name(language.split()[0], ensurenl=False, stripnl=False)
    except ClassNotFound:
        return None
    return found
