"""What a unit's lab and its result must be for a page to lean on them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from scalebook.authoring.lint.registry import Finding, rule
from scalebook.authoring.standing import reference_of
from scalebook.authoring.words import factor_of
from scalebook.book import Unit

__all__ = ["claim_differs", "lab_syntax", "no_page", "no_result", "requirements"]


@rule("unit")
def no_page(unit: Unit) -> Iterator[Finding]:
    """Every unit has a page: a lab that nobody explains teaches nobody."""
    if not unit.has_article:
        name = next(n for n in ("lab.py", "requirements.toml", "model.py") if n in unit.files)
        remedy = f"begin it: scalebook new article {unit.id}"
        yield Finding(unit.folder / name, 1, "the unit has no page", remedy)


@rule("unit")
def lab_syntax(unit: Unit) -> Iterator[Finding]:
    """A lab can be parsed."""
    if unit.fault:
        place, _, what = unit.fault.partition(": ")
        line = place.rpartition(":")[2]
        number = int(line) if line.isdigit() else 1
        yield Finding(unit.folder / "lab.py", number, what or unit.fault, "mend the syntax")


@rule("unit")
def no_result(unit: Unit) -> Iterator[Finding]:
    """A unit with a lab and a page has a reference result, which the page quotes."""
    if unit.has_lab and unit.has_article and "result.json" not in unit.files:
        remedy = f"scalebook run --reference {unit.id}"
        yield Finding(unit.folder / "lab.py", 1, "the lab has no result to quote", remedy)


@rule("unit")
def claim_differs(unit: Unit) -> Iterator[Finding]:
    """The lab tests the published claim as it is, not as one wishes it were."""
    claim = unit.entry.claim if unit.entry else None
    reference = reference_of(unit) if claim and unit.has_lab else None
    verdict = reference.get("verdict") if reference else None
    if claim is None or not isinstance(verdict, dict):
        return
    lab = unit.folder / "lab.py"
    if verdict.get("metric") != claim.metric:
        what = f"the lab tests a claim of {verdict.get('metric')}, {claim.metric} was published"
        yield Finding(lab, 1, what, f"test “{claim.text}”")
        return
    tested, factor = verdict.get("factor"), factor_of(claim)
    if factor and isinstance(tested, int | float) and abs(tested / factor - 1) > 1e-6:
        what = f"the lab tests a factor of {tested:g}, {factor:g} was published"
        yield Finding(lab, 1, what, f"test “{claim.text}”")


@rule("unit")
def requirements(unit: Unit) -> Iterator[Finding]:
    """A system's requirements.toml can be read and has the tables users, rates, objectives."""
    if not unit.has_system:
        return
    file = unit.folder / "requirements.toml"
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        yield Finding(file, getattr(error, "lineno", None) or 1, str(error), "mend the TOML")
        return
    for table in ("users", "rates", "objectives"):
        if not isinstance(data.get(table), dict):
            yield Finding(file, 1, f"there is no table [{table}]", "add it")
