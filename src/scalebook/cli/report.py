"""A result as a report for the terminal; from a run just made, or from the stored record."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from scalebook.cli import report_tables as tables
from scalebook.results import CheckRecord, Counterexample, Result
from scalebook.stats import words

__all__ = ["STYLES", "print_report", "verdict_text"]

STYLES = {
    "holds": "bold green",
    "holds-from": "bold yellow",
    "holds-up-to": "bold yellow",
    "never": "bold red",
    "unresolved": "bold magenta",
}


def print_report(result: Result, console: Console) -> None:
    """Print the whole report: question, figures, promises, evidence, machine, verdict."""
    for part in _parts(result):
        console.print(part)


def verdict_text(result: Result) -> Text:
    """The verdict as one highlighted sentence; an invalid result says so first."""
    state = result.verdict.state
    text = Text()
    if not result.validity.valid:
        text.append("INVALID", "bold red").append(", so no verdict counts. ")
    text.append(state.replace("-", " ").upper(), STYLES[state])
    return text.append(f": {result.verdict.reason}")


def _parts(result: Result) -> Iterator[RenderableType]:
    yield Text("")
    number = "" if result.number is None else f", lab {result.number}"
    yield Text(result.title, "bold").append(f"  ({result.unit}{number})", "not bold dim")
    if result.question:
        yield Text(result.question, "italic")
    yield _claim(result)
    yield from tables.figures(result)
    yield from _promises(result)
    yield from tables.evidence(result)
    yield from _witnesses(result)
    yield from _machine(result)
    if result.validity.problems:
        yield _heading("What is wrong")
        for problem in result.validity.problems:
            yield _item("✗", "red", Text(problem))
    yield Text("")
    yield Panel(verdict_text(result), title="verdict", title_align="left", padding=(0, 1))
    yield Text(f"See it again: scalebook results show {result.run}")


def _claim(result: Result) -> Text:
    verdict = result.verdict
    text = Text("Published: ")
    text.append(f"“{verdict.claim}”" if verdict.claim else "no figure", "bold")
    if verdict.technique and verdict.over:
        text.append(f", tested here as {verdict.technique} over {verdict.over}")
    elif verdict.technique:
        text.append(f", tested here on {verdict.technique}")
    if verdict.factor is not None and verdict.factor != 1:
        text.append(f" ({words.ratio(verdict.factor)})")
    return text


def _promises(result: Result) -> Iterator[RenderableType]:
    if not result.checks and not result.counterexamples:
        return
    yield _heading("Promises")
    names = [check.promise for check in result.checks]
    names += [counterexample.promise for counterexample in result.counterexamples]
    for promise in dict.fromkeys(names):
        yield Text(f"  {promise}", "italic")
        yield from _kept(result, promise)
        for counterexample in result.counterexamples:
            if counterexample.promise == promise:
                yield _caught(counterexample)


def _kept(result: Result, promise: str) -> Iterator[RenderableType]:
    """Who kept a promise, together with others that were tried as often; then who broke it."""
    tried: dict[tuple[str, str], list[CheckRecord]] = {}
    for check in result.checks:
        if check.promise == promise:
            tried.setdefault((check.variant, check.trial), []).append(check)
    kept: dict[str, list[str]] = {}
    broken = []
    for (variant, trial), checks in tried.items():
        attempts = _tries(sum(check.attempts for check in checks), trial)
        violations = sum(check.violations for check in checks)
        if not violations:
            kept.setdefault(attempts, []).append(variant)
            continue
        again = "violation" if violations == 1 else "violations"
        broken.append(f"{variant} broke it: {violations:,} {again} in {attempts}")
    for attempts, variants in kept.items():
        each = " each" if len(variants) > 1 else ""
        yield _item("✓", "green", Text(f"{words.listed(variants)} kept it in {attempts}{each}"))
    for text in broken:
        yield _item("✗", "red", Text(text))


def _caught(found: Counterexample) -> RenderableType:
    attempts = _tries(found.attempts, found.trial)
    if not found.caught:
        text = f"{found.variant} should break it, and was not caught in {attempts}"
        return _item("✗", "red", Text(text))
    seed = "" if found.seed is None else f" by seed {found.seed}"
    return _item("✓", "green", Text(f"{found.variant} breaks it, caught{seed} in {attempts}"))


def _tries(attempts: int, trial: str) -> str:
    return f"{attempts:,} {'attempt' if attempts == 1 else 'attempts'} ({trial})"


def _witnesses(result: Result) -> Iterator[RenderableType]:
    """The smallest history that shows each promise broken."""
    seen: list[CheckRecord | Counterexample] = [
        *(check for check in result.checks if check.violations),
        *result.counterexamples,
    ]
    smallest: dict[str, CheckRecord | Counterexample] = {}
    for record in seen:
        held = smallest.get(record.promise)
        if record.witness and (held is None or len(record.witness) < len(held.witness)):
            smallest[record.promise] = record
    for record in smallest.values():
        yield _heading(f"How {record.variant} breaks “{record.promise}”")
        for line in record.witness:
            yield Padding(Text(line, overflow="fold"), (0, 0, 0, 2), expand=False)
        if isinstance(record, Counterexample) and record.replay:
            yield Padding(Text(f"again: {record.replay}", "dim"), (0, 0, 0, 2), expand=False)


def _machine(result: Result) -> Iterator[RenderableType]:
    environment = result.environment
    facts = [f"{environment.cores} cores of {environment.cpu}", f"{environment.memory_gb} GB"]
    facts += [f"{environment.system} {environment.kernel}", environment.python]
    facts += dict.fromkeys(f"{s.label} ({s.source})" for s in result.services.values())
    facts += [f"{name} {version}" for name, version in environment.clients.items()]
    if environment.fsync_seconds is not None:
        facts.append(f"fsync {words.duration(environment.fsync_seconds)}")
    load = f"load {environment.load_before:g}"
    if environment.load_after is not None:
        load += f" before, {environment.load_after:g} after"
    yield _heading("Machine")
    lines: list[RenderableType] = [Text(", ".join([*facts, load]))]
    for badge, text in _badges(result):
        lines.append(Text(f"[{badge}]", "bold yellow").append(f" {text}", "not bold"))
    yield Padding(Group(*lines), (0, 0, 0, 2), expand=False)


def _badges(result: Result) -> Iterator[tuple[str, str]]:
    if result.noisy:
        yield "noisy machine", "other work ran beside this run; its numbers may be worse"
    for name, service in result.services.items():
        if service.capacity is not None:
            slots, held = service.capacity.slots, words.duration(service.capacity.seconds)
            at_once = "one request" if slots == 1 else f"{slots} requests"
            yield "imposed capacity", f"{name} serves {at_once} at once and holds each for {held}"
    settings = {name: value for name, value in result.settings.items() if name != "seed"}
    if settings:
        yield "changed", ", ".join(f"{name}={value}" for name, value in settings.items())
    if result.budget == "quick":
        yield "quick", "fewer points and trials; without --quick it looks closer"
    if result.interrupted:
        yield "interrupted", "what was measured until then"


def _heading(text: str) -> Text:
    return Text(f"\n{text}", "bold")


def _item(mark: str, style: str, text: Text) -> RenderableType:
    """A marked line whose continuation is indented."""
    grid = tables.grid(4, 0)
    grid.add_row(Text(f"  {mark}", style), text)
    return grid
