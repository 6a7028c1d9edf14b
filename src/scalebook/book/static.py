"""What can be known of a unit's files without running them: question, title, faults."""

from __future__ import annotations

import ast
import io
import symtable
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LabFacts", "lab_facts", "page_title"]


@dataclass(frozen=True)
class LabFacts:
    """A lab's question, and why it cannot be read (file:line: text), if so."""

    question: str = ""
    fault: str | None = None


def lab_facts(path: Path) -> LabFacts:
    """Read a lab file without running it; a fault in it is returned, never raised."""
    try:
        with tokenize.open(path) as file:
            text = file.read()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # The parser alone, which takes half the time of ast.parse: a book has many labs.
            symtable.symtable(text, str(path), "exec")
    except OSError as error:
        return LabFacts(fault=f"{path}: {error.strerror}")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        return LabFacts(fault=f"{path}:{line}: {getattr(error, 'msg', None) or error}")
    return LabFacts(_first_line(text))


def page_title(path: Path) -> str | None:
    """The `title:` in the front matter of a page, None where there is none."""
    with path.open(encoding="utf-8", errors="replace") as page:
        if page.readline().strip() != "---":
            return None
        for line in page:
            if line.strip() == "---":
                return None
            if line.startswith("title:"):
                return line.removeprefix("title:").strip().strip("\"'") or None
    return None


def _first_line(text: str) -> str:
    """The first line of the module's docstring; only the first token of the text is parsed."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in skipped:
            continue
        if token.type != tokenize.STRING:
            return ""
        docstring = ast.get_docstring(ast.parse(token.string))
        return docstring.partition("\n")[0].strip() if docstring else ""
    return ""
