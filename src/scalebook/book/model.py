"""Computed numbers: arithmetic over measured figures and assumptions, with their intervals."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from scalebook.book import labsource, lookups
from scalebook.book.faults import Mistake
from scalebook.book.lookups import Measured, choose
from scalebook.book.scope import Scope
from scalebook.book.values import scale_of
from scalebook.stats.words import number

__all__ = ["Computed", "model"]

LONGEST = 400
"""Characters of an expression; what is longer is no longer read by anybody."""


@dataclass(frozen=True)
class _Span:
    """A value with the least and the greatest that it may be."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Computed:
    """The value of an expression, and what went into it, one line each."""

    span: _Span
    inputs: list[str] = field(default_factory=list)

    @property
    def bounds(self) -> tuple[float, float, float]:
        """Value, least and greatest."""
        return self.span.value, self.span.low, self.span.high

    def text(self, unit: str) -> str:
        """The value to two significant digits, in the unit that the author gives it."""
        return scale_of(self.span.value, unit).text(self.span.value, 2)


def model(expression: str, scope: Scope, unit: str | None, *, rough: bool) -> Computed:
    """Compute an expression; `Mistake` for what is not arithmetic or not known.

    Names are assumptions of the page; ratio, stat, figure, counter, floor and setting take the
    arguments of the bindings of the same names, and `unit=` for another unit.
    """
    if len(expression) > LONGEST:
        raise Mistake("model", f"more than {LONGEST} characters", "split the model")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        evaluator = _Evaluator(scope, unit, rough)
        span = evaluator.span(tree.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        said = getattr(error, "msg", None) or str(error) or type(error).__name__
        raise Mistake("model", f"{expression!r}: {said}", "mend the expression") from error
    except (ArithmeticError, TypeError) as error:
        raise Mistake("model", f"{expression!r}: {error}", "mend the expression") from error
    if not all(math.isfinite(bound) for bound in (span.value, span.low, span.high)):
        raise Mistake("model", f"{expression!r} is not finite", "mend the expression")
    return Computed(span, evaluator.inputs)


class _Evaluator:
    """Walks an expression; anything but arithmetic is refused."""

    def __init__(self, scope: Scope, unit: str | None, rough: bool) -> None:
        self.scope, self.unit, self.rough = scope, unit, rough
        self.inputs: list[str] = []

    def span(self, node: ast.expr) -> _Span:
        if isinstance(node, ast.Constant):
            return _exact(_number(node))
        if isinstance(node, ast.Name):
            return self._assumption(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inner = self.span(node.operand)
            return _Span(-inner.value, -inner.high, -inner.low)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _corners(_OPERATORS[type(node.op)], self.span(node.left), self.span(node.right))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node.func.id, node)
        raise Mistake("model", f"{ast.unparse(node)!r} is no arithmetic", _USAGE)

    def _assumption(self, name: str) -> _Span:
        there = self.scope.page.front.assume
        if name not in there:
            raise choose("assumption", name, there)
        given = there[name]
        self._note(f"{name} = {number(given.value, 6)} {given.unit}".rstrip() + ", assumed")
        return _exact(given.value)

    def _call(self, name: str, node: ast.Call) -> _Span:
        if name in ("min", "max") and len(node.args) >= 2 and not node.keywords:
            spans = [self.span(arg) for arg in node.args]
            pick = min if name == "min" else max
            columns = zip(*((s.value, s.low, s.high) for s in spans), strict=True)
            return _Span(*(pick(column) for column in columns))
        if name == "ceil" and len(node.args) == 1 and not node.keywords:
            inner = self.span(node.args[0])
            bounds = (inner.value, inner.low, inner.high)
            return _Span(*(float(math.ceil(bound)) for bound in bounds))
        if name not in _LOOKUPS and name != "setting":
            raise choose("function", name, ["min", "max", "ceil", "setting", *_LOOKUPS])
        args = [_text(arg) for arg in node.args]
        options = {word.arg or "**": _text(word.value) for word in node.keywords}
        unit = options.pop("unit", None) or self.unit
        if name == "setting":
            return self._setting(unit, args, options)
        try:
            found = _LOOKUPS[name](self.scope.result(unit), *args, **options)
        except TypeError as error:
            raise Mistake("model", f"{ast.unparse(node)}: wrong arguments", _USAGE) from error
        found = found.steady(self.rough)
        self._note(f"{found.text} {found.interval}".rstrip() + f": {found.what}")
        low = found.value if found.low is None else found.low
        high = found.value if found.high is None else found.high
        return _Span(found.value, low, high)

    def _setting(self, unit: str | None, args: list[str], options: dict[str, str]) -> _Span:
        if len(args) != 1 or options:
            raise Mistake("model", "setting takes the name of a constant", _USAGE)
        value = labsource.setting(self.scope.book, unit or self.scope.page.unit.id, args[0])
        if isinstance(value, str):
            raise Mistake("model", f"{args[0]} is text, not a number", "leave it out")
        self._note(f"{args[0]} = {number(value, 6)}, a setting of the lab")
        return _exact(float(value))

    def _note(self, line: str) -> None:
        if line not in self.inputs:
            self.inputs.append(line)


def _exact(value: float) -> _Span:
    return _Span(value, value, value)


def _number(node: ast.Constant) -> float:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise Mistake("model", f"{ast.unparse(node)} is no number", _USAGE)
    return float(node.value)


def _text(node: ast.expr) -> str:
    """An argument of a look-up: a string, or a number such as a point of the axis."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float):
        return str(node.value)
    raise Mistake("model", f"{ast.unparse(node)!r} must be a string or a number", _USAGE)


def _divide(a: float, b: float) -> float:
    return a / b


def _power(a: float, b: float) -> float:
    found = a**b if abs(b) <= 100 else math.inf
    if isinstance(found, complex):
        raise Mistake("model", "a root of a negative number", "mend the expression")
    return float(found)


_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: _divide,
    ast.Pow: _power,
}
_LOOKUPS: dict[str, Callable[..., Measured]] = {
    "ratio": lookups.ratio,
    "stat": lookups.statistic,
    "figure": lookups.figure,
    "counter": lookups.counter,
    "floor": lookups.floor,
}
_USAGE = "numbers, assumptions, + - * / **, min, max, ceil, ratio(), stat(), figure(), counter(), floor(), setting()"  # noqa: E501


def _corners(operator: Callable[[float, float], float], left: _Span, right: _Span) -> _Span:
    """The operation on the values, with the least and greatest of it on the ends."""
    if operator is _divide and right.low <= 0 <= right.high:
        raise Mistake("model", "divides by what may be zero", "mend the expression")
    ends = [operator(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    return _Span(operator(left.value, right.value), min(ends), max(ends))
