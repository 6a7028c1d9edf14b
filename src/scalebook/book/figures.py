"""What stands in the figure of each block: a picture of a result, code, or a model's table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markdown_it.common.utils import escapeHtml

from scalebook.book import bindings, labcode, lookups
from scalebook.book.faults import Mistake
from scalebook.book.lookups import choose
from scalebook.book.scope import Scope
from scalebook.book.syntax import Block
from scalebook.errors import ScalebookError
from scalebook.results import Counterexample, Result
from scalebook.stats.words import number

__all__ = ["FIGURES", "FigureKind"]


@dataclass(frozen=True)
class FigureKind:
    """How a block is drawn: `options` beside title, sub and unit; `titled` ones must say what
    they show; a `bare` one needs no frame where it has neither title nor caption.
    """

    html: Callable[[Block, Scope], str]
    options: tuple[str, ...] = ()
    titled: bool = False
    bare: bool = False
    classes: str = "wide"


Draw = Callable[[Block, Scope, Result], str]


def _picture(draw: Draw) -> Callable[[Block, Scope], str]:
    """A picture of a result; whatever the result cannot show becomes a `Mistake`."""

    def html(block: Block, scope: Scope) -> str:
        result = scope.result(block.options.get("unit"))
        try:
            return draw(block, scope, result)
        except Mistake:
            raise
        except ScalebookError as error:
            raise Mistake("picture", error.what, error.remedy or "") from error
        except (ArithmeticError, LookupError, ValueError) as error:
            # A record may hold what no run would write, such as a ratio of zero.
            said = f"{block.name} cannot be drawn from run {result.run[:6]}: {error}"
            remedy = f"measure it again: scalebook run {result.unit} --reference"
            raise Mistake("picture", said, remedy) from error

    return html


def _args(block: Block, names: str) -> list[str | None]:
    """The arguments; those in brackets may be left out and are then None."""
    wanted = names.split()
    least = sum(not name.startswith("[") for name in wanted)
    if not least <= len(block.args) <= len(wanted):
        remedy = f"write ::: {block.name} {names}".rstrip()
        raise Mistake("block", f"{block.name}: wrong number of arguments", remedy)
    return [*block.args, *[None] * (len(wanted) - len(block.args))]


def _op(block: Block, result: Result) -> str:
    """The operation: as given, or that of the claim."""
    given = block.options.get("op")
    variants = [variant for point in result.points for variant in point.variants.values()]
    there = {op for variant in variants for trial in variant.trials for op in trial.ops}
    if given is None:
        return lookups.claim_ratio_of(result).op
    if there and given not in there:
        raise choose("operation", given, sorted(there))
    return given


def _curve(block: Block, scope: Scope, result: Result) -> str:
    from scalebook.book import pictures

    _args(block, "")
    name = scope.new_id("p")
    key = ("curve", name, scope.book.origin(result))
    return scope.book.kept.text(key, lambda: pictures.curve(result, id=name))


def _verdict(block: Block, scope: Scope, result: Result) -> str:
    from scalebook.book import pictures

    _args(block, "")
    unit = block.options.get("unit") or scope.page.unit.id
    entry = scope.book.catalogue.by_id.get(unit)
    text = entry.claim.text if entry and entry.claim else result.verdict.claim
    if not text:
        raise Mistake("unknown", f"{unit} has no published claim", "leave the block out")
    return pictures.verdict_plate(result, text)


def _bars(block: Block, scope: Scope, result: Result) -> str:
    from scalebook.book import pictures

    _args(block, "")
    point = lookups.point_of(result, block.options.get("at"))
    stat, op = block.options.get("stat"), block.options.get("op")
    figures = {name for variant in point.variants.values() for name in variant.evidence.figures}
    if stat in figures and op is None:
        return pictures.bars(result, point.point, None, stat, id=scope.new_id("p"))
    stat = stat or lookups.claim_ratio_of(result).statistic
    return pictures.bars(result, point.point, _op(block, result), stat, id=scope.new_id("p"))


def _ratios(block: Block, scope: Scope, result: Result) -> str:
    from scalebook.book import pictures

    _args(block, "")
    point = lookups.point_of(result, block.options.get("at"))
    technique = block.options.get("technique")
    if technique is not None:
        lookups.variant_of(point, technique)
    return pictures.ratios(result, point.point, technique=technique, id=scope.new_id("p"))


def _percentiles(block: Block, scope: Scope, result: Result) -> str:
    from scalebook.book import pictures

    _args(block, "")
    point = lookups.point_of(result, block.options.get("at"))
    trial = block.options.get("trial")
    op = _op(block, result)
    return pictures.percentiles(result, point.point, op, trial=trial, id=scope.new_id("p"))


def _timeline(block: Block, scope: Scope, result: Result) -> str:
    from scalebook.book import pictures

    _args(block, "")
    at, show = block.options.get("at"), block.options.get("show", "latency")
    trial = _only(
        "disturbed trial", block.options.get("trial"), [t.trial for t in result.timelines]
    )
    records = [record for record in result.timelines if record.trial == trial]
    op = _only("operation", block.options.get("op"), [op for t in records for op in t.buckets])
    there = [record.variant for record in records]
    names = block.options.get("variant", "").replace(",", " ").split()
    for name in names:
        if name not in there:
            raise choose(f"variant in trial {trial!r}", name, there)
    if show not in ("latency", "failures"):
        raise choose("kind of timeline (show=)", show, ["latency", "failures"])
    return pictures.timeline(
        result,
        trial=trial,
        op=op,
        point=None if at is None else lookups.point_of(result, at).point,
        variants=names or None,
        show="failures" if show == "failures" else "latency",
        id=scope.new_id("p"),
    )


def _only(kind: str, given: str | None, there: list[str]) -> str:
    """The one that is given, which must be there; by default the only one."""
    names = list(dict.fromkeys(there))
    if given is None and len(names) == 1:
        return names[0]
    if given is None:
        raise Mistake("block", f"which {kind} is meant?", f"one of {', '.join(names) or 'none'}")
    if given not in names:
        raise choose(kind, given, names)
    return given


def _witness(block: Block, scope: Scope, result: Result) -> str:
    from scalebook.book import pictures

    variant, promise = _args(block, 'Variant ["promise"]')
    at = block.options.get("at")
    caught = [example for example in result.counterexamples if example.caught]
    found = [example for example in caught if example.variant == variant]
    if not found:
        raise choose("variant that was caught", str(variant), (e.variant for e in caught))
    if promise is not None:
        names = [example.promise for example in found]
        found = [example for example in found if example.promise == promise]
        if not found:
            raise choose(f"broken promise of {variant}", promise, names)
    if at is not None:
        points = ", ".join(str(example.point) for example in found)
        found = [example for example in found if _is_at(example, at)]
        if not found:
            remedy = f"it was caught at {points}"
            raise Mistake("point", f"{variant} was not caught at {at}", remedy)
    return pictures.witness(found[0], id=scope.new_id("p"))


def _is_at(example: Counterexample, at: str) -> bool:
    return example.point is not None and lookups.same_point(example.point, at)


def _promises(block: Block, _scope: Scope, result: Result) -> str:
    from scalebook.book import pictures

    _args(block, "")
    return pictures.promises(result)


def _explain(block: Block, _scope: Scope, result: Result) -> str:
    from scalebook.book import pictures

    variant, op = _args(block, "Variant operation")
    point = lookups.point_of(result, block.options.get("at"))
    plans = lookups.variant_of(point, str(variant)).evidence.plans
    if op not in plans:
        raise choose(f"plan of {variant}", str(op), plans)
    labels = [s.label for s in result.services.values() if s.kind.startswith("postgres")]
    return pictures.explain(plans[str(op)], labels[0] if labels else "")


def _counters(block: Block, _scope: Scope, result: Result) -> str:
    from scalebook.book import pictures

    _args(block, "")
    point = lookups.point_of(result, block.options.get("at"))
    return pictures.counters(result, point.point)


def _table(block: Block, _scope: Scope, result: Result) -> str:
    from scalebook.book import pictures

    _args(block, "")
    options = block.options
    if figure := options.get("figure"):
        return pictures.table(result, figure=figure)
    stat = options.get("stat") or lookups.claim_ratio_of(result).statistic
    return pictures.table(result, op=_op(block, result), stat=stat)


def _code(block: Block, scope: Scope) -> str:
    if not block.args:
        raise Mistake("block", "code names no symbol", "write ::: code Class.method")
    unit = block.options.get("unit") or scope.page.unit.id
    found = labcode.quote(scope.book, unit, block.args)
    title = "" if "title" in block.options else f'<p class="fig-title">{found.title}</p>'
    sub = f'<p class="fig-sub">{escapeHtml(found.place)}</p>'
    copy = '<button class="copy" type="button" data-copy="">Copy</button>'
    return f'{copy}{title}{sub}<pre tabindex="0"><code>{found.html}</code></pre>'


def _model(block: Block, scope: Scope) -> str:
    """The assumptions of the page, and the models in its text."""
    _args(block, "")
    front, rows = scope.page.front, []
    for name, given in front.assume.items():
        mark = bindings.citation(scope, given.source) if given.source else ""
        said = f"{number(given.value, 6)} {given.unit}".rstrip()
        why = escapeHtml(given.why or "")
        rows.append(
            f'<tr><td><code>{name}</code></td><td class="r">'
            f'<span class="modelled">{escapeHtml(said)}</span></td><td>{why}{mark}</td></tr>'
        )
    models: list[str] = []
    for text in dict.fromkeys(_model_texts(scope)):
        try:
            shown = bindings.bind(text, scope)
        except Mistake:
            continue  # It is a fault where it stands in the text.
        formula = scope.models[-1][0]
        models.append(
            f"<tr><td><code>{escapeHtml(formula)}</code></td>"
            f'<td class="r">{shown.html}</td><td></td></tr>'
        )
    if not rows and not models:
        raise Mistake("block", "there is no assumption and no model", "leave the block out")
    head = (
        '<thead><tr><th scope="col">input or formula</th><th class="r" scope="col">value</th>'
        '<th scope="col">why</th></tr></thead>'
    )
    body = "".join(rows + models)
    return f'<div class="scroll"><table class="model">{head}<tbody>{body}</tbody></table></div>'


def _users(block: Block, scope: Scope) -> str:
    """The companies of the front matter, each with its source."""
    _args(block, "")
    rows = [
        f"<li><b>{escapeHtml(user.company)}</b>, {user.date}: {escapeHtml(user.what)}"
        f"{bindings.citation(scope, user.source)}</li>"
        for user in scope.page.front.users
    ]
    if not rows:
        raise Mistake("block", "the front matter names no users", "add users:, or leave it out")
    return f'<ul class="users">{"".join(rows)}</ul>'


def _model_texts(scope: Scope) -> list[str]:
    """The model bindings of the page's text, in order."""
    return [
        child.content
        for token in scope.tokens
        for child in token.children or []
        if child.type == "binding" and _is_model(child.content)
    ]


def _is_model(text: str) -> bool:
    words = text.split()
    return words[:1] == ["model"] or (len(words) > 1 and words[1] == "model")


FIGURES: dict[str, FigureKind] = {
    "verdict": FigureKind(_picture(_verdict), bare=True),
    "curve": FigureKind(_picture(_curve), titled=True),
    "bars": FigureKind(_picture(_bars), ("at", "op", "stat"), titled=True),
    "ratios": FigureKind(_picture(_ratios), ("at", "technique"), titled=True),
    "percentiles": FigureKind(_picture(_percentiles), ("at", "op", "trial"), titled=True),
    "timeline": FigureKind(
        _picture(_timeline), ("at", "op", "trial", "variant", "show"), titled=True
    ),
    "witness": FigureKind(_picture(_witness), ("at",), titled=True, classes="witness"),
    "promises": FigureKind(_picture(_promises), bare=True),
    "explain": FigureKind(_picture(_explain), ("at",), titled=True),
    "counters": FigureKind(_picture(_counters), ("at",), bare=True),
    "table": FigureKind(_picture(_table), ("op", "stat", "figure"), bare=True),
    "code": FigureKind(_code, classes="code wide"),
    "model": FigureKind(_model, bare=True),
    "users": FigureKind(_users, bare=True),
}
"""The blocks that are figures, by name."""
