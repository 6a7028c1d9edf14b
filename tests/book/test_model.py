"""Models: arithmetic with intervals, and nothing but arithmetic."""

from typing import Any

import pytest

from scalebook.book.diagrams import DiagramCache
from scalebook.book.faults import Mistake
from scalebook.book.model import Computed, model
from scalebook.book.page import Book
from scalebook.book.scope import Scope

Shop = Any


def compute(shop: Shop, expression: str, rough: bool = False) -> Computed:
    book = Book()
    scope = Scope(book.page("shop/cache"), book, DiagramCache(shop.folder), str)
    return model(expression, scope, None, rough=rough)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 + 3 * 4 - -1", 15),
        ("2 ** 3 / 4", 2),
        ("min(3, 2) + max(3, 2) + ceil(1.2)", 7),
        ("10**9", 1e9),
        ("views * busy", 20000),
        ("ratio(at=1000)", 9.4),
        ("ratio('Cached/Plain', at='10')", 2.4),
        ("stat('Plain', 'read median', at=1000) * 1000", 0.86),
        ("figure('Plain', 'memory', at=10, unit='shop/cache')", 16384),
        ("counter('Plain', 'read: buffers', at=10)", 6),
        ("floor('redis') * 10**6", 66),
        ("setting('TTL') * 10", 8),
    ],
)
def test_arithmetic(shop: Shop, expression: str, value: float) -> None:
    assert compute(shop, expression).span.value == pytest.approx(value)


def test_the_interval_is_carried_along(shop: Shop) -> None:
    value, low, high = compute(shop, "views * stat('Plain', 'read median', at=1000) / busy").bounds
    assert (value, low, high) == pytest.approx((68.8, 61.92, 75.68))
    value, low, high = compute(shop, "1 / ratio(at=1000)").bounds
    assert (value, low, high) == pytest.approx((1 / 9.4, 1 / 9.87, 1.05 / 9.4))
    value, low, high = compute(shop, "1 - ratio(at=1000)").bounds
    assert low < value < high


def test_what_went_in_is_told(shop: Shop) -> None:
    inputs = compute(shop, "views * stat('Plain', 'read median', at=1000) / views").inputs
    assert inputs == [
        "views = 40,000 views/s, assumed",
        "0.86 ms [0.77, 0.95]: Plain, read median at 1,000 rows",
    ]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "invalid syntax"),
        ("2 +", "invalid syntax"),
        ("view", "did you mean 'views'"),
        ("__import__('os')", "no function is called"),
        ("views.real", "is no arithmetic"),
        ("(lambda: 1)()", "is no arithmetic"),
        ("[1]", "is no arithmetic"),
        ("'a'", "is no number"),
        ("True", "is no number"),
        ("1 if 2 else 3", "is no arithmetic"),
        ("1 / 0", "divides by what may be zero"),
        ("1 / figure('Plain', 'shaky', at=10)", "unstable"),
        ("10 ** 1000", "not finite"),
        ("9 ** 9 ** 9", "not finite"),
        ("(0 - 2) ** 0.5", "root of a negative number"),
        ("10.0 ** 99 ** 99", "not finite"),
        ("ratio(1, 2, 3)", "wrong arguments"),
        ("ratio(at=views)", "must be a string or a number"),
        ("ratio(**views)", "must be a string or a number"),
        ("ratio()", "which point"),
        ("min(1)", "no function is called 'min'"),
        ("setting('KEEPER')", "is text"),
        ("setting()", "name of a constant"),
        ("1" + "+1" * 300, "more than 400 characters"),
    ],
)
def test_what_is_refused(shop: Shop, expression: str, said: str) -> None:
    with pytest.raises(Mistake) as caught:
        compute(shop, expression)
    assert said in str(caught.value)


def test_an_unstable_input_only_where_the_author_says_so(shop: Shop) -> None:
    assert compute(shop, "figure('Plain', 'shaky', at=10) * 2", rough=True).bounds == (
        pytest.approx((0.004, -0.006, 0.014))
    )
