"""From `{{ratio at=1000}}` to the number it means: each kind of binding is one function."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from markdown_it.common.utils import escapeHtml

from scalebook.book import labsource, lookups, numbers
from scalebook.book.faults import Mistake
from scalebook.book.lookups import Measured, choose
from scalebook.book.model import model
from scalebook.book.numbers import Shown
from scalebook.book.scope import Scope
from scalebook.book.syntax import Binding, parse_binding
from scalebook.book.values import Scale, value_text, verdict_words
from scalebook.results import Result
from scalebook.stats.words import number

__all__ = ["KINDS", "bind", "citation", "claim_text"]

Finder = Callable[[Result, Binding], Measured]
SHOW = ("show", "rough", "as")


def bind(text: str, scope: Scope, *, in_link: bool = False) -> Shown:
    """Resolve the text between the braces; `Mistake` for whatever is wrong with it.

    What a reader's run does not have is taken from the reference, and says so.
    """
    binding = parse_binding(text)
    kind = KINDS.get(binding.kind)
    if kind is None:
        raise choose("kind of binding", binding.kind, KINDS)
    shown, fell_back = scope.answered(lambda: kind(binding, scope, in_link))
    return numbers.of_reference(shown) if fell_back else shown


def _arguments(binding: Binding, names: str, *options: str) -> tuple[str, ...]:
    """The arguments, which must be as many as `names` says, with no other options than these."""
    wanted, least = _wanted(names)
    usage = functools.partial(_usage, binding.kind, wanted, options)
    if not least <= len(binding.args) <= len(wanted):
        remedy = f"write {usage()}"
        raise Mistake("binding", f"{binding.kind}: wrong number of arguments", remedy)
    for option in binding.options:
        if option not in options:
            raise Mistake("binding", f"{binding.kind} has no option {option}=", f"write {usage()}")
    return binding.args


@functools.cache
def _wanted(names: str) -> tuple[tuple[str, ...], int]:
    """The arguments, and how many of them must be given."""
    wanted = tuple(re.findall(r'\[?"[^"]*"\]?|\S+', names))
    return wanted, sum(not name.startswith("[") for name in wanted)


def _usage(kind: str, wanted: tuple[str, ...], options: tuple[str, ...]) -> str:
    return " ".join(["{{" + kind, *wanted, *(f"[{option}=]" for option in options)]) + "}}"


def _flag(binding: Binding, option: str, word: str) -> bool:
    """Is the option given? It can have one value only."""
    given = binding.options.get(option)
    if given not in (None, word):
        raise Mistake("binding", f"{option}={given} says nothing", f"write {option}={word}")
    return given is not None


def _find_ratio(result: Result, binding: Binding) -> Measured:
    args = _arguments(binding, "[Technique/Baseline]", "at", "op", "kind", "stat", *SHOW)
    o = binding.options
    pair = args[0] if args else None
    return lookups.ratio(
        result, pair, at=o.get("at"), op=o.get("op"), kind=o.get("kind"), stat=o.get("stat")
    )


def _find_stat(result: Result, binding: Binding) -> Measured:
    variant, name = _arguments(binding, 'Variant "operation-and-statistic"', "at", *SHOW)
    return lookups.statistic(result, variant, name, at=binding.options.get("at"))


def _find_figure(result: Result, binding: Binding) -> Measured:
    variant, name = _arguments(binding, "Variant figure", "at", *SHOW)
    return lookups.figure(result, variant, name, at=binding.options.get("at"))


def _find_counter(result: Result, binding: Binding) -> Measured:
    variant, name = _arguments(binding, 'Variant "operation: counter"', "at", *SHOW)
    return lookups.counter(result, variant, name, at=binding.options.get("at"))


def _find_floor(result: Result, binding: Binding) -> Measured:
    return lookups.floor(result, *_arguments(binding, "service", *SHOW))


def _find_crossing(result: Result, binding: Binding) -> Measured:
    _arguments(binding, "", *SHOW)
    return lookups.crossing(result)


def _find_timeline(result: Result, binding: Binding) -> Measured:
    options = ("variant", "op", "percentile", "at", "trial", *SHOW)
    args = _arguments(binding, '["trial"]', *options)
    o = binding.options
    trial = args[0] if args else o.get("trial")
    if args and "trial" in o:
        raise Mistake("binding", "timeline names two trials", "keep one of them")
    missing = [name for name in ("variant", "op", "percentile") if name not in o]
    if missing or trial is None:
        missing += ["trial"] if trial is None else []
        remedy = '{{timeline "trial" variant= op= percentile=}}'
        raise Mistake("binding", f"timeline needs {', '.join(missing)}", f"write {remedy}")
    return lookups.timeline(
        result,
        trial,
        variant=o["variant"],
        op=o["op"],
        percentile=o["percentile"],
        at=o.get("at"),
    )


def _measured(find: Finder) -> Callable[[Binding, Scope, bool], Shown]:
    """The kind of binding that shows what `find` finds in a result."""

    def kind(binding: Binding, scope: Scope, in_link: bool) -> Shown:
        rough = _flag(binding, "rough", "yes")
        show = _flag(binding, "show", "ci")
        found = find(scope.result(binding.unit), binding)
        # A reader's own number is shown however wide its interval is: it was asked for.
        rough = rough or scope.is_own(found.result)
        found = _as(found.steady(rough), binding.options.get("as"))
        return numbers.measured(
            found,
            href=scope.run_href(found.result),
            card_id=scope.new_id("e"),
            show_interval=show,
            # An unstable number alone is shown as "about"; the word would belittle others.
            rough=rough and _shaky(found),
            in_link=in_link,
        )

    return kind


def _shaky(found: Measured) -> bool:
    try:
        found.steady(rough=False)
    except Mistake:
        return True
    return False


def _as(found: Measured, form: str | None) -> Measured:
    """The same number said otherwise: as a saving in per cent, the inverse, or per cent."""
    if form is None:
        return found
    turns: dict[str, tuple[str, Callable[[float], float]]] = {
        "saving": ("percent", lambda value: 1 - 1 / value),
        "inverse": (found.unit, lambda value: 1 / value),
        "percent": ("percent", lambda value: value),
    }
    if form not in turns:
        raise choose("form (as=)", form, turns)
    if form != "percent" and found.unit != "ratio":
        raise Mistake("binding", f"as={form} is for ratios", "leave it out")
    unit, turn = turns[form]
    bounds = [found.value, found.low, found.high]
    if form != "percent" and any(bound is not None and bound <= 0 for bound in bounds):
        raise Mistake("unstable", f"{found.what}: its interval reaches zero", "leave it out")
    value, *ends = [None if bound is None else turn(bound) for bound in bounds]
    low, high = reversed(ends) if form == "inverse" else ends
    what = f"{found.what}, as {'a saving' if form == 'saving' else form}"
    return Measured(
        value if value is not None else 0.0, low, high, unit, what, found.basis, found.result
    )


def _verdict(binding: Binding, scope: Scope, _in_link: bool) -> Shown:
    _arguments(binding, "")
    result = scope.result(binding.unit)
    state, words = result.verdict.state, verdict_words(result)
    sign = f'<svg class="g" aria-hidden="true"><use href="#{state}"></use></svg>'
    html = f'<span class="verdict {state}">{sign}{escapeHtml(words)}</span>'
    return Shown(html, words, bound=True)


def claim_text(scope: Scope, unit: str | None = None) -> str:
    """The published figure in short: "22×", "99.6 %"; its words for an invariant."""
    name = unit or scope.page.unit.id
    entry = scope.book.catalogue.by_id.get(name)
    if entry is not None and entry.claim is not None:
        return _claim(entry.claim.metric, entry.claim.value, entry.claim.text)
    if name not in scope.book.by_id:
        raise scope.book.unknown(name)
    verdict = scope.result(unit).verdict
    if not verdict.claim:
        raise Mistake("unknown", f"{name} has no published claim", "leave it out")
    value = verdict.factor
    if value and verdict.metric == "saving":
        value = 1 - 1 / value
    return _claim(verdict.metric or "", value, verdict.claim)


def _claim(metric: str, value: float | None, text: str) -> str:
    if value is None:
        return text
    if metric in ("saving", "hit-rate"):
        return Scale(100, " %").text(value, 3)
    if metric == "throughput":
        return Scale(1, "/s").text(value, 3)
    if metric == "latency":
        return value_text(value, value, value, "s")
    return f"{number(value)}×"


def _show_claim(binding: Binding, scope: Scope, _in_link: bool) -> Shown:
    _arguments(binding, "")
    return numbers.claimed(claim_text(scope, binding.unit))


def citation(scope: Scope, key: str) -> str:
    """The mark of a citation, a small number that leads to the source."""
    place = scope.cite(key)
    return (
        f'<sup class="cite"><a href="#source-{escapeHtml(key)}" '
        f'aria-label="source {place}">{place}</a></sup>'
    )


def _claimed(binding: Binding, scope: Scope, in_link: bool) -> Shown:
    text, key = _arguments(binding, '"figure" source')
    mark = citation(scope, key)
    source = scope.page.front.source(key)
    title = f"published by {source.publisher}, {source.date}" if source else ""
    shown = numbers.claimed(text, title)
    return Shown(shown.html if in_link else shown.html + mark, text)


def _environment(binding: Binding, scope: Scope, _in_link: bool) -> Shown:
    (name,) = _arguments(binding, "fact")
    result = scope.result(binding.unit)
    machine = result.environment
    facts = {
        "cores": str(machine.cores),
        "cpu": machine.cpu,
        "memory": f"{machine.memory_gb} GB",
        "system": machine.system,
        "kernel": machine.kernel,
        "python": machine.python,
        "load": f"{machine.load_before:g}",
        **{service: record.label for service, record in result.services.items()},
    }
    if machine.fsync_seconds is not None:
        facts["fsync"] = value_text(machine.fsync_seconds, None, None, "s")
    if name not in facts:
        raise choose("fact of the environment", name, facts)
    run = f"of run {numbers.run_id(result)}"
    shown = numbers.plain(facts[name], "setting", run)
    return Shown(shown.html, shown.text, bound=True)


def _setting(binding: Binding, scope: Scope, _in_link: bool) -> Shown:
    (name,) = _arguments(binding, "NAME")
    unit = binding.unit or scope.page.unit.id
    value = labsource.setting(scope.book, unit, name)
    text = value if isinstance(value, str) else number(value, 6)
    shown = numbers.plain(text, "setting", f"{name} in the lab")
    return Shown(shown.html, shown.text, bound=True)


def _assume(binding: Binding, scope: Scope, in_link: bool) -> Shown:
    (name,) = _arguments(binding, "name", "show", "as")
    there = scope.page.front.assume
    if name not in there:
        raise choose("assumption", name, there)
    given = there[name]
    percent = _flag(binding, "as", "percent")
    text = f"{number(given.value * 100)} %" if percent else number(given.value, 6)
    if _flag(binding, "show", "unit"):
        text = f"{text} {given.unit}".rstrip()
    title = f"assumed: {given.why}" if given.why else "assumed, from a source"
    shown = numbers.plain(text, "modelled", title)
    mark = citation(scope, given.source) if given.source and not in_link else ""
    return Shown(shown.html + mark, text)


def _model(binding: Binding, scope: Scope, in_link: bool) -> Shown:
    (expression,) = _arguments(binding, '"expression"', "unit", "rough", "as")
    unit = binding.options.get("unit", "")
    if _flag(binding, "as", "percent"):
        unit = "percent"
    found = model(expression, scope, binding.unit, rough=_flag(binding, "rough", "yes"))
    text = found.text(unit)
    scope.models.append((expression, text))
    if in_link:
        html = f'<span class="modelled">{escapeHtml(text)}</span>'
        return Shown(html, text, *found.bounds, bound=True)
    return numbers.modelled(
        text,
        card_id=scope.new_id("e"),
        formula=expression,
        inputs=found.inputs,
        bounds=found.bounds,
    )


KINDS: dict[str, Callable[[Binding, Scope, bool], Shown]] = {
    "ratio": _measured(_find_ratio),
    "stat": _measured(_find_stat),
    "figure": _measured(_find_figure),
    "counter": _measured(_find_counter),
    "timeline": _measured(_find_timeline),
    "crossing": _measured(_find_crossing),
    "floor": _measured(_find_floor),
    "verdict": _verdict,
    "claim": _show_claim,
    "environment": _environment,
    "setting": _setting,
    "claimed": _claimed,
    "assume": _assume,
    "model": _model,
}
"""The kinds of bindings, by name."""
