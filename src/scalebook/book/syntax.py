"""The small grammar of bindings and blocks: words, quoted strings and key=value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from scalebook.book.faults import Mistake

__all__ = ["Binding", "Block", "arguments", "parse_binding"]

_UNIT = re.compile(r"^([a-z0-9-]+/[a-z0-9-]+):\s")
_WORD = re.compile(
    r"""\s*(?:
        (?P<key>[a-z_]+)=(?:"(?P<quoted_value>[^"]*)"|(?P<value>[^\s"]+))
        |"(?P<quoted>[^"]*)"
        |(?P<word>[^\s"]+)
    )(?=\s|$)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Binding:
    """What stands between `{{` and `}}`: kind, arguments in order, options by name.

    `unit` is the id of another unit whose result is meant, or None for the page's own.
    """

    kind: str
    args: tuple[str, ...]
    options: Mapping[str, str]
    unit: str | None = None


@dataclass
class Block:
    """The head of a block: its name, arguments and options, each option with its line.

    `line` is that of the opening `:::` in the file.
    """

    name: str
    args: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    line: int = 1
    lines: Mapping[str, int] = field(default_factory=dict)


def parse_binding(text: str) -> Binding:
    """Parse the text between the braces; `Mistake` where it is none."""
    text = text.strip() + " "
    unit = None
    if found := _UNIT.match(text):
        unit, text = found[1], text[found.end() :]
    args, options = arguments(text)
    if not args:
        remedy = "write {{kind arguments key=value}}; docs/PAGES.md lists the kinds"
        raise Mistake("binding", "a binding without a kind", remedy)
    return Binding(args[0], args[1:], options, unit)


def arguments(text: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Split words, "quoted strings" and key=value; `Mistake` where that cannot be done."""
    args: list[str] = []
    options: dict[str, str] = {}
    place, text = 0, text.rstrip()
    while place < len(text):
        found = _WORD.match(text, place)
        if not found:
            raise Mistake("binding", f"cannot read {text[place:].strip()!r}", "mend the quotes")
        if key := found["key"]:
            if key in options:
                raise Mistake("binding", f"{key}= is there twice", "keep one of them")
            options[key] = found["value"] if found["value"] is not None else found["quoted_value"]
        else:
            args.append(found["quoted"] if found["quoted"] is not None else found["word"])
        place = found.end()
    return tuple(args), options
