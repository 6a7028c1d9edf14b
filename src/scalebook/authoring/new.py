"""Begin a unit: a folder that runs and lints but for the words that only an author can write."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scalebook.book import Entry, PublishedClaim, load_catalogue
from scalebook.book.published import load_published
from scalebook.book.units import BOOK, hyphens, roots
from scalebook.errors import HarnessError, UsageError

__all__ = ["KINDS", "Kind", "New", "new_unit"]

Kind = Literal["lab", "article", "system"]
KINDS: tuple[Kind, ...] = ("lab", "article", "system")
FILES: Mapping[Kind, tuple[str, ...]] = {
    "lab": ("lab.py", "article.md"),
    "article": ("article.md",),
    "system": ("requirements.toml", "lab.py", "article.md"),
}
SKELETONS = Path(__file__).parent / "skeletons"
PROVIDED = ("redis", "postgresql")
"""Engines that there are services for."""

FACTOR = 2
"""What a skeleton claims where nothing was published."""


@dataclass(frozen=True)
class New:
    """What was made: the folder, and the names of the new files in it."""

    unit: str
    folder: Path
    files: tuple[str, ...]


def new_unit(kind: Kind, name: str, root: Path | None = None) -> New:
    """Make what a unit of this kind lacks, in the last folder of SCALEBOOK_CHAPTERS or the book.

    Nothing that exists is touched. `UsageError` for a name that is none, and where there is
    nothing to make; `HarnessError` where the disk refuses.
    """
    unit = hyphens(name.strip())
    if not re.fullmatch(r"[a-z][a-z0-9-]*/[a-z0-9][a-z0-9-]*", unit):
        remedy = "give chapter/name, such as redis/batched-reads"
        raise UsageError(f"{name!r} is no name of a unit", remedy=remedy)
    chapter, last = unit.replace("-", "_").split("/")
    root = root or roots()[-1]
    folder = root / chapter / last
    missing = [file for file in FILES[kind] if not (folder / file).exists()]
    if not missing:
        what = f"{unit} has {' and '.join(FILES[kind])} already, in {folder}"
        raise UsageError(what, remedy="edit it; nothing was changed")
    with_lab = "lab.py" in FILES[kind] or (folder / "lab.py").exists()
    texts = _texts(unit, with_lab)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if root == BOOK and not (root / chapter / "__init__.py").exists():
            (root / chapter / "__init__.py").touch()
        for file in missing:
            with (folder / file).open("x", encoding="utf-8") as made:
                made.write(texts[file])
    except OSError as error:
        what = f"{folder} cannot be written: {error.strerror or error}"
        raise HarnessError(what, remedy="choose another folder in SCALEBOOK_CHAPTERS") from error
    return New(unit, folder, tuple(missing))


def _texts(unit: str, with_lab: bool) -> dict[str, str]:
    """File name -> its text, with what the catalogue knows of the unit filled in."""
    entry = load_catalogue().by_id.get(unit)
    return {
        "article.md": _article(unit, entry, with_lab),
        "lab.py": _lab(entry),
        "requirements.toml": _requirements(entry),
    }


def _article(unit: str, entry: Entry | None, with_lab: bool) -> str:
    chapter, name = unit.split("/")
    title = entry.title if entry else name.replace("-", " ").capitalize()
    picture = "promises" if _metric(entry) == "invariant" else "curve"
    measured = _filled("measured.md", picture=picture) if with_lab else ""
    backing = "" if with_lab else "backing: WRITE(one sentence that says what backs this page)\n"
    return _filled(
        "article.md",
        title=json.dumps(title, ensure_ascii=False),
        tags=chapter,
        related=_neighbour(unit),
        published=_published(unit),
        backing=backing,
        measured=measured,
    )


def _neighbour(unit: str) -> str:
    """The unit beside this one in the catalogue; of a stranger, the first of its chapter."""
    ids = list(load_catalogue().by_id)
    near = [other for other in ids if other.split("/")[0] == unit.split("/")[0] and other != unit]
    if unit in ids:
        place = ids.index(unit)
        near.sort(key=lambda other: abs(ids.index(other) - place))
    return near[0] if near else ""


def _published(unit: str) -> str:
    """What primary sources say of the unit's figures, as comments."""
    lines = []
    for fact in load_published().of(unit):
        lines.append(f"# “{fact.figure}”: {fact.label}. {fact.says}\n")
    return "".join(lines)


def _lab(entry: Entry | None) -> str:
    engines = entry.engines if entry else ()
    known = [engine for engine in PROVIDED if engine in engines] or ["redis"]
    metric = _metric(entry)
    ground = "both" if len(known) == 2 and metric not in ("saving", "invariant") else known[0]
    form = {"saving": "saving", "invariant": "promise"}.get(metric, "lab")
    name, call = _claim(entry.claim if entry else None)
    return _filled(f"{form}_{ground}.txt", note=_note(entry), claim=call, claim_name=name)


def _note(entry: Entry | None) -> str:
    """What the author should know, as the second paragraph of the lab's docstring."""
    claim = entry.claim if entry else None
    said = f"Published: “{claim.text}”." if claim else "No figure was published for it."
    if claim and claim.metric == "hit-rate":
        said += " WRITE(which of the vocabulary's claims says this)"
    missing = [engine for engine in (entry.engines if entry else ()) if engine not in PROVIDED]
    if missing:
        said += f"\nWRITE(the service for {' and '.join(missing)}; this skeleton runs without)"
    return f"{said}\n"


def _claim(claim: PublishedClaim | None) -> tuple[str, str]:
    """The claim's name in the vocabulary, and the claim as code."""
    value = claim.value if claim else None
    number = f"{value:_g}" if value and value < 1 else f"{int(value or FACTOR):_}"
    if value and value >= 1 and value != int(value):
        number = f"{value:g}"
    metric = claim.metric if claim else "speedup"
    over = "technique=Technique, over=Baseline"
    if metric == "saving":
        return "Saving", f'Saving({number}, of="memory", {over})'
    if metric == "throughput-ratio":
        return "ThroughputRatio", f'ThroughputRatio({number}, of="read", {over})'
    if metric == "throughput":
        return "Throughput", f'Throughput({number}, of="read", technique=Technique)'
    if metric == "latency":
        return "Latency", f'Latency(of="read", technique=Technique, seconds={number})'
    factor = number if metric == "speedup" else str(FACTOR)
    return "Speedup", f'Speedup({factor}, of="read", {over})'


def _metric(entry: Entry | None) -> str:
    return entry.claim.metric if entry and entry.claim else "speedup"


def _requirements(entry: Entry | None) -> str:
    scale = entry.scale if entry and entry.scale else {}
    users = "\n".join(f"{name} = {value:_}  # as published" for name, value in scale.items())
    return _filled("requirements.toml", users=users or "# daily = 0")


def _filled(skeleton: str, **values: str) -> str:
    text = (SKELETONS / skeleton).read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@@{name}@@", value)
    return text
